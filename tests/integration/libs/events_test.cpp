#include "outbox/events.h"

#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "pg/row.h"
#include "prepay/account/v1/events.pb.h"
#include "prepay/billing/v1/events.pb.h"
#include "support/fake_clock.h"
#include "support/test_database.h"
#include "telemetry/log.h"

namespace prepay::test {
namespace {

using billing::v1::ChargesRated;

constexpr const char* kTopic = "prepay.test.facts.v1";
constexpr int kPartitions = 4;

struct Stored {
    std::string topic;
    int partition = 0;
    std::string key;
    std::string payload;
    std::string trace_id;
};

// Runs `append` in a transaction; the rows in the order in which the relay takes them.
template <typename Append>
std::vector<Stored> rows_of(const TestDatabase& scratch, const Append& append) {
    const auto database = scratch.open();
    REQUIRE(database
                ->transact([&](pqxx::work& tx) {
                    append(tx);
                    return absl::OkStatus();
                })
                .ok());
    std::vector<Stored> stored;
    REQUIRE(database
                ->read([&](pqxx::work& tx) {
                    for (const pg::Row row :
                         tx.exec("SELECT topic, partition, message_key, payload, trace_id"
                                 " FROM outbox ORDER BY xid, outbox_id")) {
                        stored.push_back({row.text("topic"), row.get<int>("partition"),
                                          row.text("message_key"), row.bytes("payload"),
                                          row.text("trace_id")});
                    }
                    return absl::OkStatus();
                })
                .ok());
    return stored;
}

template <typename Event>
Event parsed(const std::string& payload) {
    Event event;
    REQUIRE(event.ParseFromString(payload));
    return event;
}

void check_header(const common::v1::EventHeader& header, Instant occur_time,
                  std::set<std::string>& event_ids) {
    CHECK(is_uuid(header.event_id()));
    CHECK(event_ids.insert(header.event_id()).second);
    CHECK(from_proto_time(header.occur_time()) == occur_time);
    CHECK(header.producer() == "prepay-test");
    CHECK(header.trace_id() == telemetry::current_trace_id());
}

std::string account_of(int i) { return "account-" + std::to_string(i); }

}  // namespace

TEST_CASE("an event gets its header and goes to its key's partition") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("events");
    const outbox::Outbox outbox(kPartitions);
    const FakeClock clock;
    const outbox::EventWriter events(outbox, clock, "prepay-test");
    const Instant occur_time = clock.now() - std::chrono::hours(1);
    const telemetry::TraceScope trace("0123456789abcdef0123456789abcdef");
    const auto stored = rows_of(scratch, [&](pqxx::work& tx) {
        ChargesRated event;
        event.add_charges()->set_account_id(account_of(1));
        events.append(tx, kTopic, account_of(1), event, occur_time);
        events.append(tx, kTopic, account_of(2), std::move(event), occur_time);
    });
    REQUIRE(stored.size() == 2);
    std::set<std::string> event_ids;
    for (int i = 0; i < 2; ++i) {
        const Stored& row = stored[static_cast<std::size_t>(i)];
        CHECK(row.topic == kTopic);
        CHECK(row.key == account_of(i + 1));
        CHECK(row.partition == partition_of(row.key, kPartitions));
        CHECK(row.trace_id == "0123456789abcdef0123456789abcdef");
        const auto event = parsed<ChargesRated>(row.payload);
        CHECK(event.charges(0).account_id() == account_of(1));
        check_header(event.header(), occur_time, event_ids);
    }
}

TEST_CASE("items become one event a partition, under its first key, in their order") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("events");
    const outbox::Outbox outbox(kPartitions);
    const FakeClock clock;
    const outbox::EventWriter events(outbox, clock, "prepay-test");
    constexpr int kItems = 40;
    const auto stored = rows_of(scratch, [&](pqxx::work& tx) {
        outbox::EventBatch batch(events, kTopic, &ChargesRated::mutable_charges);
        for (int i = 0; i < kItems; ++i) {
            auto& charge = *batch.event_of(account_of(i % 13)).add_charges();
            charge.set_account_id(account_of(i % 13));
            charge.set_charge_id(std::to_string(i));
        }
        batch.append(tx, clock.now());
        batch.append(tx, clock.now());  // Nothing is left.
        outbox::EventBatch none(events, kTopic, &ChargesRated::mutable_charges);
        (void)none.event_of(account_of(1));
        none.append(tx, clock.now());
    });
    REQUIRE(stored.size() == kPartitions);
    std::set<std::string> event_ids;
    int count = 0;
    for (int partition = 0; partition < kPartitions; ++partition) {
        const Stored& row = stored[static_cast<std::size_t>(partition)];
        CHECK(row.partition == partition);
        const auto event = parsed<ChargesRated>(row.payload);
        check_header(event.header(), clock.now(), event_ids);
        REQUIRE(event.charges_size() > 0);
        CHECK(row.key == event.charges(0).account_id());
        int last = -1;
        for (const auto& charge : event.charges()) {
            CHECK(partition_of(charge.account_id(), kPartitions) == partition);
            CHECK(std::stoi(charge.charge_id()) > last);
            last = std::stoi(charge.charge_id());
            ++count;
        }
    }
    CHECK(count == kItems);
}

