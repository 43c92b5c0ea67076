#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "config/config.h"
#include "core/status.h"
#include "core/time.h"
#include "kafka/kafka.h"
#include "outbox/outbox.h"
#include "pg/database.h"
#include "rpc/client.h"
#include "rpc/server.h"
#include "telemetry/health.h"
#include "telemetry/metrics.h"

namespace CLI {
class App;
}

namespace prepay::runtime {

/// What is the same in every process's configuration.
struct CommonConfig {
    std::string grpc_listen;
    std::string http_listen;
    pg::DatabaseOptions database;
    std::string kafka_brokers;
    int kafka_partition_count = 8;
    std::string public_key_pem;
    std::string service_token;
    std::string service_token_file;            ///< Where a renewed one will be; may be empty.
    std::map<std::string, std::string> peers;  ///< "account" -> "host:port"
    std::string log_level;
    bool reflection = false;
    outbox::ProgressOptions progress;
};

/// The parts every service is composed of. Lives from start to the end of the drain.
class Service {
public:
    /// Built by run_main; `name` is the schema word, e.g. "billing".
    Service(std::string name, CommonConfig config);
    ~Service();
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;

    const Clock& clock();
    telemetry::Metrics& metrics();
    pg::Database& database();
    const outbox::Outbox& outbox();
    rpc::Server& server();
    const CommonConfig& config() const;
    /// A client to a peer named in the configuration; PREPAY_ASSERTs that it is.
    const rpc::Client& peer(const std::string& name);

    /// A readiness check shown at /readyz.
    void add_check(const std::string& name, std::function<Status()> check);
    /// Consumes the topics of the table with the schema word as group. Gaps are replayed from the
    /// topic's owner, who must be a configured peer. One subscriber a service; call once.
    void subscribe(outbox::Handlers handlers,
                   std::map<std::string, outbox::SnapshotSwap> swaps = {});
    /// How the state of a topic of one's own is told to a consumer that has none.
    void add_snapshot(const std::string& topic, outbox::SnapshotSource source);
    /// Runs a function in a thread of its own until the stop is requested; it must return within 5
    /// s of that. An exception that leaves it ends the process.
    void spawn(const std::string& name, std::function<void(const std::stop_token&)> body);
    /// Calls `work` in a thread of its own until the stop is requested, at once and then `interval`
    /// after each end. An error is logged (from the third in a row on as one, before as a
    /// warning); the next call then waits for kErrorPause at least.
    void every(const std::string& name, std::chrono::milliseconds interval,
               std::function<Status()> work);
    /// Calls `work` in a thread of its own until the stop is requested: again at once as long as it
    /// says how much it did, after `idle` when that was nothing, after kErrorPause when it failed.
    void repeat(const std::string& name, std::chrono::milliseconds idle,
                std::function<Result<int>()> work);
    static constexpr std::chrono::milliseconds kErrorPause{1000};
    /// Called first in the drain, e.g. to stop polling meters.
    void on_stop(std::function<void()> hook);

private:
    friend class Runner;
    struct State;
    std::unique_ptr<State> state_;
};

/// A program: what it reads from its configuration, how it is wired, and its offline subcommands.
struct Program {
    std::string name;    ///< "metering-gateway": binary prepay-metering-gateway.
    std::string schema;  ///< "metering": schema, role, environment prefix PREPAY_METERING__.
    /// Required keys peers.<name>, beside peers.console, which every service but the console has.
    std::vector<std::string> peers;
    std::vector<pg::Migration> migrations;
    /// Reads the service's own keys; they must outlive the program (capture a struct).
    std::function<void(config::Reader&)> configure;
    /// For `--check-config`: looks into what the keys name (folders, keys of a cipher) and notes
    /// problems. Runs after a `configure` without problems; may be absent.
    std::function<void(config::Reader&)> check;
    /// Registers handlers, subscriptions and threads. Runs after the migrations.
    std::function<Status(Service&)> wire;
    /// Adds offline subcommands; a subcommand's callback may set `exit_code`.
    std::function<void(CLI::App&, int& exit_code)> add_subcommands;
    /// false = a process without outbox relay (nothing to publish).
    bool publishes = true;
};

/// For a watch of progress: ends the process when it is called with what stands still, so that its
/// supervisor starts a new one. `reason` as at /readyz.
std::function<void(const std::string&)> end_standstill(const std::string& reason);

/// main() of every service: `serve` (default), `--config PATH`, `--check-config` (also reads the
/// files that the keys name, and verifies the service's own token), `--version`, `redrive` (applies
/// dead letters again), `resync` (takes owners that went back as they are), and the program's own
/// subcommands. Serves until SIGTERM or SIGINT, then drains within 10 s. Exit code 0 after a drain,
/// 1 on a start-up error (one line on stderr), 2 on wrong usage.
int run_main(int argc, char** argv, const Program& program);

/// Loads the common and the program's own keys for a subcommand that needs the database.
Result<std::pair<CommonConfig, pg::DatabaseOptions>> load_config(const Program& program,
                                                                 const std::string& path);

}  // namespace prepay::runtime
