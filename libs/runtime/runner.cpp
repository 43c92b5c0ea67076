#include "runtime/runner.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <optional>
#include <thread>
#include <utility>

#include "core/pause.h"
#include "pg/database_time.h"
#include "pg/migrate.h"
#include "pg/request_answer.h"
#include "pg_migrations.h"
#include "telemetry/log.h"

namespace prepay::runtime {
namespace {

constexpr std::chrono::milliseconds kDrainTimeout{8000};
constexpr std::chrono::milliseconds kDrainEnd{9000};
// Handlers mostly wait for the disk; payment notices share commits, so many at once are faster.
constexpr int kWorkerCount = 32;
constexpr std::chrono::seconds kMetricsInterval{1};
constexpr std::chrono::seconds kClockInterval{1};
// While the wall clock agrees the database is asked only so often.
constexpr int kDatabaseClockEvery = 15;
constexpr std::chrono::minutes kAnswersInterval{1};
constexpr int kAnswersAtOnceMax = 1000;

// A call that hangs in a dead database must not hold the process: it has survived worse endings.
void end_hanging_drain(const std::stop_token& stop) {
    pause(stop, kDrainEnd);
    if (!stop.stop_requested()) {
        telemetry::log_error("the drain hangs, ending without it");
        _exit(1);
    }
}

}  // namespace

// New clients did not help: the supervisor starts a new process.
std::function<void(const std::string&)> end_standstill(const std::string& reason) {
    return [reason](const std::string& what) {
        telemetry::log_error("ending to be started anew", {{"reason", reason}, {"what", what}});
        _exit(1);
    };
}

sigset_t stop_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    return signals;
}

namespace {

rpc::ClientOptions client_options(const std::string& address, const ServiceToken& token) {
    rpc::ClientOptions options;
    options.address = address;
    options.current_token = [&token] { return token.current(); };
    return options;
}

std::map<std::string, std::unique_ptr<rpc::Client>> connect_peers(const CommonConfig& config,
                                                                  const ServiceToken& token) {
    std::map<std::string, std::unique_ptr<rpc::Client>> peers;
    for (const auto& [name, address] : config.peers) {
        peers[name] = std::make_unique<rpc::Client>(client_options(address, token));
    }
    return peers;
}

telemetry::Gauge token_gauge(telemetry::Metrics& metrics, const std::string& name) {
    const std::string prefix = "prepay_" + name + "_";
    return metrics.gauge(prefix + "service_token_expire_time_seconds",
                         "When the service's own token ends, since 1970.");
}

rpc::ServerOptions server_options(const CommonConfig& config) {
    rpc::ServerOptions options;
    options.listen = config.grpc_listen;
    options.public_key_pem = config.public_key_pem;
    options.reflection = config.reflection;
    options.worker_count = kWorkerCount;
    return options;
}

}  // namespace

Service::State::State(std::string service_name, CommonConfig common)
    : name(std::move(service_name)),
      config(std::move(common)),
      database(config.database),
      outbox(config.kafka_partition_count),
      server(server_options(config), metrics, clock),
      outbox_rpc(database, config.kafka_partition_count),
      token(config.service_token, config.service_token_file, config.public_key_pem,
            token_gauge(metrics, name), clock),
      peers(connect_peers(config, token)) {}

