#include "app/wall_image.h"

#include <catch2/catch.hpp>

using namespace prepay;
using namespace prepay::reporting;

namespace {

Instant at(const std::string& text) { return parse_time(text).value(); }

WallFacts park(int room_count) {
    WallFacts facts;
    facts.sites.push_back({"park", TimeZone::load("Asia/Shanghai").value()});
    for (int i = 1; i <= room_count; ++i) {
        const std::string n = std::to_string(i);
        facts.rooms.push_back({"r" + n,
                               "park",
                               i % 2 == 0 ? "B2" : "B1",
                               std::to_string(i % 3),
                               "1-" + n,
                               {"m" + n}});
        MeterFacts meter;
        meter.meter_id = "m" + n;
        meter.online = true;
        facts.meters.push_back(meter);
        facts.occupancies.push_back(
            {"o" + n, "r" + n, "a" + n, at("2026-01-01T00:00:00Z"), std::nullopt, true});
        facts.accounts.push_back(
            {"a" + n, "Customer " + n, Money::from_yuan(i), FeeState::kNormal, false});
    }
    return facts;
}

WallRow row_of(const WallImage& image, const std::string& room_id) {
    for (const WallImage::Row& row : image.changes_since(0, "").rows) {
        if (row->room_id == room_id) {
            return *row;
        }
    }
    throw std::runtime_error("no room " + room_id);
}

}  // namespace

TEST_CASE("Today's figures end at the site's midnight") {
    WallImage image;
    WallFacts facts = park(1);
    facts.days.push_back(
        {"r1", {2026, 11, 22}, Quantity::wh(900), Quantity::ml(0), Money::from_micros(450)});
    image.apply(facts, at("2026-11-22T15:00:00Z"));  // 23:00 in Shanghai.
    CHECK(image.local_dates(at("2026-11-22T15:00:00Z")) == std::set<LocalDate>{{2026, 11, 22}});
    CHECK(row_of(image, "r1").energy_today == Quantity::wh(900));
    const std::uint64_t before = image.changes_since(0, "").change_number;

    image.apply({}, at("2026-11-22T15:59:59Z"));
    CHECK(image.changes_since(before, "").rows.empty());

    image.apply({}, at("2026-11-22T16:00:00Z"));
    CHECK(image.changes_since(before, "").rows.size() == 1);
    CHECK(row_of(image, "r1").energy_today == Quantity());
    CHECK(row_of(image, "r1").amount_today == Money());

    WallFacts next;
    next.days.push_back(
        {"r1", {2026, 11, 23}, Quantity::wh(5), Quantity::ml(0), Money::from_micros(2)});
    image.apply(next, at("2026-11-22T16:01:00Z"));
    CHECK(row_of(image, "r1").energy_today == Quantity::wh(5));

    // A late charge of yesterday does not come back as today's.
    WallFacts late;
    late.days.push_back(
        {"r1", {2026, 11, 22}, Quantity::wh(950), Quantity::ml(0), Money::from_micros(475)});
    image.apply(late, at("2026-11-22T16:02:00Z"));
    CHECK(row_of(image, "r1").energy_today == Quantity::wh(5));
}

TEST_CASE("An occupancy that ends by itself empties the room") {
    WallImage image;
    WallFacts facts = park(1);
    facts.occupancies[0].end_time = at("2026-11-22T12:00:00Z");
    image.apply(facts, at("2026-11-22T11:00:00Z"));
    CHECK(row_of(image, "r1").account_id == "a1");
    image.apply({}, at("2026-11-22T12:00:00Z"));
    CHECK(row_of(image, "r1").account_id.empty());
    CHECK(row_of(image, "r1").state == WallState::kVacant);
    CHECK(row_of(image, "r1").balance == Money());
}

