#include <catch2/catch.hpp>
#include <set>

#include "e2e/park.h"

namespace prepay::e2e {
namespace {

constexpr std::int64_t kPriceMicros = 1'000'000;  // 1 yuan a kWh.
constexpr std::int64_t kYuan = 1'000'000;

bool is_open(Park& park, const std::string& meter_id) {
    return !park.truth(meter_id).relay_closed();
}

// From an opened account with 10 yuan to the trip for money.
void consume_until_cut(Park& park, const std::string& meter_id, const std::string& account_id) {
    park.set_load(meter_id, 2000);
    park.set_speed(1800);  // 2 kW for half an hour a second: 1 kWh, one yuan a second.
    eventually(
        "I-12 the meter of " + account_id + " is opened", [&] { return is_open(park, meter_id); },
        std::chrono::seconds(90));
    eventually(
        "the cut is proven",
        [&] { return park.account(account_id).fee_state() == account::v1::FEE_STATE_CUT; },
        std::chrono::seconds(60));
}

void pay_and_wait_for_power(Park& park, const std::string& meter_id, const std::string& account_id,
                            std::int64_t amount_micros) {
    park.set_load(meter_id, 0);
    park.wait_credited(account_id, park.pay_by_wechat(account_id, amount_micros));
    eventually(
        "I-11 power is back after the payment", [&] { return !is_open(park, meter_id); },
        std::chrono::seconds(90));
}

// What crashes in the middle may not do: an episode or a level twice, an order to a relay that no
// attempt stands for.
void check_nothing_twice(Park& park, const std::string& meter_id, const std::string& account_id) {
    std::multiset<int> levels;
    eventually("I-16 three alarm levels and the cut have an episode each", [&] {
        levels.clear();
        for (const auto& episode : park.episodes(account_id)) {
            levels.insert(episode.level());
        }
        return levels.size() >= 4;
    });
    CHECK(levels == std::multiset<int>{1, 2, 3, 4});
    std::size_t attempts = 0;
    for (const auto& command : park.commands(meter_id)) {
        CHECK(command.state() == metering::v1::COMMAND_STATE_VERIFIED);
        attempts += static_cast<std::size_t>(command.attempt_count());
    }
    INFO("I-14 at most one frame an attempt");
    CHECK(park.relay_writes(meter_id).size() <= attempts);
}

using metering::v1::COMMAND_ACTION_CLOSE;
using metering::v1::COMMAND_ACTION_TRIP;

// Batch tasks over rooms that nobody pays for, begun right before each round of kills.
class Batches {
public:
    explicit Batches(Park& park) : park_(park) {
        for (const std::string& meter_id : meter_ids_) {
            park.add_room(meter_id, false, kPriceMicros);
        }
    }

    void begin(metering::v1::CommandAction action) {
        task_ids_.push_back(park_.create_task(action, meter_ids_));
    }

    void check_last(bool open) {
        const auto counts = park_.wait_task(task_ids_.back()).counts();
        CHECK(counts.total() == static_cast<int>(meter_ids_.size()));
        CHECK(counts.verified() == counts.total());
        for (const std::string& meter_id : meter_ids_) {
            CHECK(is_open(park_, meter_id) == open);
        }
    }

    // I-17: a command a target of each task and none beside; on the wire the relay was ordered
    // to and fro as often as there were tasks, in their order.
    void check_each_once() {
        for (const std::string& meter_id : meter_ids_) {
            CAPTURE(meter_id);
            std::multiset<std::string> ordered;
            std::size_t attempts = 0;
            for (const auto& command : park_.commands(meter_id)) {
                ordered.insert(command.command_id());
                attempts += static_cast<std::size_t>(command.attempt_count());
            }
            CHECK(ordered == items_of(meter_id));
            std::size_t changes = 0;
            std::string last;
            const auto frames = park_.relay_writes(meter_id);
            for (const auto& frame : frames) {
                const std::string order = frame.data().substr(kTransactionBytes);
                changes += order == last ? 0 : 1;
                last = order;
            }
            CHECK(changes == task_ids_.size());
            CHECK(frames.size() <= attempts);
        }
    }

private:
    static constexpr std::size_t kTransactionBytes = 2;  // Of a Modbus TCP frame's header.

    std::multiset<std::string> items_of(const std::string& meter_id) {
        std::multiset<std::string> item_ids;
        for (const std::string& task_id : task_ids_) {
            for (const auto& item : park_.task_items(task_id)) {
                if (item.meter_id() == meter_id) {
                    item_ids.insert(item.item_id());
                }
            }
        }
        return item_ids;
    }

