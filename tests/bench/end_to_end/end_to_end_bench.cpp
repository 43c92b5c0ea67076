// Intervals per second through the whole suite (reading stored, event, rated, charge stored, event,
// posted, balance and thresholds checked), against pgbench's TPC-B on the same server, alternately.
#include <google/protobuf/util/time_util.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <thread>

#include "bench/median.h"
#include "bench/park/park.h"
#include "prepay/billing/v1/billing.grpc.pb.h"

namespace prepay::bench {
namespace {

constexpr int kMeterCount = 1000;
constexpr int kLineCount = 32;
constexpr int kSlotsPerRequest = 8;                 // 8,000 readings a request.
constexpr std::int64_t kFirstTime = 1'767'225'600;  // 2026-01-01T00:00:00Z
constexpr std::int64_t kSlotSeconds = 900;
constexpr double kGoal = 5.0;

using google::protobuf::util::TimeUtil;

std::string output_of(const std::string& command) {
    std::string text;
    FILE* pipe = popen(command.c_str(), "r");
    std::array<char, 512> buffer{};
    while (pipe != nullptr && fgets(buffer.data(), buffer.size(), pipe) != nullptr) {
        text += buffer.data();
    }
    if (pipe == nullptr || pclose(pipe) != 0) {
        throw std::runtime_error("failed: " + command + "\n" + text);
    }
    return text;
}

class Load {
public:
    explicit Load(e2e::Stack& stack) : stack_(stack), park_(stack, kMeterCount, kLineCount) {}