TEST_CASE("events with fields of their own stay apart, and a large one is cut") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("events");
    const outbox::Outbox outbox(1);
    const FakeClock clock;
    const outbox::EventWriter events(outbox, clock, "prepay-test");
    const auto stored = rows_of(scratch, [&](pqxx::work& tx) {
        outbox::EventBatch batch(events, kTopic, &account::v1::PaymentsRecorded::mutable_orders);
        for (const char* site : {"site-b", "site-a", "site-b"}) {
            auto& event = batch.event_of(account_of(1), site);
            event.set_site_id(site);
            event.add_orders()->set_note(std::string(outbox::kPartBytesMax * 2 / 3, 'x'));
        }
        batch.append(tx, clock.now());
        ChargesRated charges;
        for (int i = 0; i < 3; ++i) {
            charges.add_charges()->set_charge_id(std::string(outbox::kPartBytesMax * 2 / 3, 'x'));
        }
        events.append(tx, kTopic, account_of(2), std::move(charges), &ChargesRated::mutable_charges,
                      clock.now());
    });
    REQUIRE(stored.size() == 6);
    std::set<std::string> event_ids;
    std::vector<std::string> sites;
    for (int i = 0; i < 3; ++i) {
        const auto event =
            parsed<account::v1::PaymentsRecorded>(stored[static_cast<std::size_t>(i)].payload);
        CHECK(event.orders_size() == 1);
        check_header(event.header(), clock.now(), event_ids);
        sites.push_back(event.site_id());
    }
    CHECK(sites == std::vector<std::string>{"site-a", "site-b", "site-b"});
    for (int i = 3; i < 6; ++i) {
        const Stored& row = stored[static_cast<std::size_t>(i)];
        CHECK(row.key == account_of(2));
        const auto event = parsed<ChargesRated>(row.payload);
        CHECK(event.charges_size() == 1);
        check_header(event.header(), clock.now(), event_ids);
    }
}

TEST_CASE("a snapshot's events have headers of now, and its refusal is passed on") {
    const outbox::Outbox outbox(1);
    const FakeClock clock;
    const outbox::EventWriter events(outbox, clock, "prepay-test");
    ChargesRated charges;
    for (int i = 0; i < 3; ++i) {
        charges.add_charges()->set_charge_id(std::string(outbox::kPartBytesMax * 2 / 3, 'x'));
    }
    std::vector<outbox::NewMessage> emitted;
    const auto keep = [&](const outbox::NewMessage& message) -> Status {
        emitted.push_back(message);
        return absl::OkStatus();
    };
    CHECK(events.emit(keep, kTopic, "key", charges, &ChargesRated::mutable_charges).ok());
    CHECK(events.emit(keep, kTopic, "key", charges).ok());
    REQUIRE(emitted.size() == 4);
    std::set<std::string> event_ids;
    for (std::size_t i = 0; i < emitted.size(); ++i) {
        CHECK(emitted[i].topic == kTopic);
        CHECK(emitted[i].key == "key");
        const auto event = parsed<ChargesRated>(emitted[i].payload);
        CHECK(event.charges_size() == (i < 3 ? 1 : 3));
        check_header(event.header(), clock.now(), event_ids);
    }
    int calls = 0;
    const auto refuse = [&](const outbox::NewMessage&) -> Status {
        ++calls;
        return unavailable("AWAY", "the asker is gone");
    };
    CHECK(error_reason(events.emit(refuse, kTopic, "key", charges,
                                   &ChargesRated::mutable_charges)) == "AWAY");
    CHECK(calls == 1);
    CHECK(error_reason(events.emit(refuse, kTopic, "key", charges)) == "AWAY");
}

}  // namespace prepay::test
