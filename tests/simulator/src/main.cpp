#include <signal.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <optional>

#include "control_service.h"
#include "park_file.h"
#include "park_server.h"

namespace prepay::simulator {
namespace {

struct Options {
    std::string park_path;
    std::string control = "127.0.0.1:18030";
    std::optional<std::int64_t> speed;
    std::int64_t frames_max = 200'000;
    bool check = false;
};

/// Parses the command line; an exit code when there is nothing more to do.
std::optional<int> parse(int argc, char** argv, Options& options) {
    CLI::App app(
        "OpenPrepay park simulator: thousands of Acrel DDSY1352 and ADF400L prepaid meters behind "
        "Modbus TCP ports and ptys, with a gRPC control service for their truth and faults.",
        "prepay-park-simulator");
    app.set_version_flag("--version", "prepay-park-simulator " PREPAY_VERSION);
    auto* park =
        app.add_option("--park", options.park_path,
                       "Park file (YAML): lines and meters. Without it the park starts empty.");
    app.add_option("--control", options.control, "Address of the control service, loopback only.")
        ->capture_default_str();
    app.add_option("--speed", options.speed,
                   "Registers run at this multiple of real speed; overrides the park file.")
        ->check(CLI::Range(0, 1'000'000));
    app.add_option("--frames-max", options.frames_max, "Frames kept in the frame log.")
        ->check(CLI::Range(1, 10'000'000))
        ->capture_default_str();
    app.add_flag("--check-config", options.check, "Check the park file and end.")->needs(park);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error);
    }
    return std::nullopt;
}

Status locate(const Status& status, const std::string& path, int line) {
    return invalid_argument("BAD_PARK_FILE", at_line(path, line, error_message(status)));
}

/// Adds meters one by one, so that an error can name its line in the file.
Status add_meters(Park& park, const std::string& path, const ParkFile& file) {
    for (const auto& meter : file.meters) {
        if (const Status status = park.add_meters({meter.value}); !status.ok()) {
            return locate(status, path, meter.line);
        }
    }
    return park.set_speed(file.speed);
}

/// What `open` would refuse, without opening anything.
Status check(const std::string& path, const ParkFile& file) {
    const SystemClock clock;
    Park park(clock);
    for (const auto& line : file.lines) {
        if (const Status status = park.check_line(line.value); !status.ok()) {
            return locate(status, path, line.line);
        }
        park.add_line(line.value);
    }
    return add_meters(park, path, file);
}

/// Opens the park file's lines and adds its meters.
Status open(ParkServer& server, const std::string& path, const ParkFile& file) {
    for (const auto& line : file.lines) {
        if (const auto added = server.add_lines({line.value}); !added.ok()) {
            return locate(added.status(), path, line.line);
        }
    }
    return add_meters(server.park(), path, file);
}

/// Every line and master takes a descriptor.
void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int fail(const Status& status) {
    std::fprintf(stderr, "prepay-park-simulator: %s\n", error_message(status).c_str());
    return 1;
}

int serve(const Options& options, const ParkFile& file, const sigset_t& stop_signals) {
    const SystemClock clock;
    ParkServer server(clock, static_cast<std::size_t>(options.frames_max));
    const Status opened =
        server.run([&](ParkServer& park) { return open(park, options.park_path, file); });
    if (!opened.ok()) {
        return fail(opened);
    }
    const auto control = ControlServer::start(server, options.control);
    if (!control.ok()) {
        return fail(control.status());
    }
    std::printf("prepay-park-simulator: %zu meters on %zu lines, control on port %d, speed %lld\n",
                file.meters.size(), file.lines.size(), (*control)->port(),
                static_cast<long long>(file.speed));
    std::fflush(stdout);
    int signal_number = 0;
    sigwait(&stop_signals, &signal_number);
    std::printf("prepay-park-simulator: ended by %s\n",
                signal_number == SIGINT ? "SIGINT" : "SIGTERM");
    return 0;
}

int run(int argc, char** argv) {
    Options options;
    if (const auto code = parse(argc, argv, options)) {
        return *code;
    }
    ParkFile file;
    if (!options.park_path.empty()) {
        auto read = read_park_file(options.park_path);
        if (!read.ok()) {
            return fail(read.status());
        }
        file = *std::move(read);
    }
    file.speed = options.speed.value_or(file.speed);
    if (options.check) {
        if (const Status status = check(options.park_path, file); !status.ok()) {
            return fail(status);
        }
        std::printf("%s: %zu lines, %zu meters\n", options.park_path.c_str(), file.lines.size(),
                    file.meters.size());
        return 0;
    }
    raise_descriptor_limit();
    // Blocked before the first thread is made, so that only sigwait takes them.
    sigset_t stop_signals;
    sigemptyset(&stop_signals);
    sigaddset(&stop_signals, SIGTERM);
    sigaddset(&stop_signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &stop_signals, nullptr);
    signal(SIGPIPE, SIG_IGN);
    return serve(options, file, stop_signals);
}

}  // namespace
}  // namespace prepay::simulator

int main(int argc, char** argv) { return prepay::simulator::run(argc, argv); }
