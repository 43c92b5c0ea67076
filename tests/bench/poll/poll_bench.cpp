// Transactions per second of the gateway's lines (decode, plausibility and hand-over of readings
// included) against a plain libmodbus loop in a thread per connection, alternately, on the same
// slave: a process of its own that answers every read at once. Then how 4,000 connections do
// against 64 of our own.
#include <arpa/inet.h>
#include <modbus/modbus.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "bench/median.h"
#include "devices/adapters/yaml_pack_loader.h"
#include "lines/app/line_park.h"
#include "support/loopback.h"
#include "transports/adapters/asio_line_loop.h"

namespace prepay::metering {
namespace {

constexpr int kMetersPerLine = 32;
constexpr int kRegisters = 35;
constexpr int kBacklog = 4096;
constexpr std::chrono::milliseconds kWarmUp{300};
constexpr std::chrono::milliseconds kMeasured{1500};

using Counter = std::atomic<std::int64_t>;

// Answers function 03 with zeros. Ends with its parent.
[[noreturn]] void serve(int listener, Counter& answered) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int poller = ::epoll_create1(0);
    epoll_event event{EPOLLIN, {}};
    event.data.fd = listener;
    ::epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
    epoll_event ready[64];
    std::uint8_t buffer[300];
    while (true) {
        const int count = ::epoll_wait(poller, ready, 64, -1);
        for (int i = 0; i < count; ++i) {
            const int fd = ready[i].data.fd;
            if (fd == listener) {
                event.data.fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
                ::epoll_ctl(poller, EPOLL_CTL_ADD, event.data.fd, &event);
                continue;
            }
            const ssize_t size = ::recv(fd, buffer, sizeof buffer, 0);
            if (size < 12) {
                ::close(fd);
                continue;
            }
            const int bytes = 2 * buffer[11];
            buffer[4] = 0;
            buffer[5] = static_cast<std::uint8_t>(3 + bytes);
            buffer[8] = static_cast<std::uint8_t>(bytes);
            std::memset(buffer + 9, 0, static_cast<std::size_t>(bytes));
            if (::send(fd, buffer, static_cast<std::size_t>(9 + bytes), MSG_NOSIGNAL) > 0) {
                answered.fetch_add(1, std::memory_order_relaxed);
            }
        }
    }
}

double rate(const Counter& answered, int lines) {
    const std::int64_t begin = answered;
    while (answered < begin + 2 * lines) {  // All are connected, about.
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    std::this_thread::sleep_for(kWarmUp);
    const std::int64_t first = answered;
    const auto start = std::chrono::steady_clock::now();
    std::this_thread::sleep_for(kMeasured);
    const auto elapsed = std::chrono::steady_clock::now() - start;
    return static_cast<double>(answered - first) / std::chrono::duration<double>(elapsed).count();
}

double reference_rate(int port, const Counter& answered, int lines) {
    std::vector<std::jthread> threads;
    for (int line = 0; line < lines; ++line) {
        threads.emplace_back([port](const std::stop_token& stop) {
            modbus_t* context = modbus_new_tcp("127.0.0.1", port);
            std::uint16_t words[kRegisters];
            if (modbus_connect(context) == 0) {
                for (int unit = 0; !stop.stop_requested(); ++unit) {
                    modbus_set_slave(context, 1 + unit % kMetersPerLine);
                    modbus_read_registers(context, 0, kRegisters, words);
                }
            }
            modbus_close(context);
            modbus_free(context);
        });
    }
    return rate(answered, lines);
}

struct Discard final : BatchStore, CommandStore, SwitchPermits {
    Status write(const std::vector<LineBatch>&) override { return absl::OkStatus(); }
    Status mark_sending(const Command&) override { return absl::OkStatus(); }
    Status finish(const Command&, const MeterStateChange*) override { return absl::OkStatus(); }
    Status insert_own(const Command&) override { return absl::OkStatus(); }
    ClaimOutcome claim(const std::string&) override { return ClaimOutcome::kDenied; }
    CutAnswer check_cut(const std::string&) override { return {ClaimOutcome::kDenied}; }
};

double our_rate(int port, const Counter& answered, int lines,
                const std::shared_ptr<const DriverPack>& pack) {
    Discard discard;
    const SystemClock clock;
    telemetry::Metrics metrics;
    const GatewayMetrics gauges(metrics);
    ReadingSpool spool(discard, gauges, 1'000'000);
    LatestBoard board;
    const PackLibrary packs{{pack->name, pack}};
    std::jthread writer([&](const std::stop_token& stop) { spool.run(stop); });
    const AsioLineLoops loops(clock);
    LinePark park({clock, gauges, discard, discard, spool, board, {}, {}}, packs, loops.all());
    const int meters_per_line = lines > 1000 ? kMetersPerLine / 4 : kMetersPerLine;
    for (int i = 0; i < lines; ++i) {
        LineConfig line;
        line.line_id = "line-" + std::to_string(i);
        line.address = "127.0.0.1:" + std::to_string(port);
        line.poll_interval = std::chrono::milliseconds(1);  // Sweep after sweep.
        line.response_timeout = std::chrono::seconds(5);
        park.put_line(line);
        for (int unit = 1; unit <= meters_per_line; ++unit) {
            MeterConfig meter;
            meter.meter_no = i * meters_per_line + unit;
            meter.meter_id = "m-" + std::to_string(meter.meter_no);
            meter.line_id = line.line_id;
            meter.address = MeterAddress(unit);
            meter.driver_pack = pack->name;
            park.put_meter(meter, {});
        }
    }
    park.start();
    const double result = rate(answered, lines);
    park.stop();
    return result;
}

// Ours and the reference in turn, as a row of the table.
nlohmann::ordered_json compare(const std::string& name, int pairs, double goal,
                               const std::function<double()>& our_side,
                               const std::function<double()>& other_side) {
    std::vector<double> ours;
    std::vector<double> reference;
    std::vector<double> ratios;
    for (int pair = 0; pair < pairs; ++pair) {
        reference.push_back(other_side());
        ours.push_back(our_side());
        ratios.push_back(ours.back() / reference.back());
        std::printf("%s, pair %d: ours %.0f/s, reference %.0f/s, ratio %.3f\n", name.c_str(),
                    pair + 1, ours.back(), reference.back(), ratios.back());
        std::fflush(stdout);
    }
    std::printf("%s: median ratio %.3f, minimum %.3f, goal %.2f\n", name.c_str(),
                bench::median(ratios), *std::min_element(ratios.begin(), ratios.end()), goal);
    return {{"name", name},
            {"ours", bench::median(ours)},
            {"reference", bench::median(reference)},
            {"ratio", bench::median(ratios)},
            {"goal", goal},
            {"pairs", ratios}};
}

// A slave in a process of its own; its port.
int start_slave(Counter& answered, pid_t& child) {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int port = prepay::test::listen_on_loopback(listener, kBacklog);
    child = ::fork();
    if (child == 0) {
        serve(listener, answered);
    }
    ::close(listener);
    return port;
}

int run(const std::string& json_path, const std::string& pack_path) {
    const auto loaded = load_pack(pack_path);
    if (!loaded.ok()) {
        std::fprintf(stderr, "%s\n", error_message(loaded.status()).c_str());
        return 1;
    }
    const auto pack = std::make_shared<const DriverPack>(*loaded);
    allow_many_lines();
    auto& answered = *new (::mmap(nullptr, sizeof(Counter), PROT_READ | PROT_WRITE,
                                  MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Counter(0);
    pid_t child = -1;
    const int port = start_slave(answered, child);
    const auto ours = [&](int lines) {
        return [&, lines] { return our_rate(port, answered, lines, pack); };
    };
    const auto libmodbus = [&](int lines) {
        return [&, lines] { return reference_rate(port, answered, lines); };
    };
    const auto rows =
        nlohmann::ordered_json::array({compare("poll", 7, 1.6, ours(64), libmodbus(64)),
                                       compare("poll_500", 5, 1.6, ours(500), libmodbus(500)),
                                       compare("poll_4000_to_64", 5, 0.75, ours(4000), ours(64))});
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    if (!json_path.empty()) {
        std::ofstream(json_path) << rows.dump(2) << "\n";
    }
    return 0;
}

}  // namespace
}  // namespace prepay::metering

int main(int argc, char** argv) {
    std::string json_path;
    std::string pack = "services/metering-gateway/packs/acrel-ddsy1352.yaml";
    for (int i = 1; i + 1 < argc; i += 2) {
        if (std::string(argv[i]) == "--json") {
            json_path = argv[i + 1];
        } else if (std::string(argv[i]) == "--pack") {
            pack = argv[i + 1];
        } else {
            std::fprintf(stderr, "usage: bench_poll [--json PATH] [--pack FILE]\n");
            return 2;
        }
    }
    return prepay::metering::run(json_path, pack);
}
