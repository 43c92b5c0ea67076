#include <linux/close_range.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "rpc/token.h"
#include "runtime/runner.h"
#include "runtime/service.h"
#include "telemetry/log.h"

namespace prepay::runtime {
namespace {

constexpr const char* kVersion = "0.1.0";

telemetry::LogLevel log_level(const std::string& text) {
    if (text == "debug") {
        return telemetry::LogLevel::kDebug;
    }
    if (text == "warning") {
        return telemetry::LogLevel::kWarning;
    }
    return text == "error" ? telemetry::LogLevel::kError : telemetry::LogLevel::kInfo;
}

void read_timeouts(config::Reader& reader, pg::DatabaseOptions& options) {
    constexpr std::chrono::milliseconds kMin{500};
    constexpr std::chrono::milliseconds kMax{600'000};
    const auto read = [&](const char* key, std::chrono::milliseconds& value) {
        value = reader.duration(std::string("database.") + key, value, kMin, kMax);
    };
    read("connect_timeout", options.connect_timeout);
    read("statement_timeout", options.statement_timeout);
    read("lock_timeout", options.lock_timeout);
    read("idle_in_transaction_timeout", options.idle_in_transaction_timeout);
    read("peer_timeout", options.peer_timeout);
}

outbox::ProgressOptions read_progress(config::Reader& reader) {
    using std::chrono::hours;
    using std::chrono::minutes;
    using std::chrono::seconds;
    outbox::ProgressOptions progress;
    progress.ask_interval =
        reader.duration("progress.ask_interval", progress.ask_interval, seconds(1), minutes(1));
    progress.grace = reader.duration("progress.grace", progress.grace, seconds(1), minutes(10));
    progress.stalled_after =
        reader.duration("progress.stalled_after", progress.stalled_after, seconds(5), hours(1));
    progress.end_after =
        reader.duration("progress.end_after", progress.end_after, seconds(0), hours(24));
    if (progress.stalled_after < progress.grace) {
        reader.problem("progress.stalled_after", "is shorter than progress.grace");
    }
    return progress;
}

CommonConfig read_common(config::Reader& reader, const Program& program) {
    CommonConfig common;
    common.grpc_listen = reader.address("listen.grpc");
    common.http_listen = reader.address("listen.http");
    common.database.url = reader.text("database.url");
    common.database.password = reader.secret("database.password", false);
    common.database.pool_size = static_cast<int>(reader.integer("database.pool_size", 4, 1, 64));
    read_timeouts(reader, common.database);
    common.database.schema = program.schema;
    common.kafka_brokers = reader.text("kafka.brokers", program.publishes ? nullptr : "");
    common.kafka_partition_count =
        static_cast<int>(reader.integer("kafka.partition_count", 8, 1, 1024));
    common.public_key_pem = reader.secret("auth.public_key");
    common.service_token = reader.secret("auth.service_token");
    common.service_token_file = reader.text("auth.service_token_file", "");
    for (const std::string& peer : program.peers) {
        common.peers[peer] = reader.address("peers." + peer);
    }
    if (program.schema != "console") {  // Whose tokens are over, is asked of the console.
        common.peers["console"] = reader.address("peers.console");
    }
    common.log_level = reader.one_of("log.level", {"debug", "info", "warning", "error"}, "info");
    common.reflection = reader.flag("reflection", false);
    if (program.publishes) {
        common.progress = read_progress(reader);
    }
    return common;
}

std::string upper(std::string text) {
    for (char& c : text) {
        c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return text;
}

struct Loaded {
    CommonConfig common;
    std::string description;
};

/// What can be known of the keys' values without starting.
void look_closer(config::Reader& reader, const Program& program, const CommonConfig& common) {
    const auto claims =
        rpc::verify_token(common.service_token, common.public_key_pem, SystemClock().now());
    if (!claims.ok()) {
        reader.problem("auth.service_token",
                       "refused by auth.public_key: " + error_message(claims.status()));
    }
    if (program.check) {
        program.check(reader);
    }
}

Result<Loaded> load(const Program& program, const std::string& path, bool check = false) {
    PREPAY_ASSIGN_OR_RETURN(config::Reader reader,
                            config::Reader::load(path, upper(program.schema)));
    Loaded loaded;
    loaded.common = read_common(reader, program);
    if (program.configure) {
        program.configure(reader);
    }
    PREPAY_RETURN_IF_ERROR(reader.finish());
    if (check) {
        look_closer(reader, program, loaded.common);
        PREPAY_RETURN_IF_ERROR(reader.finish());
    }
    loaded.description = reader.describe();
    return loaded;
}

int fail(const Program& program, const Status& status) {
    std::cerr << "prepay-" << program.name << ": " << telemetry::describe(status) << "\n";
    return 1;
}

// CLI11 tells of an option that is missing before one that it does not know, and of the two the
// second is the typing error.
void name_unknown(const CLI::App& app) {
    for (const std::string& argument : app.remaining(true)) {
        if (argument.rfind("-", 0) == 0 && argument != "--") {
            std::cerr << argument << ": there is no such option\n";
        }
    }
}

// PostgreSQL may come up after us, or go away in the middle of our start. Whatever was half built
// is thrown away with the process image; process id and log stay. Returns only to end.
int start_again(char** argv, const Status& status) {
    telemetry::log_warning("cannot start without PostgreSQL, trying again",
                           {{"error", telemetry::describe(status)}});
    const sigset_t signals = stop_signals();
    const timespec pause{1, 0};
    if (sigtimedwait(&signals, nullptr, &pause) > 0) {
        return 0;
    }
    close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    execv("/proc/self/exe", argv);
    return 1;
}

enum class Work { kServe, kRedrive, kResync };

int serve(const Program& program, const std::string& path, Work work, char** argv) {
    Result<Loaded> loaded = load(program, path);
    if (!loaded.ok()) {
        return fail(program, loaded.status());
    }
    telemetry::configure_log("prepay-" + program.name, log_level(loaded->common.log_level));
    Service service(program.schema, std::move(loaded->common));
    Runner runner(program, service);
    if (work == Work::kServe) {
        const Status status = runner.run();
        if (pg::is_passing_error(status)) {
            return start_again(argv, status);
        }
        return status.ok() ? 0 : fail(program, status);
    }
    const Result<int> done = work == Work::kRedrive ? runner.redrive() : runner.resync();
    if (!done.ok()) {
        return fail(program, done.status());
    }
    std::cout << *done
              << (work == Work::kRedrive ? " dead letters applied\n" : " partitions taken anew\n");
    return 0;
}

}  // namespace

Result<std::pair<CommonConfig, pg::DatabaseOptions>> load_config(const Program& program,
                                                                 const std::string& path) {
    PREPAY_ASSIGN_OR_RETURN(Loaded loaded, load(program, path));
    pg::DatabaseOptions database = loaded.common.database;
    return std::make_pair(std::move(loaded.common), std::move(database));
}

int run_main(int argc, char** argv, const Program& program) {
    CLI::App app("OpenPrepay " + program.name, "prepay-" + program.name);
    std::string path = "/etc/prepay/" + program.name + ".yaml";
    bool check_config = false;
    int exit_code = 0;
    app.set_version_flag("--version", std::string("prepay-") + program.name + " " + kVersion);
    app.add_option("--config", path, "Configuration file")->capture_default_str();
    app.add_flag("--check-config", check_config,
                 "Print the effective configuration (secrets masked) and exit");
    app.add_subcommand("serve", "Serve until SIGTERM (the default)")->fallthrough();
    Work work = Work::kServe;
    if (program.publishes) {  // Dead letters are published; who publishes nothing has none.
        app.add_subcommand("redrive", "Apply dead letters again, with the service stopped")
            ->fallthrough()
            ->callback([&work] { work = Work::kRedrive; });
        app.add_subcommand("resync",
                           "Take owners that went back (OWNER_WENT_BACK) as they are, with"
                           " the service stopped")
            ->fallthrough()
            ->callback([&work] { work = Work::kResync; });
    }
    app.require_subcommand(0, 1);
    if (program.add_subcommands) {
        program.add_subcommands(app, exit_code);
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const int code = app.exit(error);
        if (code != 0) {
            name_unknown(app);
        }
        return code == 0 ? 0 : 2;
    }
    for (const CLI::App* chosen : app.get_subcommands()) {
        const std::string name = chosen->get_name();
        if (name != "serve" && name != "redrive" && name != "resync") {
            return exit_code;  // Its callback has run.
        }
    }
    if (check_config) {
        const Result<Loaded> loaded = load(program, path, true);
        if (!loaded.ok()) {
            return fail(program, loaded.status());
        }
        std::cout << loaded->description;
        return 0;
    }
    return serve(program, path, work, argv);
}

}  // namespace prepay::runtime
