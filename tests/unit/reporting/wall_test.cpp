#include "domain/wall.h"

#include <catch2/catch.hpp>
#include <map>
#include <sstream>

using namespace prepay;
using namespace prepay::reporting;

namespace {

const std::map<std::string, FeeState> kFeeStates = {
    {"normal", FeeState::kNormal}, {"low1", FeeState::kLow1},       {"low2", FeeState::kLow2},
    {"low3", FeeState::kLow3},     {"arrears", FeeState::kArrears}, {"cut", FeeState::kCut}};

const std::map<std::string, WallState> kWallStates = {
    {"NORMAL", WallState::kNormal},   {"VACANT", WallState::kVacant},
    {"LOW1", WallState::kLow1},       {"LOW2", WallState::kLow2},
    {"LOW3", WallState::kLow3},       {"LOST", WallState::kLost},
    {"ARREARS", WallState::kArrears}, {"TRIPPED", WallState::kTripped},
    {"CUT", WallState::kCut},         {"CONTRADICTED", WallState::kContradicted}};

Instant minute(int n) { return from_micros(1'800'000'000'000'000 + n * 60'000'000LL); }

MeterFacts meter(const std::string& id, bool online, Relay relay, std::int64_t power_w) {
    MeterFacts facts;
    facts.meter_id = id;
    facts.online = online;
    facts.relay = relay;
    facts.power_w = power_w;
    return facts;
}

}  // namespace

TEST_CASE("The highest state of a room wins") {
    // fee state, link, commands, occupancy => wall state
    const char* table = R"(
        normal  online fine     let    => NORMAL
        normal  online fine     empty  => VACANT
        low1    online fine     let    => LOW1
        low2    online fine     let    => LOW2
        low3    online fine     let    => LOW3
        normal  lost   fine     let    => LOST
        normal  lost   fine     empty  => LOST
        low1    lost   fine     let    => LOST
        low3    lost   fine     let    => LOST
        arrears online fine     let    => ARREARS
        arrears lost   fine     let    => ARREARS
        cut     online fine     let    => CUT
        cut     lost   fine     let    => CUT
        normal  online disputed let    => CONTRADICTED
        normal  online disputed empty  => CONTRADICTED
        low3    lost   disputed let    => CONTRADICTED
        arrears online disputed let    => CONTRADICTED
        cut     lost   disputed let    => CONTRADICTED
        normal  online held     let    => TRIPPED
        normal  online held     empty  => TRIPPED
        low3    lost   held     let    => TRIPPED
        arrears online held     let    => TRIPPED
        cut     online held     let    => CUT
    )";
    std::istringstream lines(table);
    std::string fee, link, commands, occupancy, arrow, expected;
    int checked = 0;
    while (lines >> fee >> link >> commands >> occupancy >> arrow >> expected) {
        CAPTURE(fee, link, commands, occupancy);
        CHECK(wall_state({commands == "disputed", kFeeStates.at(fee), commands == "held",
                          link == "lost", occupancy == "empty"}) == kWallStates.at(expected));
        ++checked;
    }
    CHECK(checked == 23);
}

TEST_CASE("Disputed until a later command is verified") {
    MeterFacts facts;
    CHECK_FALSE(is_contradicted(facts));
    facts.verified_time = minute(1);
    CHECK_FALSE(is_contradicted(facts));
    facts.contradicted_time = minute(2);
    CHECK(is_contradicted(facts));
    facts.verified_time = minute(3);
    CHECK_FALSE(is_contradicted(facts));
    facts.verified_time.reset();
    CHECK(is_contradicted(facts));
}

TEST_CASE("Tripped is an open relay that something but money holds") {
    MeterFacts facts = meter("e", true, Relay::kOpen, 0);
    CHECK_FALSE(is_tripped(facts));
    facts.holds = {HoldFacts{Holder::kMoney, minute(1), "prepay-account", "", {}, "c-1", false}};
    CHECK_FALSE(is_tripped(facts));
    facts.holds.push_back({Holder::kOperator, minute(2), "user:li", "fire", {}, "c-2", true});
    CHECK(is_tripped(facts));
    const RoomFacts room{"r", "s", "1", "2", "1-201", {"e"}};
    const WallRow row = compose_row(room, {&facts}, "a", nullptr, nullptr);
    CHECK(row.state == WallState::kTripped);
    CHECK(row.holds == facts.holds);
    facts.relay = Relay::kClosed;
    CHECK_FALSE(is_tripped(facts));
    facts = meter("e", true, Relay::kOpen, 0);
    facts.foreign_open = true;
    CHECK(is_tripped(facts));
}

TEST_CASE("A room is the sum of its meters") {
    const RoomFacts room{"r", "s", "1", "2", "1-201", {"e", "w"}};
    MeterFacts power = meter("e", true, Relay::kOpen, 1200);
    MeterFacts water = meter("w", true, Relay::kUnknown, 0);
    power.read_time = minute(5);
    water.read_time = minute(7);
    AccountFacts account{"a", "Chen", Money::from_yuan(-3), FeeState::kArrears, true};
    const DayFacts today{
        "r", {2026, 1, 1}, Quantity::wh(5), Quantity::ml(0), Money::from_micros(6)};
    const WallRow row = compose_row(room, {&power, &water}, "a", &account, &today);
    CHECK(row.online);
    CHECK(row.relay == Relay::kOpen);
    CHECK(row.power_w == 1200);
    CHECK(row.read_time == minute(7));
    CHECK(row.state == WallState::kArrears);
    CHECK(row.keep_power);
    CHECK(row.balance == Money::from_yuan(-3));
    CHECK(row.energy_today == Quantity::wh(5));
    CHECK(row.amount_today == Money::from_micros(6));

    SECTION("water is shown where a meter counts it") {
        CHECK_FALSE(row.water_today.has_value());
        water.resource = Resource::kWater;
        CHECK(compose_row(room, {&power, &water}, "a", &account, &today).water_today ==
              Quantity::ml(0));
        CHECK(compose_row(room, {&power, &water}, "a", &account, nullptr).water_today ==
              Quantity::ml(0));
        const DayFacts wet{"r", {2026, 1, 1}, Quantity(), Quantity::ml(90), Money()};
        CHECK(compose_row(room, {&power, &water}, "a", &account, &wet).water_today ==
              Quantity::ml(90));
        CHECK(compose_row(room, {&power}, "a", &account, &wet).water_today == Quantity::ml(90));
    }
    SECTION("one lost meter loses the room, and its last power is not counted") {
        power.online = false;
        account.fee_state = FeeState::kLow3;
        const WallRow lost = compose_row(room, {&power, &water}, "a", &account, nullptr);
        CHECK_FALSE(lost.online);
        CHECK(lost.state == WallState::kLost);
        CHECK(lost.power_w == 0);
        CHECK(lost.energy_today == Quantity());
    }
    SECTION("a meter never heard of is lost, a room without meters is not") {
        CHECK(compose_row(room, {&power}, "a", nullptr, nullptr).state == WallState::kLost);
        const RoomFacts bare{"r", "s", "1", "2", "1-202", {}};
        const WallRow empty = compose_row(bare, {}, "", nullptr, nullptr);
        CHECK(empty.state == WallState::kVacant);
        CHECK_FALSE(empty.online);
    }
}

TEST_CASE("Who pays now") {
    const std::vector<OccupancyFacts> occupancies = {
        {"o1", "r", "old", minute(0), minute(10), true},
        {"o2", "r", "new", minute(10), std::nullopt, true},
        {"o3", "r", "vacancy", minute(12), std::nullopt, false},
    };
    CHECK(occupancy_at(occupancies, minute(-1)) == nullptr);
    CHECK(occupancy_at(occupancies, minute(0))->account_id == "old");
    CHECK(occupancy_at(occupancies, minute(10))->account_id == "new");
    CHECK(occupancy_at(occupancies, minute(99))->account_id == "new");
}

TEST_CASE("Numbers in names sort by value") {
    const char* table = "1-2 1-10; 2-1 10-1; 3-201 3-201A; A1 B1; 1-02 1-3; 9 10; a1b2 a1b10";
    std::istringstream lines(table);
    std::string low, high;
    while (lines >> low >> high) {
        high = high.substr(0, high.find(';'));
        CAPTURE(low, high);
        CHECK(natural_compare(low, high) < 0);
        CHECK(natural_compare(high, low) > 0);
        CHECK(natural_compare(low, low) == 0);
    }
}
