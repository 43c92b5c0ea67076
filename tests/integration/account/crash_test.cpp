#include <catch2/catch.hpp>
#include <filesystem>

#include "integration/account/server.h"
#include "prepay/account/v1/events.pb.h"
#include "support/crash.h"
#include "support/mock_broker.h"
#include "support/outbox_parts.h"

// The service's own code dies at every crash point in a process of its own; then the day is begun
// again, as after a restart: broker, provider, gateway and clients repeat what they have no answer
// for, with the same sequences and request ids. In the end the books are those of a quiet day.
namespace prepay::account::test {

using prepay::test::crash_points_of;
using prepay::test::MockBroker;

namespace {

constexpr const char* kCharges = "prepay.billing.charges.v1";
constexpr const char* kResults = "prepay.metering.command-results.v1";
constexpr int kPartitionCount = 8;
const std::vector<std::string> kTopicsOut = {
    "prepay.account.occupancies.v1",     "prepay.account.rooms.v1",
    "prepay.account.balance-changes.v1", "prepay.account.charge-postings.v1",
    "prepay.account.payments.v1",        "prepay.account.switch-intents.v1"};

/// What is there before the day: a park with two tenants of 10 yuan each.
void prepare(World& world) {
    world.make_site();
    world.make_account("r1", 10 * kYuan);
    world.make_account("r2", 10 * kYuan);
}

class Day {
public:
    Day(const std::string& database_url, const std::string& brokers, const std::string& folder)
        : world(8, database_url), pay_(world, {}, folder), server_(world, pay_) {
        pg::DatabaseOptions own;
        own.url = database_url;
        own.schema = "account";
        relay_ = prepay::test::new_relay(own, brokers, "prepay-account");
    }

    void run() {
        first_ = world.account_of("r1");
        second_ = world.account_of("r2");
        take_charges();
        switch_off();
        pay_by_phone();
        settle();
        cash();
        publish();
    }

    /// All that must be the same whatever happened in between; nothing that depends on the moment.
    std::string summary() {
        std::string text;
        for (const char* sql :
             {"SELECT 'balance', a.kind, c.display_name, b.balance_micros, b.version,"
              " b.credit_total_micros, b.charge_total_micros FROM balances b"
              " JOIN accounts a USING (account_no) LEFT JOIN customers c USING (customer_id)"
              " WHERE a.site_id = 'park-1' ORDER BY a.kind, c.display_name",
              "SELECT 'entry', c.display_name, a.kind, o.kind, e.kind, e.amount_micros,"
              " e.balance_after_micros, e.account_version,"
              " CASE WHEN e.source_kind = 'charge' THEN e.source_id END FROM entries e"
              " JOIN accounts a USING (account_no) LEFT JOIN customers c USING (customer_id)"
              " JOIN accounts o ON o.account_no = e.counter_no"
              " ORDER BY c.display_name, a.kind, e.account_version",
              "SELECT 'order', c.display_name, o.kind, o.state, o.amount_micros,"
              " o.balance_after_micros, o.provider_transaction_id IS NOT NULL, o.prepay_id <> ''"
              " FROM orders o JOIN accounts a USING (account_no) JOIN customers c"
              " USING (customer_id) ORDER BY c.display_name, o.kind, o.amount_micros",
              "SELECT 'suspense', provider_transaction_id, amount_micros, reason, outcome"
              " FROM suspense_items LEFT JOIN suspense_settlements"
              " USING (provider_transaction_id)",
              "SELECT 'credited notices', count(*) FROM wechat_notices WHERE outcome = 'CREDITED'",
              "SELECT 'intent', meter_id, seq, action, state, balance_micros FROM switch_intents"
              " ORDER BY meter_id, seq",
              "SELECT 'relay', meter_id, relay, last_seq, settled_seq FROM meter_switches"
              " ORDER BY meter_id",
              "SELECT 'inbox', topic, partition, next_offset, last_sequence FROM inbox_positions"
              " ORDER BY topic, partition",
              "SELECT 'gaps', count(*) FROM (SELECT topic, partition, count(*) AS n,"
              " count(DISTINCT sequence) AS d, max(sequence) AS last FROM outbox GROUP BY 1, 2) s"
              " JOIN outbox_positions p USING (topic, partition)"
              " WHERE n <> last OR d <> n OR published_sequence <> last OR next_sequence <> last + "
              "1",
              "SELECT 'answers', count(*) FROM request_answers",
              "SELECT 'dead', count(*) FROM dead_letters",
              "SELECT 'redirected', charge_id, named_account_id FROM redirected_charges"}) {
            text += world.show(sql);
        }
        return text + announced();
    }

