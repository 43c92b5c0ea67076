#include <catch2/catch.hpp>

#include "integration/billing/billing_fixture.h"
#include "support/crash.h"
#include "support/outbox_parts.h"

// The service's own code dies at every crash point in a process of its own; then the broker gives
// everything again from the beginning. In the end the charges are those of a quiet day.
namespace prepay::billing {
namespace {

using testing::Billing;
using testing::march;
using testing::occupancy;
using testing::reading;

constexpr const char* kReadings = "prepay.metering.readings.v1";
constexpr const char* kOccupancies = "prepay.account.occupancies.v1";

void prepare(Billing& billing) {
    billing.tariff("tiered", testing::kTieredTariff);
    REQUIRE(billing.assign("tiered", {"m-1", "m-2"}, march(1)).ok());
}

struct Message {
    const char* topic;
    std::string payload;
};

/// Readings of two meters, a move in the middle, a late reading and a late occupancy, which reverse
/// charges.
std::vector<Message> day() {
    std::vector<Message> messages;
    const auto readings = [&](const std::string& meter, const std::vector<Reading>& list) {
        messages.push_back({kReadings, Billing::readings_payload(meter, list)});
    };
    const auto occupancies = [&](const std::vector<std::pair<std::string, Occupancy>>& list) {
        messages.push_back({kOccupancies, Billing::occupancies_payload(list)});
    };
    occupancies({{"m-1", occupancy("vacancy", march(1), march(2))},
                 {"m-1", occupancy("alice", march(2))},
                 {"m-2", occupancy("bob", march(1))}});
    readings("m-1", {reading(march(1), 1'000), reading(march(1, 12), 1'777)});
    readings("m-2", {reading(march(1), 0), reading(march(2), 3'333), reading(march(3), 6'001)});
    readings("m-1", {reading(march(2, 6), 4'000), reading(march(3), 7'123)});
    readings("m-1", {reading(march(2, 3), 3'456)});
    occupancies(
        {{"m-2", occupancy("carol", march(2))}, {"m-2", occupancy("bob", march(1), march(2), 2)}});
    readings("m-2", {reading(march(4), 9'999)});
    readings("m-1", {reading(march(4), 8'765)});
    return messages;
}

class Day {
public:
    explicit Day(const std::string& database_url) : billing(database_url) {}

    void run() {
        for (const char* topic : {kReadings, kOccupancies}) {
            REQUIRE(inbox_.claim(topic, 0).ok());
        }
        std::map<std::string, std::int64_t> offsets;
        for (const Message& wanted : day()) {
            kafka::Message message;
            message.topic = wanted.topic;
            message.offset = offsets[wanted.topic]++;
            message.sequence = message.offset + 1;
            message.payload = wanted.payload;
            const Status status = inbox_.apply({message});
            INFO(error_message(status));
            REQUIRE(status.ok());
        }
    }

    /// All but what counts attempts: numbers of charges, epochs.
    std::string summary() {
        std::string text;
        const Status status = billing.database->read([&](pqxx::work& tx) {
            for (const char* sql :
                 {"SELECT c.kind, meter_id, account_id, c.start_time, c.end_time, c.quantity,"
                  " c.amount_micros, c.amount_nanos, c.amount_picos_rest,"
                  " c.remainder_before_picos,"
                  " c.remainder_after_picos, c.lines, r.start_time FROM charges c"
                  " JOIN meters USING (meter_key) JOIN accounts USING (account_key)"
                  " LEFT JOIN charges r ON r.charge_id = c.reversal_of ORDER BY c.charge_id",
                  "SELECT meter_id, base_register, base_read_time, first_register FROM meters"
                  " ORDER BY 1",
                  "SELECT account_id, remainder_picos FROM accounts ORDER BY 1",
                  "SELECT meter_id, account_id, tier_span, span_key, used FROM tier_counters"
                  " JOIN meters USING (meter_key) JOIN accounts USING (account_key) ORDER BY 1, 2",
                  "SELECT count(*) FROM pending_readings",
                  "SELECT topic, partition, next_offset, last_sequence FROM inbox_positions"
                  " ORDER BY 1",
                  "SELECT topic, partition, count(*) FROM outbox GROUP BY 1, 2 ORDER BY 1, 2",
                  "SELECT count(*) FROM dead_letters"}) {
                for (const auto& row : tx.exec(sql)) {
                    for (const auto& field : row) {
                        text += field.is_null() ? "- " : field.as<std::string>() + " ";
                    }
                    text += "\n";
                }
            }
            return absl::OkStatus();
        });
        REQUIRE(status.ok());
        return text;
    }

    Billing billing;

private:
    outbox::Subscriber inbox_{{},
                              *billing.database,
                              billing.outbox,
                              outbox::OwnerCalls{test::no_replay(), {}, {}},
                              [this](pqxx::work& tx, const std::vector<kafka::Message>& messages) {
                                  return outbox::handle(billing.events.handlers(), tx, messages);
                              }};
};

std::int64_t charged(Billing& billing) {
    std::int64_t energy = 0;
    for (const auto& [account, sum] : billing.sums()) {
        energy += sum.quantity;
    }
    return energy;
}

}  // namespace

TEST_CASE("the day that a crash ends", "[.billing-day]") {
    Day day(test::environment("BILLING_DAY_DATABASE"));
    day.run();
}

TEST_CASE(
    "killed at every crash point of billing and inbox, the day ends as a quiet one (I-3, I-4)") {
    if (!Billing::available()) {
        return;
    }
    std::string quiet;
    std::vector<std::string> points = {""};
    for (const std::string& name : test::crash_points_of({"billing", "inbox"})) {
        // The first charges, and those that replace others.
        for (const char* pass : {":2", ":5", ":6"}) {
            points.push_back(name + pass);
        }
    }
    for (const std::string& point : points) {
        INFO("crash point " << point);
        Billing before;
        prepare(before);
        const std::string url = before.server->options().url;
        if (!point.empty()) {
            REQUIRE(test::dies_at(point, "[.billing-day]", {{"BILLING_DAY_DATABASE", url}}));
        }
        Day day(url);
        day.run();
        quiet = point.empty() ? day.summary() : quiet;
        CHECK(day.summary() == quiet);
        CHECK(charged(day.billing) == 8'765 - 1'000 + 9'999);
    }
    CHECK(quiet.find("reversal") != std::string::npos);
}

TEST_CASE("I-3: a zombie's readings charge nothing, and the topic from offset 0 nothing twice") {
    if (!Billing::available()) {
        return;
    }
    Billing before;
    prepare(before);
    const std::string url = before.server->options().url;
    Day heir(url);
    heir.run();
    const std::string quiet = heir.summary();
    Day replayed(url);  // Takes over and gets everything again.
    replayed.run();
    CHECK(replayed.summary() == quiet);
    CHECK(charged(replayed.billing) == 8'765 - 1'000 + 9'999);
}

}  // namespace prepay::billing
