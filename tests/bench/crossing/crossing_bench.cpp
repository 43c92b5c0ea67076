// From the commit of a crossed cut floor to the last byte of the relay frame on a paced line under
// full polling, against what the line itself needs: the frame's own wire time and the longest
// transaction that may be in flight. The line is the reference, so noise of the machine is ours.
#include <google/protobuf/util/time_util.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "bench/park/park.h"
#include "prepay/simulator/v1/simulator.grpc.pb.h"

namespace prepay::bench {
namespace {

constexpr int kBaud = 9600;
constexpr int kBitsPerByte = 11;
constexpr int kLineCount = 8;
constexpr double kGoal = 1.10;

using google::protobuf::util::TimeUtil;

class Crossings {
public:
    Crossings(e2e::Stack& stack, int meter_count)
        : park_(stack, meter_count, kLineCount),
          simulator_client_(stack.client("simulator")),
          simulator_(simulator::v1::SimulatorService::NewStub(simulator_client_->channel())) {}

    void set_up() {
        add_hardware();
        park_.create_rooms();
        accounts_ = park_.open_accounts(10'000'000);
        e2e::eventually(
            "all meters are read",
            [&] {
                metering::v1::ListMetersRequest request;
                request.set_page_size(1000);
                const auto list = park_.call(&Metering::ListMeters, request);
                return std::all_of(list.meters().begin(), list.meters().end(),
                                   [](const auto& meter) { return meter.online(); });
            },
            std::chrono::seconds(60));
    }

    // Raises one account's floor above its balance; seconds from the commit to the frame's last
    // byte.
    double cross(int i) {
        account::v1::SetAlarmLevelsRequest levels;
        levels.set_request_id(park_.request_id());
        levels.set_account_id(accounts_[static_cast<std::size_t>(i)]);
        auto* wanted = levels.mutable_alarm_levels();
        wanted->set_level_1_micros(400'000'000);
        wanted->set_level_2_micros(300'000'000);
        wanted->set_level_3_micros(200'000'000);
        wanted->set_cut_floor_micros(100'000'000);
        park_.call(&Account::SetAlarmLevels, levels);
        const std::int64_t committed =
            to_micros(clock_.now());  // The answer follows the commit at once.
        simulator::v1::ListFramesRequest frames;
        frames.set_meter_id(Park::meter_id(i));
        frames.set_relay_writes_only(true);
        frames.set_page_size(1);
        frames.set_wait_ms(1000);
        for (int attempt = 0; attempt < 30; ++attempt) {
            const auto found = must(simulator_client_->call(
                *simulator_, &simulator::v1::SimulatorService::Stub::ListFrames, frames));
            if (found.frames_size() > 0) {
                frame_bytes_ = static_cast<std::size_t>(found.frames(0).data().size());
                const std::int64_t sent =
                    TimeUtil::TimestampToMicroseconds(found.frames(0).frame_time());
                return static_cast<double>(sent - committed) / 1e6;
            }
        }
        throw std::runtime_error("no trip frame for " + Park::meter_id(i));
    }