Status Runner::start_relay() {
    Service::State& state = *service_.state_;
    pg::DatabaseOptions options = state.config.database;
    options.pool_size = 2;
    kafka::ProducerOptions producer_options;
    producer_options.brokers = state.config.kafka_brokers;
    producer_options.client_id = "prepay-" + state.name;
    producer_options.linger = std::chrono::milliseconds(1);
    PREPAY_ASSIGN_OR_RETURN(auto producer, kafka::Producer::create(producer_options));
    state.relay = std::make_unique<outbox::Relay>(
        std::make_unique<pg::Database>(options), std::move(producer),
        outbox::RelayOptions{.producer_name = "prepay-" + state.name,
                             .brokers = state.config.kafka_brokers,
                             .progress = state.config.progress});
    state.database.set_commit_hook([relay = state.relay.get()] { relay->wake(); });
    service_.spawn("outbox-relay",
                   [relay = state.relay.get()](const std::stop_token& stop) { relay->run(stop); });
    service_.spawn("outbox-watch", [relay = state.relay.get()](const std::stop_token& stop) {
        relay->watch_progress(stop, end_standstill("OUTBOX_STALLED"));
    });
    service_.add_check("outbox", [relay = state.relay.get()] { return relay->readiness(); });
    return absl::OkStatus();
}

void Runner::follow_sessions() {
    Service::State& state = *service_.state_;
    const std::string prefix = "prepay_" + state.name + "_";
    const auto age = state.metrics.gauge(
        prefix + "ended_sessions_age_seconds",
        "For how long the console has not said which sessions ended; 0 while it does.");
    const auto console = state.config.peers.find("console");
    if (console == state.config.peers.end()) {
        return;  // The console itself: it reads them.
    }
    state.session_follower = std::make_unique<SessionFollower>(
        client_options(console->second, state.token), state.server, age, state.clock);
    service_.spawn("ended-sessions", [follower = state.session_follower.get()](
                                         const std::stop_token& stop) { follower->run(stop); });
}

Status Runner::prepare() {
    Service::State& state = *service_.state_;
    PREPAY_RETURN_IF_ERROR(state.database.ping());
    PREPAY_RETURN_IF_ERROR(pg::migrate(
        state.database,
        {{"pg", pg_migrations()}, outbox::migrations(), {"service", program_.migrations}}));
    check_clock();
    return program_.wire(service_);
}

void Runner::start_threads(std::vector<std::jthread>& threads) {
    Service::State& state = *service_.state_;
    if (state.subscriber) {
        service_.spawn("subscriber", [subscriber = state.subscriber.get()](
                                         const std::stop_token& stop) { subscriber->run(stop); });
        service_.spawn("progress",
                       [subscriber = state.subscriber.get()](const std::stop_token& stop) {
                           subscriber->watch(stop, end_standstill("INBOX_STALLED"));
                       });
    }
    service_.spawn("clock", [this](const std::stop_token& stop) { watch_clock(stop); });
    service_.spawn("service-token",
                   [&token = state.token](const std::stop_token& stop) { token.run(stop); });
    follow_sessions();
    service_.spawn("answers", [this](const std::stop_token& stop) { forget_answers(stop); });
    service_.spawn("metrics", [this](const std::stop_token& stop) { publish_metrics(stop); });
    for (auto& [name, body] : state.bodies) {
        threads.emplace_back(
            [thread_name = name.substr(0, 15), run = body](const std::stop_token& stop) {
                pthread_setname_np(pthread_self(), thread_name.c_str());
                run(stop);
            });
    }
}

