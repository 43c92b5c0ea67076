#include <catch2/catch.hpp>

#include "charges/convert.h"
#include "core/proto_time.h"
#include "integration/billing/billing_fixture.h"
#include "prepay/account/v1/events.pb.h"

namespace prepay::billing {
namespace {

using testing::Billing;
using testing::march;
using testing::occupancy;
using testing::reading;

template <typename T>
std::string failure(const Result<T>& result) {
    if (result.ok()) {
        return "ok";
    }
    const auto metadata = error_metadata(result.status());
    const auto field = metadata.find("field");
    return error_reason(result.status()) + (field == metadata.end() ? "" : " " + field->second);
}

TEST_CASE("tariffs are created, versioned and read back") {
    if (!Billing::available()) {
        return;
    }
    Billing billing;
    v1::CreateTariffRequest create;
    create.set_tariff_id("flat");
    create.set_display_name("Flat price");
    create.set_resource(common::v1::RESOURCE_ELECTRICITY);
    create.mutable_definition()->set_time_zone("Asia/Shanghai");
    v1::PeriodPrice* price = create.mutable_definition()->add_tiers()->add_prices();
    price->set_price_micros(500'000);
    set_time(*create.mutable_effective_time(), march(1));
    const auto context = billing.call("CreateTariff");
    const auto created = billing.tariff_rpc.create_tariff(context, create);
    REQUIRE(failure(created) == "ok");

    SECTION("the same request id gives the stored answer, another content is refused") {
        const auto again = billing.tariff_rpc.create_tariff(context, create);
        REQUIRE(again.ok());
        CHECK(again->SerializeAsString() == created->SerializeAsString());
        auto other = context;
        other.content_hash = "different";
        CHECK(failure(billing.tariff_rpc.create_tariff(other, create)) == "REQUEST_ID_REUSED");
        CHECK(failure(billing.tariff_rpc.create_tariff(billing.call("CreateTariff"), create)) ==
              "TARIFF_EXISTS");
    }
    SECTION("versions") {
        v1::AddTariffVersionRequest add;
        add.set_tariff_id("flat");
        add.set_tariff_yaml("time_zone: UTC\nprice: 0.6\n");
        set_time(*add.mutable_effective_time(), march(1));
        const auto version = [&] {
            return failure(
                billing.rating_rpc.add_tariff_version(billing.call("AddTariffVersion"), add));
        };
        CHECK(version() == "VERSION_IN_THE_PAST effective_time");
        set_time(*add.mutable_effective_time(), march(5));
        CHECK(version() == "ok");
        add.set_tariff_yaml("resource: water\ntime_zone: UTC\nprice: 0.6\n");
        set_time(*add.mutable_effective_time(), march(9));
        CHECK(version() == "RESOURCE_DIFFERS tariff_yaml");
        add.set_tariff_id("none");
        CHECK(version() == "TARIFF_NOT_FOUND");
        v1::GetTariffRequest get;
        get.set_tariff_id("flat");
        const auto tariff = billing.tariff_rpc.get_tariff(billing.call("GetTariff"), get);
        REQUIRE(tariff.ok());
        REQUIRE(tariff->tariff().versions_size() == 2);
        CHECK(tariff->tariff().versions(1).definition().tiers(0).prices(0).price_micros() ==
              600'000);
        CHECK(tariff->tariff().versions(0).create_user() == "admin");
    }
}

TEST_CASE("bad requests name the field and change nothing") {
    if (!Billing::available()) {
        return;
    }
    Billing billing;
    const auto create = [&](const std::function<void(v1::CreateTariffRequest&)>& change) {
        v1::CreateTariffRequest request;
        request.set_tariff_id("t");
        request.set_tariff_yaml(testing::kFlatTariff);
        change(request);
        return failure(billing.tariff_rpc.create_tariff(billing.call("CreateTariff"), request));
    };
    CHECK(create([](auto& r) { r.set_tariff_id("Not A Slug"); }) == "FIELD_INVALID tariff_id");
    CHECK(create([](auto& r) { r.clear_tariff_yaml(); }) == "FIELD_MISSING definition");
    CHECK(create([](auto& r) { r.mutable_definition(); }) == "FIELD_MISSING definition");
    CHECK(create([](auto& r) { r.set_tariff_yaml("time_zone: X\nprice: 1\n"); }) ==
          "BAD_TIME_ZONE time_zone");
    CHECK(create([](auto& r) { r.set_resource(static_cast<common::v1::Resource>(9)); }) ==
          "FIELD_INVALID resource");
    CHECK(create([](auto& r) { r.mutable_effective_time()->set_seconds(5); }) ==
          "FIELD_INVALID effective_time");
    CHECK(create([](auto& r) {
              r.clear_tariff_yaml();
              r.mutable_definition()->set_time_zone("UTC");
              r.set_resource(common::v1::RESOURCE_WATER);
          }) == "TIERS_COUNT definition.tiers");
    v1::ListTariffsRequest list;
    CHECK(billing.tariff_rpc.list_tariffs(billing.call("ListTariffs"), list)->tariffs_size() == 0);

    v1::AssignTariffRequest assign;
    const auto assigned = [&] {
        return failure(billing.rating_rpc.assign_tariff(billing.call("AssignTariff"), assign));
    };
    CHECK(assigned() == "FIELD_MISSING tariff_id");
    assign.set_tariff_id("none");
    CHECK(assigned() == "FIELD_MISSING meter_ids");
    assign.add_meter_ids("m-1");
    CHECK(assigned() == "TARIFF_NOT_FOUND");
    assign.add_meter_ids("m-1");
    CHECK(assigned() == "FIELD_INVALID meter_ids");
    v1::ExplainChargeRequest explain;
    explain.set_charge_id("12x");
    CHECK(failure(billing.charge_rpc.explain_charge(billing.call("ExplainCharge"), explain)) ==
          "FIELD_INVALID charge_id");
    explain.set_charge_id("12");
    CHECK(failure(billing.charge_rpc.explain_charge(billing.call("ExplainCharge"), explain)) ==
          "CHARGE_NOT_FOUND");
    v1::ListChargesRequest charges;
    CHECK(failure(billing.charge_rpc.list_charges(billing.call("ListCharges"), charges)) ==
          "FIELD_MISSING account_id");
}

TEST_CASE("assignments and new versions do not reach into what is rated") {
    if (!Billing::available()) {
        return;
    }
    Billing billing;
    billing.tariff("cheap", testing::kFlatTariff);
    billing.tariff("dear", "time_zone: UTC\nprice: 1\n");
    REQUIRE(billing.assign("cheap", {"m-1", "m-2"}, march(1)).ok());
    // Nothing is rated yet: an earlier one may still be given.
    REQUIRE(billing.assign("cheap", {"m-1", "m-2"}, march(1) - std::chrono::hours(5)).ok());
    REQUIRE(billing.send_occupancies({{"m-1", occupancy("a", march(1))}}).ok());
    REQUIRE(billing.send_readings("m-1", {reading(march(1), 0), reading(march(3), 100)}).ok());
    CHECK(failure(billing.assign("dear", {"m-2", "m-1"}, march(2))) ==
          "ASSIGNMENT_IN_THE_PAST start_time");
    CHECK(failure(billing.assign("dear", {"m-1"}, march(3))) == "ok");
    REQUIRE(billing.send_readings("m-1", {reading(march(4), 200)}).ok());
    CHECK(billing.sums().at("a").amount_micros == 50'000 + 100'000);

    v1::AddTariffVersionRequest add;
    add.set_tariff_id("dear");
    add.set_tariff_yaml("time_zone: UTC\nprice: 2\n");
    set_time(*add.mutable_effective_time(), march(3, 12));
    CHECK(failure(billing.rating_rpc.add_tariff_version(billing.call("AddTariffVersion"), add)) ==
          "VERSION_IN_THE_PAST effective_time");
    set_time(*add.mutable_effective_time(), march(4, 12));
    CHECK(failure(billing.rating_rpc.add_tariff_version(billing.call("AddTariffVersion"), add)) ==
          "ok");
    // Half of the next day at each price.
    REQUIRE(billing.send_readings("m-1", {reading(march(5), 301)}).ok());
    CHECK(billing.sums().at("a").amount_micros == 150'000 + 50'000 + 102'000);

    v1::ListAssignmentsRequest list;
    list.add_meter_ids("m-1");
    list.set_page_size(1);
    auto page = billing.tariff_rpc.list_assignments(billing.call("ListAssignments"), list);
    REQUIRE(failure(page) == "ok");
    REQUIRE(page->assignments_size() == 1);
    CHECK(page->assignments(0).tariff_id() == "cheap");
    CHECK(from_proto_time(page->assignments(0).end_time()) == march(3));
    list.set_page_token(page->next_page_token());
    page = billing.tariff_rpc.list_assignments(billing.call("ListAssignments"), list);
    REQUIRE(page->assignments_size() == 1);
    CHECK(page->assignments(0).tariff_id() == "dear");
    CHECK(!page->assignments(0).has_end_time());
    CHECK(page->next_page_token().empty());
    v1::ListTariffsRequest tariffs;
    const auto all = billing.tariff_rpc.list_tariffs(billing.call("ListTariffs"), tariffs);
    REQUIRE(all->tariffs_size() == 2);
    CHECK(all->tariffs(0).assigned_meter_count() == 1);
    CHECK(all->tariffs(1).assigned_meter_count() == 1);
}

TEST_CASE("how far meters are billed, and an account's newest charge") {
    if (!Billing::available()) {
        return;
    }
    Billing billing;
    billing.tariff("flat", testing::kFlatTariff);
    REQUIRE(billing.send_occupancies({{"m-1", occupancy("alice", march(1))}}).ok());
    REQUIRE(billing.assign("flat", {"m-1"}, march(1)).ok());
    v1::GetBilledUntilRequest request;
    request.set_account_id("alice");
    request.add_meter_ids("m-1");
    request.add_meter_ids("m-2");
    const auto ask = [&] {
        return billing.rating_rpc.get_billed_until(billing.call("GetBilledUntil"), request).value();
    };
    CHECK_FALSE(ask().meters(0).has_billed_until());
    CHECK(ask().last_charge_ids().empty());
    REQUIRE(billing.send_readings("m-1", {reading(march(2), 0), reading(march(3), 5'000)}).ok());
    // As far as billing knows the account still pays: more may come.
    CHECK_FALSE(ask().meters(0).has_billed_until());
    REQUIRE(billing
                .send_occupancies({{"m-1", occupancy("alice", march(1), march(3), 2)},
                                   {"m-1", occupancy("vacancy", march(3))}})
                .ok());
    CHECK(from_proto_time(ask().meters(0).billed_until()) == march(3));
    CHECK(ask().last_charge_ids(0) == std::to_string(billing.open_charges("m-1").back().charge_id));
    // Nothing used is billed, too.
    REQUIRE(billing.send_readings("m-1", {reading(march(4), 5'000)}).ok());
    CHECK(from_proto_time(ask().meters(0).billed_until()) == march(4));
    CHECK(ask().meters(1).meter_id() == "m-2");
    CHECK_FALSE(ask().meters(1).has_billed_until());
    request.add_meter_ids("m-1");
    CHECK(failure(billing.rating_rpc.get_billed_until(billing.call("GetBilledUntil"), request)) ==
          "FIELD_INVALID meter_ids");
    request.clear_account_id();
    CHECK(failure(billing.rating_rpc.get_billed_until(billing.call("GetBilledUntil"), request)) ==
          "FIELD_MISSING account_id");
}

TEST_CASE("B31: a charge is explained down to readings, version and arithmetic") {
    if (!Billing::available()) {
        return;
    }
    Billing billing;
    billing.tariff("tiered", testing::kTieredTariff);
    REQUIRE(billing.assign("tiered", {"m-1"}, march(1)).ok());
    REQUIRE(billing.send_occupancies({{"m-1", occupancy("a", march(1))}}).ok());
    // 07:00-09:00 in Shanghai: one hour valley, one hour peak, over the first tier border.
    REQUIRE(
        billing.send_readings("m-1", {reading(march(1, 23), 1'000), reading(march(2, 1), 4'001)})
            .ok());
    account::v1::RoomsChanged rooms;
    account::v1::Room* room = rooms.add_rooms();
    room->set_room_id("room-1");
    room->set_building("Block 3");
    room->set_display_name("3-201");
    room->set_revision(2);
    REQUIRE(billing.send("prepay.account.rooms.v1", rooms.SerializeAsString()).ok());
    room->set_display_name("an old name");
    room->set_revision(1);
    REQUIRE(billing.send("prepay.account.rooms.v1", rooms.SerializeAsString()).ok());
    v1::ListChargesRequest list;
    list.set_account_id("a");
    const auto charges = billing.charge_rpc.list_charges(billing.call("ListCharges"), list);
    REQUIRE(charges->charges_size() == 1);
    v1::ExplainChargeRequest request;
    request.set_charge_id(charges->charges(0).charge_id());
    const auto answer = billing.charge_rpc.explain_charge(billing.call("ExplainCharge"), request);
    REQUIRE(failure(answer) == "ok");
    CHECK(answer->start_register_total() == 1'000);
    CHECK(answer->end_register_total() == 4'001);
    CHECK(answer->start_reading_id() == reading(march(1, 23), 0).reading_id);
    CHECK(answer->end_reading_id() == reading(march(2, 1), 0).reading_id);
    CHECK(answer->tariff_version().version() == 1);
    CHECK(answer->tariff_version().definition().tiers_size() == 3);
    CHECK(answer->tier_quantity_before() == 0);
    CHECK(answer->tier_quantity_after() == 3'001);
    CHECK(testing::arithmetic_of(*answer) ==
          "meter m-1, room Block 3 3-201\n"
          "register 4.001 kWh - 1.000 kWh = 3.001 kWh\n"
          "counter of the month: 0.000 kWh before, 3.001 kWh after\n"
          "tier 1 valley: 1.500 kWh x 0.233333 = 0.3499995\n"
          "tier 1 peak: 0.500 kWh x 0.511111 = 0.2555555\n"
          "tier 2 peak: 1.001 kWh x 0.711111 = 0.711822111\n"
          "sum 1.317377111 + carried 0.000000 = charged 1.317377 + carried on 0.000000111\n");
}

}  // namespace
}  // namespace prepay::billing