    // The frame's own time on the wire and the longest poll transaction seen.
    double line_time() {
        simulator::v1::ListFramesRequest request;
        request.set_page_size(10'000);
        const auto log = must(simulator_client_->call(
            *simulator_, &simulator::v1::SimulatorService::Stub::ListFrames, request));
        std::map<std::string, std::int64_t> asked;
        std::vector<double> transactions;
        for (const auto& frame : log.frames()) {
            const std::int64_t time = TimeUtil::TimestampToMicroseconds(frame.frame_time());
            const double bytes_time =
                static_cast<double>(frame.data().size()) * kBitsPerByte / kBaud;
            if (frame.from_master()) {
                asked[frame.line_id()] = time - static_cast<std::int64_t>(bytes_time * 1e6);
            } else if (asked.count(frame.line_id()) == 1) {
                transactions.push_back(static_cast<double>(time - asked[frame.line_id()]) / 1e6 +
                                       bytes_time);
                asked.erase(frame.line_id());
            }
        }
        std::sort(transactions.begin(), transactions.end());
        if (transactions.empty()) {
            throw std::runtime_error("the lines were not polled");
        }
        const double longest = transactions[transactions.size() * 99 / 100];
        return longest + static_cast<double>(frame_bytes_) * kBitsPerByte / kBaud;
    }

private:
    void add_hardware() {
        simulator::v1::AddLinesRequest add_lines;
        for (int i = 0; i < kLineCount; ++i) {
            auto* line = add_lines.add_lines();
            line->set_line_id(Park::line_id(i));
            line->set_baud(kBaud);
        }
        const auto added = must(simulator_client_->call(
            *simulator_, &simulator::v1::SimulatorService::Stub::AddLines, add_lines));
        simulator::v1::AddMetersRequest specs;
        for (int i = 0; i < park_.meter_count(); ++i) {
            auto* spec = specs.add_meters();
            spec->set_meter_id(Park::meter_id(i));
            spec->set_line_id(Park::line_id(park_.line_of(i)));
            spec->set_unit_id(park_.unit_of(i));
            spec->set_family(simulator::v1::FAMILY_DDSY1352);
        }
        must(simulator_client_->call(*simulator_, &simulator::v1::SimulatorService::Stub::AddMeters,
                                     specs));
        metering::v1::RegisterLinesRequest lines;
        for (const auto& spec : added.lines()) {
            auto* line = lines.add_lines();
            line->set_line_id(spec.line_id());
            line->set_transport(metering::v1::TRANSPORT_MODBUS_TCP);
            line->set_address("127.0.0.1:" + std::to_string(spec.tcp_port()));
            line->set_poll_interval_ms(
                200);  // Far less than a sweep takes: the line is always busy.
            line->set_response_timeout_ms(1000);
            line->set_enabled(true);
        }
        park_.register_hardware(std::move(lines));
    }

    SystemClock clock_;
    Park park_;
    std::unique_ptr<rpc::Client> simulator_client_;
    std::unique_ptr<simulator::v1::SimulatorService::Stub> simulator_;
    std::vector<std::string> accounts_;
    std::size_t frame_bytes_ = 0;
};

int run(const std::string& json_path, int meter_count) {
    e2e::Stack stack;
    Crossings crossings(stack, meter_count);
    crossings.set_up();
    std::vector<double> seconds;
    for (int i = 0; i < meter_count; ++i) {
        seconds.push_back(crossings.cross(i));
    }
    const double line = crossings.line_time();
    std::vector<double> sorted = seconds;
    std::sort(sorted.begin(), sorted.end());
    const double p50 = sorted[sorted.size() / 2];
    const double p99 = sorted[sorted.size() * 99 / 100];
    std::printf("first %.1f ms, slowest %.1f ms of %zu\n", seconds.front() * 1e3,
                sorted.back() * 1e3, seconds.size());
    std::printf(
        "crossing -> wire: p50 %.1f ms, p99 %.1f ms; frame + one transaction in flight %.1f ms; "
        "ratio %.2f (floor 1.5, goal %.2f; smaller is better)\n",
        p50 * 1e3, p99 * 1e3, line * 1e3, p99 / line, kGoal);
    if (!json_path.empty()) {
        std::ofstream(json_path) << nlohmann::json{{"name", "crossing"}, {"ours", p99},
                                                   {"reference", line},  {"ratio", p99 / line},
                                                   {"goal", kGoal},      {"p50", p50},
                                                   {"pairs", seconds}}
                                        .dump(2);
    }
    return 0;
}

}  // namespace
}  // namespace prepay::bench

int main(int argc, char** argv) {
    CLI::App app("Crossed cut floor to trip frame on the wire");
    std::string json_path;
    int meter_count = 120;
    app.add_option("--json", json_path, "Where to write the result");
    app.add_option("--meters", meter_count, "Crossings to measure")->check(CLI::Range(8, 1000));
    CLI11_PARSE(app, argc, argv);
    try {
        return prepay::bench::run(json_path, meter_count);
    } catch (const std::exception& error) {
        std::cerr << "bench_crossing: " << error.what() << "\n";
        return 1;
    }
}
