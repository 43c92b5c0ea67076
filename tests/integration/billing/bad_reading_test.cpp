#include <catch2/catch.hpp>

#include "integration/billing/billing_fixture.h"
#include "prepay/metering/v1/events.pb.h"

namespace prepay::billing {
namespace {

using testing::AccountSum;
using testing::Billing;
using testing::march;
using testing::occupancy;
using testing::reading;

constexpr const char* kTopic = "prepay.metering.readings.v1";

/// Billing behind a subscriber, as the service has it, given its messages by hand.
struct Intake {
    Intake()
        : subscriber({"", "prepay-billing", {kTopic}, 500, std::chrono::milliseconds(1), {}, {}},
                     *billing.database, billing.outbox, {},
                     [this](pqxx::work& tx, const std::vector<kafka::Message>& messages) {
                         return outbox::handle(billing.events.handlers(), tx, messages);
                     }) {
        billing.tariff("flat", testing::kFlatTariff);
        REQUIRE(billing.assign("flat", {"m-1"}, march(1)).ok());
        REQUIRE(billing.send_occupancies({{"m-1", occupancy("alice", march(1))}}).ok());
        REQUIRE(subscriber.claim(kTopic, 0).ok());
    }

    kafka::Message message(const std::vector<Reading>& readings) {
        kafka::Message made;
        made.topic = kTopic;
        made.partition = 0;
        made.offset = next_offset++;
        made.sequence = next_offset;
        made.payload = Billing::readings_payload("m-1", readings);
        return made;
    }

    std::int64_t count(const std::string& sql) {
        return billing.database
            ->read([&](pqxx::work& tx) -> Result<std::int64_t> {
                return tx.exec1(sql)[0].as<std::int64_t>();
            })
            .value();
    }

    metering::v1::ReadingsRecorded dead_letter() {
        metering::v1::ReadingsRecorded event;
        REQUIRE(billing.database
                    ->read([&](pqxx::work& tx) -> Status {
                        const auto row = tx.exec1("SELECT payload FROM dead_letters");
                        REQUIRE(event.ParseFromString(pqxx::binarystring(row[0]).str()));
                        return absl::OkStatus();
                    })
                    .ok());
        return event;
    }

    Billing billing;
    outbox::Subscriber subscriber;
    std::int64_t next_offset = 0;
};

/// What 300 Wh cost at 0.50.
const AccountSum kPaid{300, 150'000};

}  // namespace

TEST_CASE("a bad reading is set aside alone: its neighbours are charged, a redrive charges once") {
    if (!Billing::available()) {
        return;
    }
    Intake intake;
    Billing& billing = intake.billing;
    const kafka::Message base = intake.message({reading(march(1), 1'000)});
    const kafka::Message mixed = intake.message(
        {reading(march(1, 1), 1'100), reading(march(1, 2), -5), reading(march(1, 3), 1'300)});
    REQUIRE(intake.subscriber.apply({base, mixed}).ok());
    CHECK(billing.open_charges("m-1").size() == 2);
    CHECK(billing.sums().at("alice") == kPaid);
    CHECK(intake.subscriber.dead_letter_count().value() == 1);
    CHECK(intake.count("SELECT count(*) FROM dead_letters WHERE sequence = " +
                       std::to_string(mixed.sequence) + " AND reason LIKE '%m-1%negative%'") == 1);
    CHECK(intake.count("SELECT count(*) FROM outbox WHERE topic = '" + std::string(kTopic) +
                       ".dlq.billing'") == 1);
    REQUIRE(intake.dead_letter().readings_size() == 1);
    CHECK(intake.dead_letter().readings(0).register_total() == -5);

    INFO("again from the broker: known");
    REQUIRE(intake.subscriber.apply({mixed}).ok());
    INFO("redriven as it is: still bad, and still one");
    CHECK(intake.subscriber.redrive().value() == 0);
    CHECK(intake.count("SELECT count(*) FROM dead_letters") == 1);
    CHECK(intake.subscriber.dead_letter_count().value() == 1);
    CHECK(billing.all_charges("m-1").size() == 2);

    INFO("redriven when it can be taken: it cuts its interval in two, and nothing is paid twice");
    REQUIRE(billing.database
                ->transact([&](pqxx::work& tx) {
                    const std::string payload =
                        Billing::readings_payload("m-1", {reading(march(1, 2), 1'200)});
                    tx.exec_params("UPDATE dead_letters SET payload = $1",
                                   pqxx::binarystring(payload));
                    return absl::OkStatus();
                })
                .ok());
    CHECK(intake.subscriber.redrive().value() == 1);
    CHECK(intake.subscriber.redrive().value() == 0);
    CHECK(intake.subscriber.dead_letter_count().value() == 0);
    CHECK(billing.open_charges("m-1").size() == 3);
    CHECK(billing.sums().at("alice") == kPaid);
}

TEST_CASE("a message without a good reading is set aside whole, those around it go on") {
    if (!Billing::available()) {
        return;
    }
    Intake intake;
    Billing& billing = intake.billing;
    const kafka::Message base = intake.message({reading(march(1), 1'000)});
    const kafka::Message bad =
        intake.message({reading(march(1, 1), -1), reading(from_micros(5), 1'100)});
    REQUIRE(intake.subscriber
                .apply({base, bad,
                        intake.message({reading(march(1, 2), -7), reading(march(1, 3), 1'300)})})
                .ok());
    CHECK(billing.sums().at("alice") == kPaid);
    CHECK(intake.count("SELECT count(*) FROM dead_letters") == 2);
    CHECK(intake.subscriber.redrive().value() == 0);
    CHECK(intake.count("SELECT count(*) FROM dead_letters") == 2);
    CHECK(billing.sums().at("alice") == kPaid);
}

TEST_CASE("a dead letter that holds good readings too gives them up, and keeps the bad") {
    if (!Billing::available()) {
        return;
    }
    Intake intake;
    Billing& billing = intake.billing;
    REQUIRE(intake.subscriber
                .apply({intake.message({reading(march(1), 1'000)}),
                        intake.message({reading(march(1, 1), -1)})})
                .ok());
    REQUIRE(billing.database
                ->transact([&](pqxx::work& tx) {
                    const std::string payload = Billing::readings_payload(
                        "m-1", {reading(march(1, 1), -1), reading(march(1, 2), 1'300)});
                    tx.exec_params("UPDATE dead_letters SET payload = $1",
                                   pqxx::binarystring(payload));
                    return absl::OkStatus();
                })
                .ok());
    CHECK(intake.subscriber.redrive().value() == 1);
    CHECK(billing.sums().at("alice") == kPaid);
    CHECK(intake.subscriber.dead_letter_count().value() == 1);
    CHECK(intake.subscriber.redrive().value() == 0);
    CHECK(billing.sums().at("alice") == kPaid);
}

}  // namespace prepay::billing
