#include <catch2/catch.hpp>
#include <thread>

#include "books/convert.h"
#include "integration/account/world.h"

namespace prepay::account::test {

TEST_CASE("charges lower the balance, credit raises it, the books stay at zero (I-1, I-2)") {
    SKIP_WITHOUT_POSTGRES();
    World world;
    world.make_site();
    const std::string a = world.make_account("r1", 100'000'000);
    REQUIRE(world.charge({{1, a, 1'234'567, ""}, {2, a, 1, ""}, {3, a, 0, ""}}).ok());
    CHECK(world.account(a).balance_micros() == 98'765'432);
    CHECK(world.account(a).version() == 4);
    CHECK(world.audit().empty());

    SECTION("a reversal is a new posting and old ones stay (I-6)") {
        REQUIRE(world.charge({{4, a, -1'234'567, "1"}}).ok());
        CHECK(world.account(a).balance_micros() == 99'999'999);
        CHECK(world.count("SELECT count(*) FROM entries WHERE kind = 'charge'") == 3);
        CHECK(world.count("SELECT count(*) FROM entries WHERE kind = 'reversal'") == 1);
        CHECK(world.audit().empty());
    }
    SECTION("a charge delivered again is posted once (I-3)") {
        for (int i = 0; i < 4; ++i) {
            REQUIRE(world.charge({{2, a, 1, ""}, {5, a, 10, ""}, {5, a, 10, ""}}).ok());
        }
        CHECK(world.account(a).balance_micros() == 98'765'422);
        CHECK(world.audit().empty());
        std::int64_t announced = 0;
        for (const auto& event :
             world.published<v1::ChargesPosted>("prepay.account.charge-postings.v1")) {
            announced += event.charges_size();
        }
        CHECK(announced == 4);
    }
    SECTION("the same charge with another amount is refused, nothing changes") {
        const Status status = world.charge({{6, a, 5, ""}, {2, a, 2, ""}});
        CHECK(error_reason(status) == "BAD_MESSAGE");
        CHECK(world.account(a).balance_micros() == 98'765'432);
        CHECK(world.audit().empty());
    }
}

TEST_CASE("the ledger refuses UPDATE and DELETE to its owner (I-6)") {
    SKIP_WITHOUT_POSTGRES();
    World world;
    world.make_site();
    const std::string a = world.make_account("r1", 1'000'000);
    for (const std::string& sql :
         {std::string("UPDATE entries SET amount_micros = 0"), std::string("DELETE FROM entries"),
          std::string("TRUNCATE entries"), std::string("DELETE FROM balances"),
          std::string("DELETE FROM orders"), std::string("DELETE FROM accounts")}) {
        const Status status = world.database->transact([&](pqxx::work& tx) {
            tx.exec(sql);
            return absl::OkStatus();
        });
        INFO(sql);
        CHECK_FALSE(status.ok());
        CHECK(error_message(status).find("permission denied") != std::string::npos);
    }
    std::vector<std::string> partitions;
    REQUIRE(world.database
                ->read([&](pqxx::work& tx) -> Status {
                    for (const auto& row :
                         tx.exec("SELECT inhrelid::regclass::text FROM pg_inherits"
                                 " WHERE inhparent = 'entries'::regclass")) {
                        partitions.push_back(row[0].as<std::string>());
                    }
                    return absl::OkStatus();
                })
                .ok());
    REQUIRE_FALSE(partitions.empty());
    for (const std::string& partition : partitions) {
        const Status status = world.database->transact([&](pqxx::work& tx) {
            tx.exec("DELETE FROM " + partition);
            return absl::OkStatus();
        });
        INFO(partition);
        CHECK(error_message(status).find("permission denied") != std::string::npos);
    }
    CHECK(world.account(a).balance_micros() == 1'000'000);
}

TEST_CASE("charges of unknown accounts go to vacancy and their reversals follow") {
    SKIP_WITHOUT_POSTGRES();
    World world;
    world.make_site();
    const std::string vacancy =
        "SELECT b.balance_micros FROM balances b JOIN accounts a USING (account_no)"
        " WHERE a.kind = 'vacancy' AND a.site_id = ";
    REQUIRE(
        world.charge({{1, "nobody", 700, ""}, {2, "", 50, ""}, {3, "vacancy-park-1", 5, ""}}).ok());
    CHECK(world.count(vacancy + "'park-1'") == -755);
    REQUIRE(world.charge({{4, "nobody", 11, "", "no-such-site"}}).ok());
    CHECK(world.count(vacancy + "'unassigned'") == -11);
    REQUIRE(world.charge({{5, "nobody", -700, "1"}, {6, "nobody", -11, "4", "park-1"}}).ok());
    CHECK(world.count(vacancy + "'park-1'") == -55);
    CHECK(world.count(vacancy + "'unassigned'") == 0);
    CHECK(world.audit().empty());
}

TEST_CASE("a closed account still bears its last charges, and its rest can be refunded") {
    SKIP_WITHOUT_POSTGRES();
    World world;
    world.make_site();
    const std::string a = world.make_account("r1", 10'000'000);
    REQUIRE(world.database
                ->transact([&](pqxx::work& tx) -> Status {
                    MoveOut wanted;
                    wanted.account_id = a;
                    return world.accounts.close(tx, wanted).status();
                })
                .ok());
    REQUIRE(world.charge({{1, a, 4'000'000, ""}}).ok());
    CHECK(world.account(a).balance_micros() == 6'000'000);
    CHECK(error_reason(world.top_up(a, 1'000'000).status()) == "ACCOUNT_CLOSED");
    CHECK(error_reason(world.refund(a, 6'010'000).status()) == "INSUFFICIENT_BALANCE");
    REQUIRE(world.refund(a, 6'000'000).ok());
    REQUIRE(world.charge({{2, a, 1'000'000, ""}}).ok());
    CHECK(world.account(a).balance_micros() == -1'000'000);
    CHECK(world.intents(a).empty());
    CHECK(world.audit().empty());
}

TEST_CASE("threshold crossings are published with the posting that made them") {
    SKIP_WITHOUT_POSTGRES();
    World world;
    world.make_site();
    const std::string a = world.make_account("r1", 60'000'000);
    const std::int64_t steps[] = {15'000'000, 26'000'000, 15'000'000, 4'000'000};
    std::int64_t id = 0;
    for (const std::int64_t step : steps) {
        REQUIRE(world.charge({{++id, a, step, ""}}).ok());
    }
    std::vector<v1::FeeState> crossed;
    for (const auto& event :
         world.published<v1::BalancesChanged>("prepay.account.balance-changes.v1")) {
        for (const auto& change : event.changes()) {
            if (change.account_id() == a && change.fee_state() != change.previous_fee_state()) {
                crossed.push_back(change.fee_state());
            }
            CHECK(change.balance_micros() ==
                  change.credit_total_micros() - change.charge_total_micros());
        }
    }
    CHECK(crossed == std::vector<v1::FeeState>{v1::FEE_STATE_NORMAL, v1::FEE_STATE_LOW_1,
                                               v1::FEE_STATE_LOW_2, v1::FEE_STATE_LOW_3,
                                               v1::FEE_STATE_ARREARS});
}

TEST_CASE("messages that can never be applied are named bad and change nothing") {
    SKIP_WITHOUT_POSTGRES();
    World world;
    world.make_site();
    const std::string a = world.make_account("r1", 1'000'000);
    kafka::Message broken = World::charge_message({{1, a, 5, ""}});
    broken.payload.resize(broken.payload.size() - 3);
    CHECK(error_reason(world.deliver(broken)) == "BAD_MESSAGE");
    CHECK(error_reason(world.charge({{1, a, INT64_MAX, ""}})) == "BAD_MESSAGE");
    CHECK(error_reason(world.charge({{1, a, INT64_MIN, ""}})) == "BAD_MESSAGE");
    billing::v1::ChargesRated event;
    event.add_charges()->set_charge_id("1");
    event.mutable_charges(0)->set_account_id(a);
    kafka::Message timeless;
    timeless.topic = "prepay.billing.charges.v1";
    timeless.payload = event.SerializeAsString();
    CHECK(error_reason(world.deliver(timeless)) == "BAD_MESSAGE");
    timeless.payload.clear();
    CHECK(world.deliver(timeless).ok());
    CHECK(world.account(a).version() == 1);
    CHECK(world.audit().empty());
}

TEST_CASE("cash orders are whole fen within bounds") {
    SKIP_WITHOUT_POSTGRES();
    World world;
    world.make_site();
    const std::string a = world.make_account("r1", 0);
    for (const std::int64_t amount : {0L, -10'000L, 9'999L, 15'000L, 100'000'010'000L}) {
        CHECK(error_reason(world.top_up(a, amount).status()) == "BAD_AMOUNT");
    }
    CHECK(error_reason(world.top_up("nobody", 10'000).status()) == "ACCOUNT_NOT_FOUND");
    CHECK(error_reason(world.top_up("cash-park-1", 10'000).status()) == "ACCOUNT_NOT_FOUND");
    REQUIRE(world.top_up(a, 10'000).ok());
    CHECK(error_reason(world.refund(a, 20'000).status()) == "INSUFFICIENT_BALANCE");
    CHECK(world.account(a).balance_micros() == 10'000);
    const auto recorded = world.published<v1::PaymentsRecorded>("prepay.account.payments.v1");
    REQUIRE(recorded.size() == 1);
    CHECK(recorded[0].orders(0).balance_after_micros() == 10'000);
}

}  // namespace prepay::account::test
