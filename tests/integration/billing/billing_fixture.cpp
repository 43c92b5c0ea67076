#include "integration/billing/billing_fixture.h"

#include <catch2/catch.hpp>
#include <cstdio>

#include "billing_migrations.h"
#include "charges/adapters/pg_charges.h"
#include "core/ids.h"
#include "core/proto_time.h"
#include "prepay/account/v1/events.pb.h"
#include "prepay/billing/v1/events.pb.h"
#include "prepay/metering/v1/events.pb.h"
#include "rating/adapters/pg_meters.h"
#include "rating/adapters/pg_pending.h"
#include "tariffs/convert.h"

namespace prepay::billing::testing {

const char* const kFlatTariff = "time_zone: UTC\nprice: 0.5\n";
const char* const kTieredTariff =
    "time_zone: Asia/Shanghai\n"
    "seasons:\n"
    "  - months: [1-12]\n"
    "    days:\n"
    "      other: [00:00-08:00 valley, 08:00-22:00 peak, 22:00-24:00 valley]\n"
    "tier_span: month\n"
    "tiers:\n"
    "  - {up_to: 2, prices: {peak: 0.511111, valley: 0.233333}}\n"
    "  - {up_to: 5, prices: {peak: 0.711111, valley: 0.333333}}\n"
    "  - prices: {peak: 0.911111, valley: 0.433333}\n";

bool Billing::available() {
    if (!test::TestDatabase::available()) {
        std::puts("SKIPPED: PREPAY_TEST_PG_URL is not set");
        return false;
    }
    return true;
}

namespace {

std::unique_ptr<pg::Database> open(const std::string& url) {
    pg::DatabaseOptions options;
    options.url = url;
    options.schema = "billing";
    return std::make_unique<pg::Database>(options);
}

}  // namespace

Billing::Billing(const std::string& database_url)
    : server(database_url.empty()
                 ? std::make_unique<test::TestDatabase>("billing", billing_migrations())
                 : nullptr),
      database(server ? server->open() : open(database_url)) {}

Status Billing::send(const std::string& topic, const std::string& payload) {
    kafka::Message message;
    message.topic = topic;
    message.offset = offset_++;
    message.sequence = message.offset + 1;
    message.payload = payload;
    return database->transact(
        [&](pqxx::work& tx) { return outbox::handle(events.handlers(), tx, {message}); });
}

std::string Billing::readings_payload(const std::string& meter_id,
                                      const std::vector<Reading>& readings,
                                      common::v1::Resource resource) {
    metering::v1::ReadingsRecorded event;
    for (const Reading& reading : readings) {
        metering::v1::Reading* proto = event.add_readings();
        proto->set_meter_id(meter_id);
        proto->set_resource(resource);
        set_time(*proto->mutable_slot_time(), reading.slot_time);
        set_time(*proto->mutable_read_time(), reading.read_time);
        proto->set_revision(reading.revision);
        proto->set_register_total(reading.total.base_units());
        proto->set_register_epoch(reading.epoch);
        proto->set_reading_id(reading.reading_id);
    }
    return event.SerializeAsString();
}

Status Billing::send_readings(const std::string& meter_id, const std::vector<Reading>& readings,
                              common::v1::Resource resource) {
    return send("prepay.metering.readings.v1", readings_payload(meter_id, readings, resource));
}

std::string Billing::occupancies_payload(
    const std::vector<std::pair<std::string, Occupancy>>& by_meter) {
    account::v1::OccupanciesChanged event;
    for (const auto& [meter_id, o] : by_meter) {
        account::v1::Occupancy* proto = event.add_occupancies();
        proto->set_occupancy_id(o.occupancy_id);
        proto->set_account_id(o.account_id);
        proto->set_room_id(o.room_id);
        proto->set_site_id(o.site_id);
        proto->set_meter_id(meter_id);
        set_time(*proto->mutable_start_time(), o.start);
        if (o.end) {
            set_time(*proto->mutable_end_time(), *o.end);
        }
        proto->set_opening_register(o.opening_register);
        proto->set_closing_register(o.closing_register);
        proto->set_revision(o.revision);
        proto->set_vacancy(o.vacancy);
        proto->set_deleted(o.deleted);
    }
    return event.SerializeAsString();
}

Status Billing::send_occupancies(const std::vector<std::pair<std::string, Occupancy>>& by_meter) {
    return send("prepay.account.occupancies.v1", occupancies_payload(by_meter));
}

rpc::CallContext Billing::call(const std::string& method) {
    rpc::CallContext context;
    context.method = "prepay.billing.v1.BillingService/" + method;
    context.identity.subject = "admin";
    context.request_id = "request-" + std::to_string(++request_);
    context.content_hash = context.request_id;
    return context;
}

void Billing::tariff(const std::string& tariff_id, const std::string& yaml) {
    v1::CreateTariffRequest request;
    request.set_tariff_id(tariff_id);
    request.set_tariff_yaml(yaml);
    set_time(*request.mutable_effective_time(), *parse_time("2010-01-01T00:00:00Z"));
    const auto created = tariff_rpc.create_tariff(call("CreateTariff"), request);
    INFO(created.status().ToString());
    REQUIRE(created.ok());
}

Result<v1::AssignTariffResponse> Billing::assign(const std::string& tariff_id,
                                                 const std::vector<std::string>& meter_ids,
                                                 Instant start) {
    v1::AssignTariffRequest request;
    request.set_tariff_id(tariff_id);
    for (const std::string& id : meter_ids) {
        request.add_meter_ids(id);
    }
    set_time(*request.mutable_start_time(), start);
    return rating_rpc.assign_tariff(call("AssignTariff"), request);
}

std::map<std::string, AccountSum> Billing::sums() {
    std::map<std::string, AccountSum> stored;
    std::map<std::string, AccountSum> published;
    const Status status = database->read([&](pqxx::work& tx) {
        for (const auto& row :
             tx.exec("SELECT account_id, sum(quantity), sum(amount_micros), sum(amount_nanos),"
                     " sum(amount_picos_rest), max(a.remainder_picos) FROM charges JOIN accounts a "
                     "USING (account_key)"
                     " GROUP BY account_id")) {
            const AccountSum sum{row[1].as<std::int64_t>(), row[2].as<std::int64_t>()};
            stored[row[0].as<std::string>()] = sum;
            // I-5: what is not charged is exactly what is carried.
            CHECK((row[3].as<std::int64_t>() - sum.amount_micros * 1000) * kPicosPerNano +
                      row[4].as<std::int64_t>() ==
                  row[5].as<std::int64_t>());
        }
        for (const auto& row : tx.exec("SELECT payload, partition FROM outbox"
                                       " WHERE topic = 'prepay.billing.charges.v1'")) {
            v1::ChargesRated event;
            REQUIRE(event.ParseFromString(pqxx::binarystring(row[0]).str()));
            for (const v1::Charge& charge : event.charges()) {
                CHECK(partition_of(charge.account_id(), 8) == row[1].as<int>());
                published[charge.account_id()].quantity += charge.quantity();
                published[charge.account_id()].amount_micros += charge.amount_micros();
            }
        }
        return absl::OkStatus();
    });
    REQUIRE(status.ok());
    CHECK(stored == published);
    return stored;
}

std::vector<Charge> Billing::open_charges(const std::string& meter_id) {
    std::vector<Charge> charges;
    const Status status = database->transact([&](pqxx::work& tx) {
        const std::vector<MeterWork> works = lock_meters(tx, {meter_id});
        charges = charges_since(tx, works[0].meter_key, *parse_time("2000-01-01T00:00:00Z"));
        return absl::OkStatus();
    });
    REQUIRE(status.ok());
    return charges;
}

std::vector<Charge> Billing::all_charges(const std::string& meter_id) {
    std::vector<Charge> charges;
    const Status status = database->read([&](pqxx::work& tx) {
        ChargeFilter filter;
        filter.meter_id = meter_id;
        filter.limit = 100'000;
        charges = list_charges(tx, filter);
        return absl::OkStatus();
    });
    INFO(status.ToString());
    REQUIRE(status.ok());
    return charges;
}

std::int64_t Billing::pending() {
    return *database->read(
        [](pqxx::work& tx) -> Result<std::int64_t> { return count_pending(tx); });
}

Reading reading(Instant time, std::int64_t wh, int epoch) {
    return {time, 0, time, RegisterTotal::from_base_units(wh), epoch, to_micros(time) / 60'000'000};
}

Occupancy occupancy(const std::string& account_id, Instant start, std::optional<Instant> end,
                    std::int64_t revision) {
    Occupancy o;
    o.occupancy_id = "occupancy-" + account_id;
    o.account_id = account_id;
    o.room_id = "room-1";
    o.site_id = "park-1";
    o.start = start;
    o.end = end;
    o.revision = revision;
    o.vacancy = account_id.rfind("vacancy", 0) == 0;
    return o;
}

Instant march(int day, int hour, int minute) {
    return TimeZone::utc().to_instant({2026, 3, day, hour, minute, 0});
}

}  // namespace prepay::billing::testing