Status Runner::run() {
    const sigset_t signals = stop_signals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // All threads; one waits below.
    signal(SIGPIPE, SIG_IGN);
    Service::State& state = *service_.state_;
    if (program_.publishes) {
        PREPAY_RETURN_IF_ERROR(start_relay());
        state.outbox_rpc.register_with(state.server);
    }
    PREPAY_RETURN_IF_ERROR(prepare());
    service_.add_check("database", [&state] { return state.database.ping(); });
    service_.add_check("clock", [&state] {
        return is_in_doubt(state.clock)
                   ? unavailable("CLOCK_IN_DOUBT", "the machine's clock was stepped")
                   : absl::OkStatus();
    });
    service_.add_check("service_token", [&state] { return state.token.check(); });
    if (state.subscriber) {
        service_.add_check("subscriber", [subscriber = state.subscriber.get()] {
            return subscriber->readiness();
        });
    }
    PREPAY_RETURN_IF_ERROR(state.server.start());
    // After it: who asks for readiness must not hear yes while calls are refused.
    // Ended last: a check that hangs keeps no drain from its end.
    std::optional<std::jthread> watchdog;
    PREPAY_ASSIGN_OR_RETURN(
        const auto health,
        telemetry::HealthServer::start(state.config.http_listen, state.metrics, state.checks));
    std::vector<std::jthread> threads;
    start_threads(threads);
    telemetry::log_info("serving",
                        {{"grpc", state.config.grpc_listen}, {"http", state.config.http_listen}});
    int received = 0;
    sigwait(&signals, &received);
    telemetry::log_info("draining", {{"signal", received == SIGTERM ? "SIGTERM" : "SIGINT"}});
    watchdog.emplace(end_hanging_drain);
    for (const auto& hook : state.stop_hooks) {
        hook();
    }
    for (std::jthread& thread : threads) {
        thread.request_stop();
    }
    state.server.stop(kDrainTimeout);
    threads.clear();
    telemetry::log_info("stopped");
    return absl::OkStatus();
}

Result<outbox::Subscriber*> Runner::prepare_consumer() {
    PREPAY_RETURN_IF_ERROR(prepare());
    if (!service_.state_->subscriber) {
        return failed_precondition("NOTHING_CONSUMED", "this service consumes no topics");
    }
    return service_.state_->subscriber.get();
}

Result<int> Runner::redrive() {
    PREPAY_ASSIGN_OR_RETURN(outbox::Subscriber* const consumer, prepare_consumer());
    return consumer->redrive();
}

Result<int> Runner::resync() {
    PREPAY_ASSIGN_OR_RETURN(outbox::Subscriber* const consumer, prepare_consumer());
    return consumer->resync();
}

void Runner::check_clock() {
    Service::State& state = *service_.state_;
    const auto database = pg::read_database_time(state.database);
    const ClockVerdict verdict =
        state.clock.check(database.ok() ? std::optional(*database) : std::nullopt);
    if (verdict == std::exchange(clock_verdict_, verdict)) {
        return;
    }
    const std::string step = std::to_string(
        std::chrono::duration_cast<std::chrono::seconds>(state.clock.step()).count());
    switch (verdict) {
        case ClockVerdict::kRight:
            telemetry::log_warning("the clocks agree again");
            break;
        case ClockVerdict::kFollow:
            telemetry::log_warning("the clock was set, another machine agrees: following it");
            break;
        case ClockVerdict::kKeep:
            telemetry::log_error("a clock is wrong: the time before its step is kept",
                                 {{"step_seconds", step}});
            break;
        case ClockVerdict::kDoubt:
            telemetry::log_error("the clock is in doubt: what depends on the time waits",
                                 {{"step_seconds", step}});
            break;
    }
}

void Runner::watch_clock(const std::stop_token& stop) {
    Service::State& state = *service_.state_;
    const std::string prefix = "prepay_" + state.name + "_";
    const auto doubt = state.metrics.gauge(prefix + "clock_in_doubt",
                                           "1 while nobody knows which clock is right.");
    const auto step = state.metrics.gauge(
        prefix + "clock_step_seconds", "By how much the wall clock is ahead of the time gone by.");
    for (int round = 0; !stop.stop_requested(); ++round) {
        const bool calm = clock_verdict_ == ClockVerdict::kRight && !is_in_doubt(state.clock);
        if (!calm || round % kDatabaseClockEvery == 0) {
            check_clock();
        }
        doubt.set(state.clock.is_in_doubt() ? 1 : 0);
        step.set(std::chrono::duration<double>(state.clock.step()).count());
        pause(stop, kClockInterval);
    }
}

void Runner::forget_answers(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        const Result<int> forgotten =
            pg::forget_answers(service_.state_->database, kAnswersAtOnceMax);
        if (!forgotten.ok()) {
            telemetry::log_warning("old answers are deleted later",
                                   {{"error", telemetry::describe(forgotten.status())}});
        }
        if (!forgotten.ok() || *forgotten < kAnswersAtOnceMax) {
            pause(stop, kAnswersInterval);
        }
    }
}

