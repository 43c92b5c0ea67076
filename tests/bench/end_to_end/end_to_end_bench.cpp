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

#include "core/ids.h"
#include "e2e/stack.h"
#include "prepay/account/v1/account.grpc.pb.h"
#include "prepay/billing/v1/billing.grpc.pb.h"
#include "prepay/metering/v1/metering.grpc.pb.h"

namespace prepay::bench {
namespace {

constexpr int kMeterCount = 1000;
constexpr int kLineCount = 32;
constexpr int kSlotsPerRequest = 8;                 // 8,000 readings a request.
constexpr std::int64_t kFirstTime = 1'767'225'600;  // 2026-01-01T00:00:00Z
constexpr std::int64_t kSlotSeconds = 900;
constexpr double kGoal = 5.0;

using google::protobuf::util::TimeUtil;

template <typename T>
T must(Result<T> result) {
    if (!result.ok()) {
        throw std::runtime_error(error_reason(result.status()) + ": " +
                                 error_message(result.status()));
    }
    return *std::move(result);
}

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
    explicit Load(e2e::Stack& stack)
        : stack_(stack),
          metering_client_(stack.client("metering")),
          billing_client_(stack.client("billing")),
          account_client_(stack.client("account")),
          metering_(metering::v1::MeteringService::NewStub(metering_client_->channel())),
          billing_(billing::v1::BillingService::NewStub(billing_client_->channel())),
          account_(account::v1::AccountService::NewStub(account_client_->channel())) {}

    void set_up() {
        register_meters();
        create_rooms();
        open_accounts();
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
    static std::string meter_id(int i) { return "m-" + std::to_string(10'000 + i); }
    std::string request_id() { return new_id(clock_); }

    void register_meters() {
        metering::v1::RegisterLinesRequest lines;
        lines.set_request_id(request_id());
        for (int i = 0; i < kLineCount; ++i) {
            auto* line = lines.add_lines();
            line->set_line_id("line-" + std::to_string(i));
            line->set_transport(metering::v1::TRANSPORT_MODBUS_TCP);
            line->set_address("127.0.0.1:9");
            line->set_enabled(false);
        }
        must(metering_client_->call(*metering_, &metering::v1::MeteringService::Stub::RegisterLines,
                                    lines));
        metering::v1::RegisterMetersRequest meters;
        meters.set_request_id(request_id());
        for (int i = 0; i < kMeterCount; ++i) {
            auto* meter = meters.add_meters();
            meter->set_meter_id(meter_id(i));
            meter->set_line_id("line-" + std::to_string(i % kLineCount));
            meter->set_unit_id(1 + i / kLineCount);
            meter->set_driver_pack("acrel-ddsy1352");
            meter->set_resource(common::v1::RESOURCE_ELECTRICITY);
            meter->set_enabled(true);
        }
        must(metering_client_->call(*metering_,
                                    &metering::v1::MeteringService::Stub::RegisterMeters, meters));
    }

    void create_rooms() {
        account::v1::CreateSiteRequest site;
        site.set_request_id(request_id());
        site.mutable_site()->set_site_id("park-1");
        site.mutable_site()->set_display_name("Park 1");
        site.mutable_site()->set_time_zone("Asia/Shanghai");
        must(
            account_client_->call(*account_, &account::v1::AccountService::Stub::CreateSite, site));
        account::v1::CreateRoomsRequest rooms;
        rooms.set_request_id(request_id());
        *rooms.mutable_start_time() = TimeUtil::SecondsToTimestamp(kFirstTime);
        billing::v1::CreateTariffRequest tariff;
        tariff.set_request_id(request_id());
        tariff.set_tariff_id("bench");
        tariff.set_display_name("Bench");
        tariff.set_resource(common::v1::RESOURCE_ELECTRICITY);
        *tariff.mutable_effective_time() = TimeUtil::SecondsToTimestamp(kFirstTime - 86'400);
        tariff.mutable_definition()->set_time_zone("Asia/Shanghai");
        tariff.mutable_definition()->add_tiers()->add_prices()->set_price_micros(528'300);
        must(billing_client_->call(*billing_, &billing::v1::BillingService::Stub::CreateTariff,
                                   tariff));
        billing::v1::AssignTariffRequest assign;
        assign.set_request_id(request_id());
        assign.set_tariff_id("bench");
        *assign.mutable_start_time() = tariff.effective_time();
        for (int i = 0; i < kMeterCount; ++i) {
            auto* room = rooms.add_rooms();
            room->set_room_id("room-" + std::to_string(i));
            room->set_site_id("park-1");
            room->set_building("1");
            room->set_floor(std::to_string(i / 50));
            room->set_display_name("1-" + std::to_string(i));
            room->add_meter_ids(meter_id(i));
            assign.add_meter_ids(meter_id(i));
        }
        must(account_client_->call(*account_, &account::v1::AccountService::Stub::CreateRooms,
                                   rooms));
        must(billing_client_->call(*billing_, &billing::v1::BillingService::Stub::AssignTariff,
                                   assign));
    }

    void open_accounts() {
        for (int i = 0; i < kMeterCount; ++i) {
            account::v1::OpenAccountRequest open;
            open.set_request_id(request_id());
            open.set_room_id("room-" + std::to_string(i));
            open.mutable_customer()->set_display_name("Customer " + std::to_string(i));
            *open.mutable_start_time() = TimeUtil::SecondsToTimestamp(kFirstTime);
            open.set_first_top_up_micros(100'000'000'000);
            must(account_client_->call(*account_, &account::v1::AccountService::Stub::OpenAccount,
                                       open));
        }
    }

    void import_slots(int slot_count) {
        while (slot_count > 0) {
            const int count = std::min(slot_count, kSlotsPerRequest);
            metering::v1::ImportReadingsRequest request;
            request.set_request_id(request_id());
            for (int slot = next_slot_; slot < next_slot_ + count; ++slot) {
                for (int i = 0; i < kMeterCount; ++i) {
                    auto* reading = request.add_readings();
                    reading->set_meter_id(meter_id(i));
                    *reading->mutable_read_time() = TimeUtil::SecondsToTimestamp(
                        kFirstTime + static_cast<std::int64_t>(slot) * kSlotSeconds);
                    reading->set_register_total(1'000'000 +
                                                static_cast<std::int64_t>(slot) * (250 + i % 97));
                }
            }
            const auto response = must(metering_client_->call(
                *metering_, &metering::v1::MeteringService::Stub::ImportReadings, request));
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
        const auto ledger = must(
            account_client_->call(*account_, &account::v1::AccountService::Stub::GetTrialBalance,
                                  account::v1::GetTrialBalanceRequest()));
        for (const auto& line : ledger.lines()) {
            count +=
                line.kind() == account::v1::LEDGER_ACCOUNT_KIND_PURSE ? line.posting_count() : 0;
        }
        return count;
    }

    SystemClock clock_;
    e2e::Stack& stack_;
    std::unique_ptr<rpc::Client> metering_client_;
    std::unique_ptr<rpc::Client> billing_client_;
    std::unique_ptr<rpc::Client> account_client_;
    std::unique_ptr<metering::v1::MeteringService::Stub> metering_;
    std::unique_ptr<billing::v1::BillingService::Stub> billing_;
    std::unique_ptr<account::v1::AccountService::Stub> account_;
    int next_slot_ = 0;
};

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

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
