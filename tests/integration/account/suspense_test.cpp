#include <algorithm>
#include <sstream>

#include "account_migrations.h"
#include "core/ids.h"
#include "integration/account/server.h"
#include "integration/account/shop.h"
#include "pg/migrate.h"

// Money that no order could take, and its two ways out of suspense.
namespace prepay::account::test {
namespace {

std::vector<pg::Migration> migrations_before_suspense() {
    std::vector<pg::Migration> first = account_migrations();
    std::erase_if(first, [](const pg::Migration& m) { return m.file_name >= "0002"; });
    return first;
}

struct Desktop : Shop {
    AccountServer server{world, pay};
    std::string neighbour = world.make_account("r2", 20 * kYuan);

    /// A payment of 49.99 for an order of 50 yuan; gives the provider's transaction id.
    std::string underpaid(const std::string& transaction_id = "tx-underpaid") {
        const std::string order = paid_order();
        faults({{"lie", {{"total", 4999}, {"transaction_id", transaction_id}}}});
        REQUIRE(pay.payments->handle_notice(pay.notice(order)).ok());
        faults(provider::Json::object());
        return transaction_id;
    }
    static v1::SettleSuspenseRequest request(const std::string& transaction_id,
                                             v1::SuspenseOutcome outcome,
                                             const std::string& request_id = "settle-1",
                                             const std::string& account_id = "") {
        v1::SettleSuspenseRequest request;
        request.set_request_id(request_id);
        request.set_provider_transaction_id(transaction_id);
        request.set_outcome(outcome);
        request.set_account_id(account_id);
        request.set_note("spoke with the tenant");
        return request;
    }
    [[nodiscard]] Result<v1::SettleSuspenseResponse> settle(
        const v1::SettleSuspenseRequest& request) const {
        return server.call(server.cashier, &Desk::SettleSuspense, request);
    }
    std::vector<v1::SuspenseItem> items(bool include_settled = false,
                                        const std::string& site_id = "park-1") {
        v1::ListSuspenseRequest request;
        request.set_site_id(site_id);
        request.set_include_settled(include_settled);
        const auto listed = server.call(server.cashier, &Desk::ListSuspense, request);
        REQUIRE(listed.ok());
        return {listed->items().begin(), listed->items().end()};
    }
    void refuses(const v1::SettleSuspenseRequest& request, const std::string& reason,
                 absl::StatusCode code) {
        const std::string before = world.checksum();
        const auto answer = settle(request);
        CHECK(error_reason(answer.status()) == reason);
        CHECK(answer.status().code() == code);
        CHECK(world.checksum() == before);
    }
    std::int64_t wechat() {
        return world.count(
            "SELECT balance_micros FROM balances JOIN accounts USING (account_no)"
            " WHERE kind = 'wechat' AND site_id = 'park-1'");
    }
    v1::Order order_of(const std::string& order_id) {
        const auto listed = server.call(server.cashier, &Desk::ListOrders,
                                        v1::ListOrdersRequest::default_instance());
        REQUIRE(listed.ok());
        for (const v1::Order& order : listed->orders()) {
            if (order.order_id() == order_id) {
                return order;
            }
        }
        FAIL("no order " << order_id);
        return {};
    }
};

constexpr auto kCredit = v1::SUSPENSE_OUTCOME_CREDIT_ACCOUNT;
constexpr auto kPaidBack = v1::SUSPENSE_OUTCOME_PAID_BACK;
constexpr absl::StatusCode kPrecondition = absl::StatusCode::kFailedPrecondition;
constexpr std::int64_t kUnderpaid = 49'990'000;

}  // namespace

TEST_CASE("money in suspense is listed with its reason and credited to the order's account") {
    SKIP_WITHOUT_POSTGRES();
    Desktop desk;
    const std::string transaction = desk.underpaid();
    const auto listed = desk.items();
    REQUIRE(listed.size() == 1);
    const v1::SuspenseItem& item = listed[0];
    CHECK(item.provider_transaction_id() == transaction);
    CHECK(item.account_id() == desk.account);
    CHECK(item.site_id() == "park-1");
    CHECK(item.amount_micros() == kUnderpaid);
    CHECK(item.reason() == "WRONG_AMOUNT");
    CHECK(item.receive_time().seconds() > 0);
    CHECK_FALSE(item.has_settlement());
    CHECK(desk.order_of(item.order_id()).suspense_state() == v1::SUSPENSE_STATE_HELD);
    CHECK(desk.items(false, "park-2").empty());

    const auto wanted = Desktop::request(transaction, kCredit);
    const auto settled = desk.settle(wanted);
    INFO(error_reason(settled.status()) << error_message(settled.status()));
    REQUIRE(settled.ok());
    CHECK(settled->account().account_id() == desk.account);
    CHECK(settled->account().balance_micros() == kUnderpaid);
    CHECK(settled->order().amount_micros() == kUnderpaid);
    CHECK(settled->order().balance_after_micros() == kUnderpaid);
    CHECK(settled->order().provider_transaction_id() == transaction);
    CHECK(settled->item().settlement().outcome() == kCredit);
    CHECK(settled->item().settlement().account_id() == desk.account);
    CHECK(settled->item().settlement().settle_user() == "user:cashier");
    CHECK(settled->item().settlement().note() == "spoke with the tenant");

    const std::string after = desk.world.checksum();
    const auto again = desk.settle(wanted);  // The same request: the same answer, no effect.
    REQUIRE(again.ok());
    CHECK(again->SerializeAsString() == settled->SerializeAsString());
    CHECK(desk.world.checksum() == after);

    CHECK(desk.suspense() == 0);
    CHECK(desk.wechat() == -kUnderpaid);
    CHECK(desk.world.audit().empty());
    CHECK(desk.items().empty());
    REQUIRE(desk.items(true).size() == 1);
    CHECK(desk.items(true)[0].settlement().order_id() == settled->order().order_id());
    const v1::Order disputed = desk.order_of(item.order_id());
    CHECK(disputed.state() == v1::ORDER_STATE_DISPUTED);
    CHECK(disputed.suspense_state() == v1::SUSPENSE_STATE_SETTLED);
    CHECK(desk.order_of(settled->order().order_id()).provider_transaction_id() == transaction);
    // The provider's repetition of the notice finds it all done.
    REQUIRE(desk.pay.payments->handle_notice(desk.pay.notice(item.order_id())).ok());
    CHECK(desk.balance() == kUnderpaid);
}

TEST_CASE("a credit from suspense is a payment to reports and a change of balance to everybody") {
    SKIP_WITHOUT_POSTGRES();
    Desktop desk;
    REQUIRE(desk.settle(Desktop::request(desk.underpaid(), kCredit)).ok());
    const auto payments = desk.world.published<v1::PaymentsRecorded>("prepay.account.payments.v1");
    const auto& last = payments.back().orders(0);
    CHECK(last.account_id() == desk.account);
    CHECK(last.kind() == v1::ORDER_KIND_WECHAT_TOP_UP);
    CHECK(last.state() == v1::ORDER_STATE_CREDITED);
    CHECK(last.amount_micros() == kUnderpaid);
    const auto changes =
        desk.world.published<v1::BalancesChanged>("prepay.account.balance-changes.v1");
    CHECK(changes.back().changes(0).account_id() == desk.account);
    CHECK(changes.back().changes(0).credit_total_micros() == kUnderpaid);
    v1::ListPostingsRequest request;
    request.set_account_id(desk.account);
    const auto postings = desk.server.call(desk.server.cashier, &Desk::ListPostings, request);
    REQUIRE(postings.ok());
    CHECK(postings->postings(0).kind() == "top-up");
    CHECK(postings->postings(0).counter_kind() == v1::LEDGER_ACCOUNT_KIND_SUSPENSE);
}

TEST_CASE("a tenant without power gets it back by a credit from suspense") {
    SKIP_WITHOUT_POSTGRES();
    Desktop desk;
    REQUIRE(desk.world.charge({{1, desk.neighbour, 21 * kYuan, ""}}).ok());
    const auto trips = desk.world.intents(desk.neighbour);
    REQUIRE(trips.size() == 1);
    REQUIRE(desk.world.claim(trips[0].intent_id()));
    REQUIRE(desk.world
                .command_result(trips[0].intent_id(), "r2-m1", metering::v1::COMMAND_STATE_VERIFIED)
                .ok());
    const std::string transaction = desk.underpaid();
    const auto settled =
        desk.settle(Desktop::request(transaction, kCredit, "settle-1", desk.neighbour));
    REQUIRE(settled.ok());
    CHECK(settled->account().account_id() == desk.neighbour);
    CHECK(settled->account().balance_micros() == kUnderpaid - kYuan);
    CHECK(desk.balance() == 0);
    const auto intents = desk.world.intents(desk.neighbour);
    REQUIRE(intents.size() == 2);
    CHECK(intents[0].action() == v1::SWITCH_ACTION_RESTORE);
    CHECK(intents[0].state() == v1::SWITCH_INTENT_STATE_READY);
    CHECK(desk.world.audit().empty());
}

TEST_CASE("money paid back leaves suspense the way it came, and no purse moves") {
    SKIP_WITHOUT_POSTGRES();
    Desktop desk;
    const std::string order = desk.paid_order();
    REQUIRE(desk.pay.payments->handle_notice(desk.pay.notice(order)).ok());
    desk.faults({{"lie", {{"transaction_id", "tx-second"}}}});
    for (int i = 0; i < 3; ++i) {
        REQUIRE(desk.pay.payments->handle_notice(desk.pay.notice(order)).ok());
    }
    const auto listed = desk.items();
    REQUIRE(listed.size() == 1);
    CHECK(listed[0].reason() == "ORDER_PAID_TWICE");
    CHECK(listed[0].order_id() == order);
    const std::size_t payments =
        desk.world.published<v1::PaymentsRecorded>("prepay.account.payments.v1").size();
    const auto settled = desk.settle(Desktop::request("tx-second", kPaidBack));
    REQUIRE(settled.ok());
    CHECK_FALSE(settled->has_order());
    CHECK_FALSE(settled->has_account());
    CHECK(settled->item().settlement().outcome() == kPaidBack);
    CHECK(settled->item().settlement().account_id().empty());
    CHECK(desk.suspense() == 0);
    CHECK(desk.balance() == 50 * kYuan);
    CHECK(desk.wechat() == -50 * kYuan);
    CHECK(desk.world.published<v1::PaymentsRecorded>("prepay.account.payments.v1").size() ==
          payments);
    CHECK(desk.order_of(order).state() == v1::ORDER_STATE_CREDITED);
    CHECK(desk.order_of(order).suspense_state() == v1::SUSPENSE_STATE_SETTLED);
    // The notice comes once more: nothing is put into suspense again.
    REQUIRE(desk.pay.payments->handle_notice(desk.pay.notice(order)).ok());
    CHECK(desk.suspense() == 0);
    CHECK(desk.items().empty());
    CHECK(desk.world.audit().empty());
}

TEST_CASE("SettleSuspense refuses with a reason and changes nothing") {
    SKIP_WITHOUT_POSTGRES();
    Desktop desk;
    const std::string transaction = desk.underpaid();
    constexpr absl::StatusCode kInvalid = absl::StatusCode::kInvalidArgument;
    constexpr absl::StatusCode kNotFound = absl::StatusCode::kNotFound;
    const auto with = [&](v1::SuspenseOutcome outcome, const std::string& account_id) {
        return Desktop::request(transaction, outcome, "settle-0", account_id);
    };
    desk.refuses(Desktop::request("tx-unknown", kCredit), "SUSPENSE_NOT_FOUND", kNotFound);
    desk.refuses(Desktop::request("", kPaidBack), "SUSPENSE_NOT_FOUND", kNotFound);
    desk.refuses(with(v1::SUSPENSE_OUTCOME_UNSPECIFIED, ""), "BAD_OUTCOME", kInvalid);
    desk.refuses(with(kPaidBack, desk.account), "BAD_OUTCOME", kInvalid);
    desk.refuses(with(kCredit, "nobody"), "ACCOUNT_NOT_FOUND", kNotFound);
    desk.refuses(with(kCredit, "suspense-park-1"), "ACCOUNT_NOT_FOUND", kNotFound);
    auto wordy = with(kCredit, "");
    wordy.set_note(std::string(501, 'x'));
    desk.refuses(wordy, "BAD_NOTE", kInvalid);
    auto nameless = with(kCredit, "");
    nameless.clear_request_id();
    desk.refuses(nameless, "REQUEST_ID_REQUIRED", kInvalid);

    // Another site's account: the only account there is becomes one of another site.
    const auto move = [&](const std::string& site_id) {
        REQUIRE(desk.world.database
                    ->transact([&](pqxx::work& tx) -> Status {
                        tx.exec_params("UPDATE accounts SET site_id = $2 WHERE account_id = $1",
                                       desk.neighbour, site_id);
                        tx.exec_params(
                            "UPDATE balances SET settings_revision = settings_revision + 1"
                            " WHERE account_no = (SELECT account_no FROM accounts"
                            " WHERE account_id = $1)",
                            desk.neighbour);
                        return absl::OkStatus();
                    })
                    .ok());
    };
    move("unassigned");
    desk.refuses(with(kCredit, desk.neighbour), "ACCOUNT_OF_ANOTHER_SITE", kPrecondition);
    move("park-1");

    v1::CloseAccountRequest close;
    close.set_request_id("close-the-first");
    close.set_account_id(desk.account);
    REQUIRE(desk.server.call(desk.server.cashier, &Desk::CloseAccount, close).ok());
    desk.refuses(with(kCredit, ""), "ACCOUNT_CLOSED", kPrecondition);
    desk.refuses(with(kCredit, desk.account), "ACCOUNT_CLOSED", kPrecondition);

    // What was refused can still be settled, once.
    REQUIRE(desk.settle(with(kCredit, desk.neighbour)).ok());
    desk.refuses(Desktop::request(transaction, kPaidBack, "settle-again"), "SUSPENSE_SETTLED",
                 kPrecondition);
    desk.refuses(Desktop::request(transaction, kCredit, "settle-again", desk.neighbour),
                 "SUSPENSE_SETTLED", kPrecondition);
    desk.refuses(with(kPaidBack, ""), "REQUEST_ID_REUSED", absl::StatusCode::kAlreadyExists);
    CHECK(desk.world.audit().empty());
}

TEST_CASE("settlements and payments at the same time: one end an item, no deadlock") {
    SKIP_WITHOUT_POSTGRES();
    Desktop desk;
    std::vector<std::string> transactions;
    for (int i = 0; i < 6; ++i) {
        transactions.push_back(desk.underpaid("tx-" + std::to_string(i)));
    }
    const std::string second = desk.paid_order();
    REQUIRE(desk.pay.payments->handle_notice(desk.pay.notice(second)).ok());
    std::vector<SignedNotice> notices;
    for (int i = 0; i < kPendingOrdersMax;
         ++i) {  // Suspense and purse in one batch, as settlements have them.
        desk.faults({{"lie", {{"transaction_id", "tx-more-" + std::to_string(i)}}}});
        notices.push_back(desk.pay.notice(second));
        desk.faults(provider::Json::object());
        notices.push_back(desk.pay.notice(desk.paid_order()));
    }
    std::atomic<int> settled{0};
    std::atomic<int> refused{0};
    std::atomic<int> taken{0};
    {
        std::vector<std::jthread> threads;
        for (const std::string& transaction : transactions) {
            for (int i = 0; i < 4; ++i) {
                threads.emplace_back([&, transaction, i] {
                    const auto answer =
                        desk.settle(Desktop::request(transaction, i % 2 == 0 ? kCredit : kPaidBack,
                                                     transaction + "-try-" + std::to_string(i)));
                    settled += answer.ok();
                    refused += error_reason(answer.status()) == "SUSPENSE_SETTLED";
                });
            }
        }
        for (const SignedNotice& notice : notices) {
            threads.emplace_back([&] { taken += desk.pay.payments->handle_notice(notice).ok(); });
        }
    }
    CHECK(settled == 6);
    CHECK(refused == 18);
    CHECK(taken == 2 * kPendingOrdersMax);
    CHECK(desk.world.count("SELECT count(*) FROM entries WHERE source_kind = 'settlement'") == 6);
    CHECK(desk.items().size() == kPendingOrdersMax);
    CHECK(desk.suspense() == kPendingOrdersMax * 50 * kYuan);
    const auto credits = desk.world.count(
        "SELECT count(*) FROM suspense_settlements WHERE outcome = 'credit-account'");
    CHECK(desk.balance() == (kPendingOrdersMax + 1) * 50 * kYuan + credits * kUnderpaid);
    CHECK(desk.world.audit().empty());
}

TEST_CASE("one transaction in suspense for an order is not another order's payment") {
    SKIP_WITHOUT_POSTGRES();
    Desktop desk;
    const std::string first = desk.paid_order();
    const std::string other = desk.paid_order();
    REQUIRE(desk.pay.payments->handle_notice(desk.pay.notice(first)).ok());
    desk.faults({{"lie", {{"transaction_id", "tx-second"}}}});
    REQUIRE(desk.pay.payments->handle_notice(desk.pay.notice(first)).ok());
    CHECK(error_reason(desk.pay.payments->handle_notice(desk.pay.notice(other))) ==
          "TRANSACTION_OF_ANOTHER_ORDER");
    CHECK(desk.balance() == 50 * kYuan);
    CHECK(desk.suspense() == 50 * kYuan);
    CHECK(desk.world.audit().empty());
}

TEST_CASE("the list of suspense by pages, newest first") {
    SKIP_WITHOUT_POSTGRES();
    Desktop desk;
    for (int i = 0; i < 5; ++i) {
        desk.underpaid("tx-" + std::to_string(i));
    }
    REQUIRE(desk.settle(Desktop::request("tx-3", kPaidBack)).ok());
    v1::ListSuspenseRequest request;
    request.set_page_size(2);
    std::vector<std::string> seen;
    do {
        const auto page = desk.server.call(desk.server.cashier, &Desk::ListSuspense, request);
        REQUIRE(page.ok());
        for (const v1::SuspenseItem& item : page->items()) {
            seen.push_back(item.provider_transaction_id());
        }
        request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    CHECK(seen == std::vector<std::string>{"tx-4", "tx-2", "tx-1", "tx-0"});
}

TEST_CASE("the journal balances with suspense in, credited and paid back") {
    SKIP_WITHOUT_POSTGRES();
    Desktop desk;
    desk.underpaid("tx-held");
    REQUIRE(desk.settle(Desktop::request(desk.underpaid("tx-credit"), kCredit, "settle-c")).ok());
    REQUIRE(desk.settle(Desktop::request(desk.underpaid("tx-back"), kPaidBack, "settle-b")).ok());
    std::string journal;
    REQUIRE(write_journal(*desk.world.database, [&](const std::string& text) {
                journal += text;
                return absl::OkStatus();
            }).ok());
    const auto has = [&](const std::string& text) {
        return journal.find(text) != std::string::npos;
    };
    CHECK(has("top-up tx-credit\n    purse:" + desk.account +
              "  49.990000 CNY\n    suspense:park-1  -49.990000 CNY"));
    CHECK(
        has("refund tx-back\n    suspense:park-1  -49.990000 CNY\n"
            "    wechat:park-1  49.990000 CNY"));
    CHECK(has("suspense:park-1  0.000000 CNY = 49.990000 CNY"));
    CHECK(has("wechat:park-1  0.000000 CNY = -99.980000 CNY"));
    const auto trial = desk.server.call(desk.server.cashier, &Desk::GetTrialBalance,
                                        v1::GetTrialBalanceRequest::default_instance());
    REQUIRE(trial.ok());
    CHECK(trial->total_micros() == 0);
}

TEST_CASE("what was in suspense before there was a list is in it, and can be settled") {
    SKIP_WITHOUT_POSTGRES();
    // The database as it was, with a dispute, a second payment and a month of its own for entries.
    const prepay::test::TestDatabase old("account", migrations_before_suspense());
    const auto database = old.open(2);
    REQUIRE(database
                ->transact([&](pqxx::work& tx) -> Status {
                    tx.exec(R"sql(
INSERT INTO sites VALUES ('park-1', 'Park 1', 'Asia/Shanghai');
INSERT INTO customers (customer_id, display_name) VALUES ('c', 'Li');
INSERT INTO accounts (account_id, site_id, kind, open_time)
SELECT kind || '-park-1', 'park-1', kind, now()
FROM unnest(ARRAY['cash', 'wechat', 'revenue', 'vacancy', 'suspense']) AS kind;
INSERT INTO accounts (account_id, site_id, kind, customer_id, open_time)
VALUES ('purse-1', 'park-1', 'purse', 'c', now());
INSERT INTO balances (account_no) SELECT account_no FROM accounts WHERE site_id = 'park-1';
INSERT INTO orders (order_id, account_no, site_id, kind, state, amount_micros, provider_transaction_id,
                    request_id, content_hash, create_time, create_user, failure_reason)
SELECT v.order_id, a.account_no, 'park-1', 'wechat-top-up', v.state, 50000000, v.tx, 'request-' || v.state,
       'hash', v.create_time::timestamptz, 'tenant', v.reason
FROM accounts a, (VALUES
    ('order-disputed', 'disputed', 'tx-first', '2026-03-05 05:06:07.123456+00', 'WRONG_AMOUNT'),
    ('order-credited', 'credited', 'tx-good', '2026-03-06 05:06:07.654321+00', 'ORDER_PAID_TWICE'))
    AS v (order_id, state, tx, create_time, reason)
WHERE a.account_id = 'purse-1';
SELECT ensure_entries_month('2026-03-01');
INSERT INTO entries (source_time, post_time, account_no, counter_no, amount_micros,
                     balance_after_micros, account_version, source_kind, kind, source_id)
SELECT o.create_time, o.create_time + interval '1 minute', s.account_no, w.account_no, v.amount,
       v.after, v.version, 'transaction', 'suspense', v.tx
FROM (VALUES ('order-disputed', 'tx-first', 49990000, 49990000, 1),
             ('order-credited', 'tx-second', 50000000, 99990000, 2)) AS v (order_id, tx, amount, after, version)
JOIN orders o USING (order_id), accounts s, accounts w
WHERE s.account_id = 'suspense-park-1' AND w.account_id = 'wechat-park-1';
UPDATE balances b SET balance_micros = v.amount, credit_total_micros = v.amount, version = 2
FROM (VALUES ('suspense-park-1', 99990000), ('wechat-park-1', -99990000)) AS v (id, amount)
JOIN accounts a ON a.account_id = v.id WHERE b.account_no = a.account_no;
)sql");
                    return absl::OkStatus();
                })
                .ok());
    const Status migrated = pg::migrate(*database, {{"service", account_migrations()}});
    INFO(error_message(migrated));
    REQUIRE(migrated.ok());

    World world(4, old.options().url);
    const auto listed = world.database->read([&](pqxx::work& tx) -> Result<pg::Page<SuspenseView>> {
        return world.suspense->list(tx, {});
    });
    REQUIRE(listed.ok());
    std::ostringstream text;
    for (const SuspenseView& item : listed->rows) {
        text << item.transaction_id << ' ' << item.order_id << ' ' << item.account_id << ' '
             << item.amount.micros() << ' ' << item.reason << '\n';
    }
    CHECK(text.str() ==
          "tx-second order-credited purse-1 50000000 ORDER_PAID_TWICE\n"
          "tx-first order-disputed purse-1 49990000 WRONG_AMOUNT\n");
    const auto settles = [&](const std::string& transaction, SuspenseOutcome outcome) {
        const auto settled = world.database->transact([&](pqxx::work& tx) {
            return world.suspense->settle(
                tx, {transaction, outcome, "", "", "user:test", new_id(world.clock), "hash"});
        });
        INFO(error_message(settled.status()));
        CHECK(settled.ok());
    };
    settles("tx-first", SuspenseOutcome::kCreditAccount);
    settles("tx-second", SuspenseOutcome::kPaidBack);
    CHECK(world.account("purse-1").balance_micros() == kUnderpaid);
    CHECK(world.audit().empty());
}

}  // namespace prepay::account::test