    Park& park_;
    const std::vector<std::string> meter_ids_ = {"m-7", "m-8", "m-9"};
    std::vector<std::string> task_ids_;
};

}  // namespace

TEST_CASE("the whole story: consume, three alarms, trip, pay, restore, books agree") {
    std::string why_not;
    if (!can_run(why_not)) {
        WARN("SKIPPED: " + why_not);
        return;
    }
    Stack stack;
    Park park(stack);

    SECTION("on quiet days, with both meter families") {
        for (const bool adf : {false, true}) {
            const std::string meter_id = adf ? "m-adf" : "m-ddsy";
            park.set_speed(0);
            park.add_room(meter_id, adf, kPriceMicros);
            const std::string account_id = park.open_account(meter_id, 10 * kYuan);
            REQUIRE(park.account(account_id).balance_micros() == 10 * kYuan);
            consume_until_cut(park, meter_id, account_id);
            eventually("I-16 three alarm levels and the cut have an episode each", [&] {
                std::set<int> levels;
                for (const auto& episode : park.episodes(account_id)) {
                    levels.insert(episode.level());
                }
                return levels == std::set<int>{1, 2, 3, 4};
            });
            const auto cut_frames = park.relay_writes(meter_id);
            INFO("I-14 one trip frame on the wire");
            REQUIRE(cut_frames.size() == 1);
            pay_and_wait_for_power(park, meter_id, account_id, 50 * kYuan);
            eventually("the fee state is normal again", [&] {
                return park.account(account_id).fee_state() == account::v1::FEE_STATE_NORMAL;
            });
            REQUIRE(park.relay_writes(meter_id).size() == 2);
            park.set_speed(0);
            park.check_books(meter_id, account_id, 60 * kYuan, kPriceMicros);
        }
        const std::string journal =
            stack.run("prepay-account journal --config '" + stack.folder() +
                      "/account.yaml' | hledger -f - check && echo BALANCED");
        REQUIRE(journal.find("BALANCED") != std::string::npos);
    }

    SECTION("with kill -9 of every process in the middle") {
        std::vector<std::string> victims = Stack::services();
        victims.insert(victims.end(), {"postgres", "kafka"});
        const auto kill_all = [&] {
            for (const std::string& victim : victims) {
                stack.kill(victim);
                stack.start(victim);
            }
            stack.wait_ready();
        };
        park.add_room("m-1", false, kPriceMicros);
        Batches batches(park);
        const std::string account_id = park.open_account("m-1", 10 * kYuan);
        park.set_load("m-1", 2000);
        park.set_speed(600);  // 1 yuan in three seconds: the cut comes after 30 s.
        batches.begin(COMMAND_ACTION_TRIP);
        kill_all();
        park.set_speed(1800);
        batches.check_last(true);
        eventually(
            "I-12 the meter is opened", [&] { return is_open(park, "m-1"); },
            std::chrono::seconds(90));
        batches.begin(COMMAND_ACTION_CLOSE);
        kill_all();
        eventually(
            "the cut is proven",
            [&] { return park.account(account_id).fee_state() == account::v1::FEE_STATE_CUT; },
            std::chrono::seconds(90));
        batches.check_last(false);
        park.set_load("m-1", 0);
        const std::string order_id = park.pay_by_wechat(account_id, 50 * kYuan);
        batches.begin(COMMAND_ACTION_TRIP);
        kill_all();
        park.wait_credited(account_id, order_id);
        eventually(
            "I-11 power is back", [&] { return !is_open(park, "m-1"); }, std::chrono::seconds(90));
        park.set_speed(0);
        park.check_books("m-1", account_id, 60 * kYuan, kPriceMicros);
        check_nothing_twice(park, "m-1", account_id);
        batches.check_last(true);
        batches.check_each_once();
    }

    SECTION(
        "I-12 a trip that a silent meter held back goes out when it is back, I-9 a payment whose "
        "notices are all lost is credited") {
        park.add_room("m-1", false, kPriceMicros);
        const std::string account_id = park.open_account("m-1", 3 * kYuan);
        park.set_fault("m-1", simulator::v1::FAULT_KIND_SILENT);
        park.set_cut_floor(account_id, 100 * kYuan);  // Now 3 yuan are too little.
        eventually("the account is in arrears", [&] {
            return park.account(account_id).fee_state() == account::v1::FEE_STATE_ARREARS;
        });
        REQUIRE_FALSE(is_open(park, "m-1"));
        park.clear_faults("m-1");
        eventually(
            "the meter is opened", [&] { return is_open(park, "m-1"); }, std::chrono::seconds(60));
        eventually(
            "the cut is proven",
            [&] { return park.account(account_id).fee_state() == account::v1::FEE_STATE_CUT; },
            std::chrono::seconds(60));
        park.set_provider_faults(R"({"drop_notices": true})");
        pay_and_wait_for_power(park, "m-1", account_id, 500 * kYuan);
        park.set_speed(0);
        park.check_books("m-1", account_id, 503 * kYuan, kPriceMicros);
    }
}

}  // namespace prepay::e2e
