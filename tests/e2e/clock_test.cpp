#include <catch2/catch.hpp>

#include "e2e/actors.h"
#include "e2e/park.h"

namespace prepay::e2e {
namespace {

constexpr std::int64_t kPriceMicros = 1'000'000;  // 1 yuan a kWh.
constexpr std::int64_t kYuan = 1'000'000;
constexpr std::int64_t kSkewSeconds = 5;

std::int64_t seconds_now() { return to_micros(SystemClock().now()) / 1'000'000; }

/// Every time the suite wrote lies within the test's own, by a clock that nobody set.
void check_times(Park& park, const std::string& meter_id, const std::string& account_id,
                 std::int64_t from) {
    const std::int64_t to = seconds_now() + kSkewSeconds;
    const auto is_inside = [&](const google::protobuf::Timestamp& time) {
        return time.seconds() >= from && time.seconds() <= to;
    };
    for (const auto& charge : park.charges(meter_id)) {
        INFO(charge.ShortDebugString());
        CHECK(is_inside(charge.start_time()));
        CHECK(is_inside(charge.end_time()));
        CHECK(charge.start_time().seconds() <= charge.end_time().seconds());
    }
    for (const auto& posting : park.postings(account_id)) {
        INFO(posting.ShortDebugString());
        CHECK(is_inside(posting.post_time()));
        CHECK(is_inside(posting.source_time()));
    }
    for (const auto& command : park.commands(meter_id)) {
        INFO(command.ShortDebugString());
        CHECK(is_inside(command.create_time()));
        CHECK(is_inside(command.finish_time()));
    }
    for (const auto& episode : park.episodes(account_id)) {
        INFO(episode.ShortDebugString());
        CHECK(is_inside(episode.start_time()));
    }
}

}  // namespace

TEST_CASE("I-24: every service in turn with its clock set by a day or an hour: same charges") {
    std::string why_not;
    if (!can_run(why_not)) {
        WARN("SKIPPED: " + why_not);
        return;
    }
    const std::int64_t from = seconds_now() - kSkewSeconds;
    Stack stack(StackOptions{.has_fake_clock = true});
    Park park(stack);
    const std::string meter_id = "m-1";
    park.add_room(meter_id, false, kPriceMicros);
    const std::string account_id = park.open_account(meter_id, 10'000 * kYuan);
    std::int64_t paid_micros = 10'000 * kYuan;
    park.set_load(meter_id, 2000);
    park.set_speed(1800);  // 1 kWh, one yuan a second.
    for (const std::string& name : Stack::services()) {
        for (const int hours : {24, -24, 1, -1}) {
            INFO(name << " by " << hours << " h");
            stack.set_clock(name, std::chrono::hours(hours));
            // A payment by phone goes through the console, account and the provider; the charge
            // that follows it through the gateway, billing and account.
            park.wait_credited(account_id, park.pay_by_wechat(account_id, kYuan));
            paid_micros += kYuan;
            const std::size_t count = park.charges(meter_id).size();
            eventually("charges go on", [&] { return park.charges(meter_id).size() > count; });
            stack.set_clock(name, Duration(0));
        }
    }
    // Trip, payment and restore, with the clocks of all a day ahead.
    for (const std::string& name : Stack::services()) {
        stack.set_clock(name, std::chrono::hours(24));
    }
    park.set_cut_floor(account_id, 100'000 * kYuan);
    eventually(
        "the meter is opened", [&] { return !park.truth(meter_id).relay_closed(); },
        std::chrono::seconds(60));
    park.set_load(meter_id, 0);
    park.top_up(account_id, 100'000 * kYuan);
    paid_micros += 100'000 * kYuan;
    eventually(
        "power is back", [&] { return park.truth(meter_id).relay_closed(); },
        std::chrono::seconds(60));
    for (const std::string& name : Stack::services()) {
        stack.set_clock(name, Duration(0));
    }
    park.set_speed(0);
    stack.wait_ready();
    park.check_books(meter_id, account_id, paid_micros, kPriceMicros);
    check_times(park, meter_id, account_id, from);
}

TEST_CASE("I-28: clocks that are set while all join again after a cut hold nobody up") {
    std::string why_not;
    if (!can_run(why_not)) {
        WARN("SKIPPED: " + why_not);
        return;
    }
    Stack stack(StackOptions{.is_proxied = true, .has_fake_clock = true});
    Park park(stack);
    park.add_room("m-1", false, kPriceMicros);
    park.open_account("m-1", 10'000 * kYuan);
    park.set_load("m-1", 2000);
    park.set_speed(1800);
    const auto set_all = [&](Duration ahead) {
        for (const std::string& name : Stack::services()) {
            stack.set_clock(name, ahead);
        }
    };
    for (int round = 0; round < 3; ++round) {
        INFO("round " << round);
        stack.cut("kafka");
        let_pass(std::chrono::seconds(8));
        stack.heal("kafka");
        let_pass(std::chrono::seconds(round));
        set_all(std::chrono::hours(-24));
        let_pass(std::chrono::seconds(4));
        set_all(Duration(0));
        eventually("all ready", [&] { return stack.unready().empty(); });
        const std::size_t count = park.charges("m-1").size();
        eventually("charges go on", [&] { return park.charges("m-1").size() > count; });
    }
}

}  // namespace prepay::e2e