    void set_up() {
        metering::v1::RegisterLinesRequest lines;
        for (int i = 0; i < kLineCount; ++i) {
            auto* line = lines.add_lines();
            line->set_line_id(Park::line_id(i));
            line->set_transport(metering::v1::TRANSPORT_MODBUS_TCP);
            line->set_address("127.0.0.1:9");
            line->set_enabled(false);
        }
        park_.register_hardware(std::move(lines));
        const Instant start = from_micros(kFirstTime * 1'000'000);
        park_.create_rooms(start);
        set_tariff();
        park_.open_accounts(100'000'000'000, start);
        import_slots(1);  // The base register of every meter.
    }

    // Runs `slot_count` intervals of every meter through; intervals a second.
    double run(int slot_count) {
        const std::int64_t before = posted();
        const std::int64_t wanted = before + static_cast<std::int64_t>(slot_count) * kMeterCount;
        const auto start = std::chrono::steady_clock::now();
        import_slots(slot_count);
        const std::chrono::duration<double> imported = std::chrono::steady_clock::now() - start;
        while (posted() < wanted) {
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
        const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
        std::cerr << "    imported in " << imported.count() << " s, posted in " << elapsed.count()
                  << " s\n";
        return slot_count * kMeterCount / elapsed.count();
    }

    // TPC-B alone on the same, otherwise idle server.
    double tpcb(int seconds) const {
        const std::string url =
            "postgresql://postgres@127.0.0.1:" + std::to_string(stack_.port("postgres")) +
            "/prepay";
        const std::string text = output_of("/usr/lib/postgresql/15/bin/pgbench -n -c 8 -j 2 -T " +
                                           std::to_string(seconds) + " '" + url + "' 2>&1");
        const auto at = text.find("tps = ");
        if (at == std::string::npos) {
            throw std::runtime_error("no tps in: " + text);
        }
        return std::stod(text.substr(at + 6));
    }

    void init_tpcb() const {
        output_of(
            "/usr/lib/postgresql/15/bin/pgbench -q -i -s 10 'postgresql://postgres@127.0.0.1:" +
            std::to_string(stack_.port("postgres")) + "/prepay' 2>&1");
    }

private:
    void set_tariff() {
        const auto client = stack_.client("billing");
        const auto billing = billing::v1::BillingService::NewStub(client->channel());
        billing::v1::CreateTariffRequest tariff;
        tariff.set_request_id(park_.request_id());
        tariff.set_tariff_id("bench");
        tariff.set_display_name("Bench");
        tariff.set_resource(common::v1::RESOURCE_ELECTRICITY);
        *tariff.mutable_effective_time() = TimeUtil::SecondsToTimestamp(kFirstTime - 86'400);
        tariff.mutable_definition()->set_time_zone("Asia/Shanghai");
        tariff.mutable_definition()->add_tiers()->add_prices()->set_price_micros(528'300);
        must(client->call(*billing, &billing::v1::BillingService::Stub::CreateTariff, tariff));
        billing::v1::AssignTariffRequest assign;
        assign.set_request_id(park_.request_id());
        assign.set_tariff_id("bench");
        *assign.mutable_start_time() = tariff.effective_time();
        for (int i = 0; i < kMeterCount; ++i) {
            assign.add_meter_ids(Park::meter_id(i));
        }
        must(client->call(*billing, &billing::v1::BillingService::Stub::AssignTariff, assign));
    }

    void import_slots(int slot_count) {
        while (slot_count > 0) {
            const int count = std::min(slot_count, kSlotsPerRequest);
            metering::v1::ImportReadingsRequest request;
            request.set_request_id(park_.request_id());
            for (int slot = next_slot_; slot < next_slot_ + count; ++slot) {
                for (int i = 0; i < kMeterCount; ++i) {
                    auto* reading = request.add_readings();
                    reading->set_meter_id(Park::meter_id(i));
                    *reading->mutable_read_time() = TimeUtil::SecondsToTimestamp(
                        kFirstTime + static_cast<std::int64_t>(slot) * kSlotSeconds);
                    reading->set_register_total(1'000'000 +
                                                static_cast<std::int64_t>(slot) * (250 + i % 97));
                }
            }
            const auto response = park_.call(&Metering::ImportReadings, request);
            if (response.stored_count() != request.readings_size()) {
                throw std::runtime_error("import refused readings: " +
                                         response.ShortDebugString().substr(0, 500));
            }
            next_slot_ += count;
            slot_count -= count;
        }
    }

    std::int64_t posted() {
        std::int64_t count = 0;
        const auto ledger =
            park_.call(&Account::GetTrialBalance, account::v1::GetTrialBalanceRequest());
        for (const auto& line : ledger.lines()) {
            count +=
                line.kind() == account::v1::LEDGER_ACCOUNT_KIND_PURSE ? line.posting_count() : 0;
        }
        return count;
    }

    e2e::Stack& stack_;
    Park park_;
    int next_slot_ = 0;
};

int run(const std::string& json_path, int pair_count, int slot_count, int seconds) {
    e2e::Stack stack;
    Load load(stack);
    load.init_tpcb();
    load.set_up();
    load.run(20);  // Warm.
    std::vector<double> ours;
    std::vector<double> reference;
    std::vector<double> ratios;
    nlohmann::json pairs = nlohmann::json::array();
    for (int i = 0; i < pair_count; ++i) {
        reference.push_back(load.tpcb(seconds));
        ours.push_back(load.run(slot_count));
        ratios.push_back(ours.back() / reference.back());
        pairs.push_back(
            {{"ours", ours.back()}, {"reference", reference.back()}, {"ratio", ratios.back()}});
        std::printf("  pair %d: %.0f intervals/s, TPC-B %.0f tps, ratio %.2f\n", i + 1, ours.back(),
                    reference.back(), ratios.back());
        std::fflush(stdout);
    }
    std::printf("end_to_end: median ratio %.2f, minimum %.2f (floor 3, goal %.0f)\n",
                median(ratios), *std::min_element(ratios.begin(), ratios.end()), kGoal);
    if (!json_path.empty()) {
        std::ofstream(json_path) << nlohmann::json{{"name", "end_to_end"},
                                                   {"ours", median(ours)},
                                                   {"reference", median(reference)},
                                                   {"ratio", median(ratios)},
                                                   {"goal", kGoal},
                                                   {"pairs", pairs}}
                                        .dump(2);
    }
    return 0;
}

}  // namespace
}  // namespace prepay::bench

int main(int argc, char** argv) {
    CLI::App app("End-to-end throughput against TPC-B");
    std::string json_path;
    int pair_count = 5;
    int slot_count = 100;
    int seconds = 8;
    app.add_option("--json", json_path, "Where to write the result");
    app.add_option("--pairs", pair_count, "Alternations")->check(CLI::Range(1, 100));
    app.add_option("--slots", slot_count, "Intervals of each of 1,000 meters a run")
        ->check(CLI::Range(1, 10'000));
    app.add_option("--seconds", seconds, "Seconds a TPC-B run")->check(CLI::Range(1, 600));
    CLI11_PARSE(app, argc, argv);
    try {
        return prepay::bench::run(json_path, pair_count, slot_count, seconds);
    } catch (const std::exception& error) {
        std::cerr << "bench_end_to_end: " << error.what() << "\n";
        return 1;
    }
}