    World world;

private:
    /// Facts in the messages; how many share a message depends on the accounts' partitions.
    std::string announced() {
        std::map<std::string, int> facts;
        for (const auto& event : world.published<v1::BalancesChanged>(kTopicsOut[2])) {
            facts["balances"] += event.changes_size();
        }
        for (const auto& event : world.published<v1::ChargesPosted>(kTopicsOut[3])) {
            for (const auto& charge : event.charges()) {
                ++facts["charge " + charge.charge_id()];
            }
        }
        for (const auto& event : world.published<v1::PaymentsRecorded>(kTopicsOut[4])) {
            facts["orders"] += event.orders_size();
        }
        for (const auto& event : world.published<v1::SwitchIntentChanged>(kTopicsOut[5])) {
            ++facts[event.intent().meter_id() + " intent revision " +
                    std::to_string(event.revision())];
        }
        std::string text;
        for (const auto& [name, count] : facts) {
            text += "announced " + name + " " + std::to_string(count) + "\n";
        }
        return text;
    }

    void deliver(const char* topic, std::int64_t offset, kafka::Message message) {
        message.topic = topic;
        message.offset = offset;
        message.sequence = offset + 1;
        const Status status = inbox_.apply({message});
        INFO(error_message(status));
        REQUIRE(status.ok());
    }

    void take_charges() {
        for (const char* topic : {kCharges, kResults}) {
            REQUIRE(inbox_.claim(topic, 0).ok());
        }
        std::vector<TestCharge> morning;
        for (int i = 1; i <= 6; ++i) {
            morning.push_back({i, first_, 5 * kYuan / 2, ""});
        }
        morning.push_back({7, second_, kYuan, ""});
        deliver(kCharges, 0, World::charge_message(morning));
        deliver(kCharges, 1,
                World::charge_message({{8, second_, 3 * kYuan, ""},
                                       {9, second_, -kYuan, "7"},
                                       {10, "nobody", kYuan, ""},
                                       {11, "", kYuan, ""}}));
    }

    void switch_off() {
        v1::ClaimSwitchIntentRequest claim;
        claim.set_claimant("gateway-1");
        claim.set_intent_id(intent_of("r1-m1"));
        const auto claimed = server_.call(server_.service, &Desk::ClaimSwitchIntent, claim);
        INFO(error_reason(claimed.status()) << " " << error_message(claimed.status()));
        REQUIRE(claimed.ok());
        deliver(kResults, 0,
                World::result_message(claim.intent_id(), "r1-m1",
                                      metering::v1::COMMAND_STATE_VERIFIED, world.clock.now()));
    }

    std::string intent_of(const std::string& meter_id) {
        const std::string text = world.show(
            "SELECT intent_id FROM switch_intents WHERE action = 'trip' AND meter_id = '" +
            meter_id + "' ORDER BY seq LIMIT 1");
        REQUIRE(text.size() > 2);
        return text.substr(0, text.find(' '));
    }

    void pay_by_phone() {
        v1::CreatePaymentRequest wanted;
        wanted.set_request_id("payment-of-the-day");
        wanted.set_amount_micros(50 * kYuan);
        wanted.set_openid("openid-1");
        const auto created = server_.call(server_.tenant(first_), &Tenant::CreatePayment, wanted);
        INFO(error_reason(created.status()) << error_message(created.status()));
        // A phone that repeats after the credit is told so; the order is named.
        REQUIRE((created.ok() || error_reason(created.status()) == "ORDER_NOT_PENDING"));
        const std::string order_id = created.ok() ? created->order().order_id()
                                                  : error_metadata(created.status()).at("order_id");
        REQUIRE(pay_.provider->pay_order(order_id, nullptr).status == 200);
        REQUIRE(server_.hand_over(pay_.notice(order_id)).ok());
        // I-8: what was answered with success is in the books.
        REQUIRE(pay_.order_state(order_id) == "credited");
    }

    /// The same order is paid a second time, and the desk gives the money to the second tenant.
    void settle() {
        const std::string order_id = world.show(
            "SELECT order_id FROM orders WHERE openid <> '' ORDER BY create_time LIMIT 1");
        provider::Faults faults;
        faults.drop_notices = true;
        faults.lie = {{"transaction_id", "paid-once-more"}};
        pay_.provider->set_faults(faults);
        REQUIRE(server_.hand_over(pay_.notice(order_id.substr(0, order_id.find(' ')))).ok());
        v1::SettleSuspenseRequest wanted;
        wanted.set_request_id("settlement-of-the-day");
        wanted.set_provider_transaction_id("paid-once-more");
        wanted.set_outcome(v1::SUSPENSE_OUTCOME_CREDIT_ACCOUNT);
        wanted.set_account_id(second_);
        const auto settled = server_.call(server_.cashier, &Desk::SettleSuspense, wanted);
        INFO(error_reason(settled.status()) << " " << error_message(settled.status()));
        REQUIRE(settled.ok());
    }

    void cash() {
        v1::TopUpRequest in;
        in.set_request_id("top-up-of-the-day");
        in.set_account_id(second_);
        in.set_amount_micros(5 * kYuan);
        REQUIRE(server_.call(server_.cashier, &Desk::TopUp, in).ok());
        v1::RefundRequest out;
        out.set_request_id("refund-of-the-day");
        out.set_account_id(second_);
        out.set_amount_micros(2 * kYuan);
        REQUIRE(server_.call(server_.cashier, &Desk::Refund, out).ok());
    }