TEST_CASE("A withdrawn occupancy leaves the one before") {
    WallImage image;
    image.apply(park(1), at("2026-11-22T11:00:00Z"));
    WallFacts change;
    change.occupancies.push_back(
        {"o-late", "r1", "a9", at("2026-11-01T00:00:00Z"), std::nullopt, true});
    change.accounts.push_back({"a9", "Nine", Money::from_yuan(9), FeeState::kCut, false});
    image.apply(change, at("2026-11-22T11:00:01Z"));
    CHECK(row_of(image, "r1").customer_name == "Nine");
    CHECK(row_of(image, "r1").state == WallState::kCut);
    change.occupancies[0].is_effective = false;
    image.apply(change, at("2026-11-22T11:00:02Z"));
    CHECK(row_of(image, "r1").customer_name == "Customer 1");
}

TEST_CASE("Facts may come in any order") {
    const Instant now = at("2026-11-22T11:00:00Z");
    const WallFacts all = park(3);
    WallImage forward;
    forward.apply(all, now);
    WallImage backward;
    WallFacts part;
    part.accounts = all.accounts;
    backward.apply(part, now);
    part = {};
    part.meters = all.meters;
    backward.apply(part, now);
    part = {};
    part.occupancies = all.occupancies;
    backward.apply(part, now);
    part = {};
    part.rooms = all.rooms;
    backward.apply(part, now);
    part = {};
    part.sites = all.sites;
    backward.apply(part, now);
    for (const char* id : {"r1", "r2", "r3"}) {
        CHECK(row_of(forward, id) == row_of(backward, id));
    }
}

TEST_CASE("Only rooms that look different count as changed") {
    WallImage image;
    const Instant now = at("2026-11-22T11:00:00Z");
    image.apply(park(1000), now);
    const std::uint64_t number = image.changes_since(0, "park").change_number;
    image.apply(park(1000), now);
    CHECK_FALSE(image.wait_for_change(number, Duration(0)));
    WallFacts change;
    MeterFacts meter;
    meter.meter_id = "m7";
    meter.online = false;
    change.meters.push_back(meter);
    image.apply(change, now);
    const WallImage::Changes changes = image.changes_since(number, "park");
    REQUIRE(changes.rows.size() == 1);
    CHECK(changes.rows[0]->state == WallState::kLost);
    CHECK(image.changes_since(number, "elsewhere").rows.empty());
}

TEST_CASE("Filters, search, order and pages of the wall") {
    WallImage image;
    const Instant now = at("2026-11-22T11:00:00Z");
    WallFacts facts = park(12);
    facts.accounts[4].fee_state = FeeState::kCut;
    image.apply(facts, now);

    WallFilter by_state;
    by_state.states = {WallState::kCut};
    REQUIRE(image.list(by_state, "", 10).rows.size() == 1);
    CHECK(image.list(by_state, "", 10).rows[0]->room_id == "r5");
    WallFilter by_name;
    by_name.query = "cusTomer 12";
    CHECK(image.list(by_name, "", 10).rows.size() == 1);
    WallFilter by_meter;
    by_meter.query = "M11";
    CHECK(image.list(by_meter, "", 10).rows.size() == 1);
    WallFilter by_place;
    by_place.building = "B2";
    by_place.floor = "0";
    CHECK(image.list(by_place, "", 10).rows.size() == 2);  // 6 and 12

    std::vector<std::string> names;
    std::string after;
    while (true) {
        const WallImage::Page page = image.list({}, after, 5);
        for (const WallImage::Row& row : page.rows) {
            names.push_back(row->building + "/" + row->floor + "/" + row->display_name);
        }
        if (!page.has_more) {
            break;
        }
        after = page.rows.back()->room_id;
    }
    CHECK(names == std::vector<std::string>{"B1/0/1-3", "B1/0/1-9", "B1/1/1-1", "B1/1/1-7",
                                            "B1/2/1-5", "B1/2/1-11", "B2/0/1-6", "B2/0/1-12",
                                            "B2/1/1-4", "B2/1/1-10", "B2/2/1-2", "B2/2/1-8"});
}
