#include <catch2/catch.hpp>

#include "core/ids.h"
#include "integration/billing/billing_fixture.h"
#include "pg/row.h"
#include "prepay/billing/v1/events.pb.h"

namespace prepay::billing {
namespace {

using testing::Billing;
using testing::march;
using testing::occupancy;
using testing::reading;

using Charges = std::map<std::string, std::string>;  // By id, serialized.

void collect(const std::string& payload, Charges& charges) {
    v1::ChargesRated event;
    REQUIRE(event.ParseFromString(payload));
    CHECK_FALSE(event.header().event_id().empty());
    for (const v1::Charge& charge : event.charges()) {
        CHECK(charges.emplace(charge.charge_id(), charge.SerializeAsString()).second);
    }
}

Charges told(Billing& billing) {
    constexpr int kPartitions = 8;
    Charges charges;
    for (int partition = 0; partition < kPartitions; ++partition) {
        REQUIRE(billing.database
                    ->read([&](pqxx::work& tx) {
                        return billing.charge_events.tell(
                            tx, {"prepay.billing.charges.v1", partition, kPartitions, 0, {}},
                            [&](const outbox::NewMessage& message) {
                                CHECK(partition_of(message.key, kPartitions) == partition);
                                collect(message.payload, charges);
                                return absl::OkStatus();
                            });
                    })
                    .ok());
    }
    return charges;
}

Charges published(Billing& billing) {
    Charges charges;
    REQUIRE(billing.database
                ->read([&](pqxx::work& tx) {
                    for (const pg::Row row :
                         tx.exec("SELECT payload FROM outbox"
                                 " WHERE topic = 'prepay.billing.charges.v1' ORDER BY outbox_id")) {
                        collect(row.bytes("payload"), charges);
                    }
                    return absl::OkStatus();
                })
                .ok());
    return charges;
}

/// Two payers, a charge that was reversed, and intervals in which nothing was used.
void live(Billing& billing) {
    billing.tariff("flat", testing::kFlatTariff);
    REQUIRE(billing.assign("flat", {"m-1"}, march(1)).ok());
    REQUIRE(billing.send_occupancies({{"m-1", occupancy("vacancy", march(1))}}).ok());
    REQUIRE(billing
                .send_readings("m-1", {reading(march(1), 0), reading(march(2), 100),
                                       reading(march(3), 100), reading(march(4), 300)})
                .ok());
    REQUIRE(billing
                .send_occupancies({{"m-1", occupancy("vacancy", march(1), march(2, 12), 2)},
                                   {"m-1", occupancy("alice", march(2, 12))}})
                .ok());
    REQUIRE(billing.send_readings("m-1", {reading(march(5), 450)}).ok());
}

}  // namespace

TEST_CASE("a snapshot tells the very charges that were published, reversed ones too") {
    if (!Billing::available()) {
        return;
    }
    Billing billing;
    live(billing);
    const Charges charges = published(billing);
    CHECK(charges.size() >= 5);
    CHECK(told(billing) == charges);
}

TEST_CASE("readings that a snapshot tells again change no charge") {
    if (!Billing::available()) {
        return;
    }
    Billing billing;
    live(billing);
    const Charges charges = published(billing);
    REQUIRE(billing
                .send_readings(
                    "m-1", {reading(march(1), 0), reading(march(2), 100), reading(march(3), 100),
                            reading(march(4), 300), reading(march(5), 450)})
                .ok());
    for (int day = 5; day > 0; --day) {
        const std::int64_t registers[] = {0, 100, 100, 300, 450};
        REQUIRE(billing.send_readings("m-1", {reading(march(day), registers[day - 1])}).ok());
    }
    CHECK(published(billing) == charges);
}

TEST_CASE("charges are given by id, in the order asked") {
    if (!Billing::available()) {
        return;
    }
    Billing billing;
    live(billing);
    const Charges charges = published(billing);
    v1::GetChargesRequest request;
    for (auto place = charges.rbegin(); place != charges.rend(); ++place) {
        request.add_charge_ids(place->first);
    }
    request.add_charge_ids("999999");
    const auto response = billing.charge_rpc.get_charges(billing.call("GetCharges"), request);
    REQUIRE(response.ok());
    REQUIRE(response->charges_size() == static_cast<int>(charges.size()));
    int i = 0;
    for (auto place = charges.rbegin(); place != charges.rend(); ++place) {
        CHECK(response->charges(i++).SerializeAsString() == place->second);
    }
    request.add_charge_ids("12x");
    CHECK(error_reason(
              billing.charge_rpc.get_charges(billing.call("GetCharges"), request).status()) ==
          "FIELD_INVALID");
    request.clear_charge_ids();
    CHECK(error_reason(
              billing.charge_rpc.get_charges(billing.call("GetCharges"), request).status()) ==
          "FIELD_INVALID");
}

}  // namespace prepay::billing