    void publish() {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        const auto waiting = [&] {
            return world.count(
                "SELECT count(*) FROM outbox o LEFT JOIN outbox_positions p"
                " USING (topic, partition) WHERE o.sequence IS NULL"
                " OR o.sequence > p.published_sequence");
        };
        while (waiting() > 0 && std::chrono::steady_clock::now() < deadline) {
            const auto published = relay_->run_once();
            INFO(error_message(published.status()));
            REQUIRE(published.ok());
        }
        REQUIRE(waiting() == 0);
    }

    PayWorld pay_;
    AccountServer server_;
    outbox::Subscriber inbox_{{},
                              *world.database,
                              world.outbox,
                              outbox::OwnerCalls{prepay::test::no_replay(), {}, {}},
                              [this](pqxx::work& tx, const std::vector<kafka::Message>& messages) {
                                  return outbox::handle(world.intake.handlers(), tx, messages);
                              }};
    std::unique_ptr<outbox::Relay> relay_;
    std::string first_;
    std::string second_;
};

std::unique_ptr<MockBroker> new_broker() {
    auto broker = std::make_unique<MockBroker>();
    for (const std::string& topic : kTopicsOut) {
        broker->create_topic(topic, kPartitionCount);
    }
    return broker;
}

/// Every message of the outbox reached the broker, in order; only repetitions beside them.
void check_broker(Day& day, const MockBroker& broker) {
    std::map<std::pair<std::string, int>, std::vector<std::int64_t>> distinct;
    for (const auto& [place, sequences] : broker.sequences(kTopicsOut, kPartitionCount)) {
        for (const std::int64_t sequence : sequences) {
            auto& seen = distinct[place];
            if (seen.empty() || sequence > seen.back()) {
                seen.push_back(sequence);
            }
        }
    }
    std::int64_t count = 0;
    for (const auto& [place, sequences] : distinct) {
        CAPTURE(place.first, place.second);
        CHECK(sequences.front() == 1);
        CHECK(sequences.back() == static_cast<std::int64_t>(sequences.size()));
        count += static_cast<std::int64_t>(sequences.size());
    }
    CHECK(count == day.world.count("SELECT count(*) FROM outbox"));
}

/// Killed at each of the crash points, the day ends as a quiet one.
void kill_at_each(std::vector<std::string> points) {
    const std::string folder =
        std::filesystem::temp_directory_path() / ("prepay-day-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder);
    std::string quiet;
    points.insert(points.begin(), "");
    for (const std::string& point : points) {
        INFO("crash point " << point);
        World before(4);
        prepare(before);
        const std::string url = before.scratch->options().url;
        const auto broker = new_broker();
        if (!point.empty()) {
            REQUIRE(prepay::test::dies_at(point, "[.account-day]",
                                          {{"ACCOUNT_DAY_DATABASE", url},
                                           {"ACCOUNT_DAY_BROKERS", broker->brokers()},
                                           {"ACCOUNT_DAY_FOLDER", folder}}));
        }
        Day day(url, broker->brokers(), folder);
        day.run();
        quiet = point.empty() ? day.summary() : quiet;
        CHECK(day.summary() == quiet);
        CHECK(day.world.audit().empty());
        if (point.empty() || point.starts_with("outbox.")) {
            check_broker(day, *broker);
        }
    }
    INFO(quiet);
    CHECK(quiet.find("purse Customer of r1 45000000 8 60000000 15000000") != std::string::npos);
    CHECK(quiet.find("purse Customer of r2 60000000 7 63000000 3000000") != std::string::npos);
    std::filesystem::remove_all(folder);
}

}  // namespace

TEST_CASE("the day that a crash ends", "[.account-day]") {
    Day day(prepay::test::environment("ACCOUNT_DAY_DATABASE"),
            prepay::test::environment("ACCOUNT_DAY_BROKERS"),
            prepay::test::environment("ACCOUNT_DAY_FOLDER"));
    day.run();
}

// In parts, none of which takes long.
TEST_CASE("killed at every crash point of the ledger, the day ends as a quiet one (I-1, I-2)") {
    SKIP_WITHOUT_POSTGRES();
    kill_at_each(crash_points_of({"ledger"}));
}

TEST_CASE("killed at every crash point of payments, the day ends as a quiet one (I-7, I-8)") {
    SKIP_WITHOUT_POSTGRES();
    kill_at_each(crash_points_of({"payment"}));
}

TEST_CASE("killed at every crash point of credit and inbox, the day ends as a quiet one (I-3)") {
    SKIP_WITHOUT_POSTGRES();
    kill_at_each(crash_points_of({"credit", "inbox"}));
}

TEST_CASE("killed at every crash point of the outbox, the day ends as a quiet one (I-19)") {
    SKIP_WITHOUT_POSTGRES();
    kill_at_each(crash_points_of({"outbox"}));
}

}  // namespace prepay::account::test