namespace {

// Lag is what the owners' outboxes have and we have not; what was fetched says nothing.
struct InboxMetrics {
    InboxMetrics(telemetry::Metrics& metrics, const std::string& prefix)
        : lag(metrics.gauge(prefix + "inbox_lag_messages",
                            "Messages that owners have published and that are not applied; -1 ="
                            " not known.")),
          age(metrics.gauge(prefix + "inbox_lag_seconds",
                            "Age of the oldest published message that is not applied.")),
          stalled(metrics.gauge(prefix + "inbox_stalled", "1 = work waits and none is done.")),
          rebuilds(metrics.gauge(prefix + "inbox_client_rebuilds",
                                 "New Kafka clients because of a standstill, since the start.")),
          replayed(metrics.gauge(prefix + "inbox_replayed_messages",
                                 "Messages fetched from their owner, since the start.")),
          snapshots(metrics.gauge(prefix + "inbox_snapshots",
                                  "Partitions taken as a snapshot from their owner, since the"
                                  " start.")),
          dead(metrics.gauge(prefix + "dead_letters",
                             "Messages set aside that wait for redrive.")) {}

    void show(const outbox::Subscriber& subscriber) const {
        const outbox::InboxState state = subscriber.state();
        lag.set(static_cast<double>(state.lag_messages));
        age.set(static_cast<double>(state.lag_age.count()) / 1000.0);
        stalled.set(state.stalled ? 1 : 0);
        rebuilds.set(static_cast<double>(state.rebuild_count));
        replayed.set(static_cast<double>(state.replayed_count));
        snapshots.set(static_cast<double>(state.snapshot_count));
        if (const auto count = subscriber.dead_letter_count(); count.ok()) {
            dead.set(static_cast<double>(*count));
        }
    }

    telemetry::Gauge lag;
    telemetry::Gauge age;
    telemetry::Gauge stalled;
    telemetry::Gauge rebuilds;
    telemetry::Gauge replayed;
    telemetry::Gauge snapshots;
    telemetry::Gauge dead;
};

}  // namespace

void Runner::publish_metrics(const std::stop_token& stop) {
    Service::State& state = *service_.state_;
    const std::string prefix = "prepay_" + state.name + "_";
    const auto age = state.metrics.gauge(prefix + "outbox_oldest_age_seconds",
                                         "Age of the oldest message not yet published.");
    const auto unpublished = state.metrics.gauge(prefix + "outbox_unpublished_messages",
                                                 "Messages committed and not yet published.");
    const auto set_aside = state.metrics.gauge(
        prefix + "outbox_set_aside_messages",
        "Messages of 7 days that the broker refused for their size; consumers fetch them.");
    const auto stalled = state.metrics.gauge(
        prefix + "outbox_stalled", "1 = committed messages wait and none is acknowledged.");
    const auto rebuilds = state.metrics.gauge(
        prefix + "outbox_client_rebuilds",
        "New Kafka clients because of an outbox's standstill, since the start.");
    const InboxMetrics inbox(state.metrics, prefix);
    while (!stop.stop_requested()) {
        if (state.relay) {
            const outbox::Backlog backlog = state.relay->backlog();
            age.set(static_cast<double>(backlog.oldest_age.count()) / 1000.0);
            unpublished.set(static_cast<double>(backlog.message_count));
            set_aside.set(static_cast<double>(backlog.set_aside_count));
            const outbox::OutboxState outbox = state.relay->state();
            stalled.set(outbox.stalled ? 1 : 0);
            rebuilds.set(static_cast<double>(outbox.rebuild_count));
        }
        if (state.subscriber) {
            inbox.show(*state.subscriber);
        }
        pause(stop, kMetricsInterval);
    }
}

}  // namespace prepay::runtime
