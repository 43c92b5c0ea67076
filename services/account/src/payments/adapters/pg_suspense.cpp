#include "payments/adapters/pg_suspense.h"

#include "core/assert.h"
#include "core/crash_point.h"
#include "payments/convert.h"
#include "pg/database.h"
#include "pg/row.h"

namespace prepay::account {
namespace {

constexpr const char* kHold = R"sql(
INSERT INTO suspense_items (provider_transaction_id, order_id, amount_micros, reason, receive_time)
SELECT transaction_id, order_id, amount, reason, $1::timestamptz
FROM unnest($2::text[], $3::text[], $4::bigint[], $5::text[])
    AS u (transaction_id, order_id, amount, reason)
)sql";

const std::string kFindItem = "SELECT o.site_id, a.account_id, i.amount_micros, " +
                              pg::micros("o.create_time") +
                              R"sql( AS create_micros
FROM suspense_items i JOIN orders o USING (order_id) JOIN accounts a USING (account_no)
WHERE i.provider_transaction_id = $1
)sql";

constexpr const char* kInsertSettlement = R"sql(
INSERT INTO suspense_settlements (provider_transaction_id, outcome, account_no, order_id,
                                  settle_time, settle_user, note)
VALUES ($1, $2, NULLIF($3, 0), NULLIF($4, ''), $5, $6, $7)
)sql";

const std::string kItems =
    "SELECT i.item_no, i.provider_transaction_id, o.site_id, i.order_id, a.account_id,"
    " i.amount_micros, i.reason, " +
    pg::micros("i.receive_time") +
    " AS receive_micros, s.outcome, coalesce(c.account_id, '') AS credited_account_id,"
    " coalesce(s.order_id, '') AS credit_order_id, " +
    pg::micros("s.settle_time") + R"sql( AS settle_micros, s.settle_user, s.note
FROM suspense_items i JOIN orders o ON o.order_id = i.order_id
JOIN accounts a ON a.account_no = o.account_no
LEFT JOIN suspense_settlements s ON s.provider_transaction_id = i.provider_transaction_id
LEFT JOIN accounts c ON c.account_no = s.account_no
)sql";

SuspenseView suspense_view(const pg::Row& row) {
    SuspenseView item;
    item.transaction_id = row.text("provider_transaction_id");
    item.site_id = row.text("site_id");
    item.order_id = row.text("order_id");
    item.account_id = row.text("account_id");
    item.amount = Money::from_micros(row.number("amount_micros"));
    item.reason = row.text("reason");
    item.receive_time = row.time("receive_micros");
    if (!row.is_null("outcome")) {
        SuspenseSettlement& settlement = item.settlement.emplace();
        settlement.outcome = suspense_outcome_from(row.text("outcome"));
        settlement.account_id = row.text("credited_account_id");
        settlement.order_id = row.text("credit_order_id");
        settlement.settle_time = row.time("settle_micros");
        settlement.settle_user = row.text("settle_user");
        settlement.note = row.text("note");
    }
    return item;
}

Result<SuspenseItem> find_item(pqxx::work& tx, const std::string& transaction_id) {
    const auto rows = tx.exec_params(kFindItem, transaction_id);
    if (rows.empty()) {
        return not_found("SUSPENSE_NOT_FOUND",
                         "there is no payment " + transaction_id + " in suspense");
    }
    const pg::Row row(rows[0]);
    return SuspenseItem{transaction_id, row.text("site_id"), row.text("account_id"),
                        Money::from_micros(row.number("amount_micros")), row.time("create_micros")};
}

Status to_status(SettlementVerdict verdict) {
    switch (verdict) {
        case SettlementVerdict::kPost:
            return absl::OkStatus();
        case SettlementVerdict::kSettledBefore:
            return failed_precondition("SUSPENSE_SETTLED", "this payment is settled already");
        case SettlementVerdict::kOtherSite:
            return failed_precondition("ACCOUNT_OF_ANOTHER_SITE",
                                       "the money belongs to another site than the account");
        case SettlementVerdict::kAccountClosed:
            return failed_precondition("ACCOUNT_CLOSED", "the account is closed");
    }
    return absl::OkStatus();
}

const LockedAccount& account_of(const std::vector<LockedAccount>& accounts, std::int64_t no) {
    for (const LockedAccount& account : accounts) {
        if (account.balance.account_no == no) {
            return account;
        }
    }
    PREPAY_ASSERT(false && "an account that was not locked");
    return accounts.front();
}

}  // namespace

void hold(pqxx::work& tx, const std::vector<Held>& items, Instant now) {
    if (items.empty()) {
        return;
    }
    std::vector<std::string> transactions, orders, reasons;
    std::vector<std::int64_t> amounts;
    for (const Held& item : items) {
        transactions.push_back(item.transaction_id);
        orders.push_back(item.order_id);
        amounts.push_back(item.amount.micros());
        reasons.push_back(item.reason);
    }
    run_prepared(tx, "suspense_hold", kHold, pg::to_timestamptz(now), pg::to_array(transactions),
                 pg::to_array(orders), pg::to_array(amounts), pg::to_array(reasons));
}

pg::Page<SuspenseView> PgSuspense::list(pqxx::work& tx, const SuspenseFilter& filter) {
    const auto rows = tx.exec_params(
        kItems +
            " WHERE ($1 = '' OR o.site_id = $1) AND ($2 OR s.settle_time IS NULL)"
            " AND ($3 = 0 OR i.item_no < $3) ORDER BY i.item_no DESC LIMIT $4",
        filter.site_id, filter.include_settled, filter.below_item_no, filter.limit + 1);
    return pg::read_page(rows, filter.limit, "item_no", suspense_view);
}

Result<Order> PgSuspense::credit_account(pqxx::work& tx, const Settlement& wanted,
                                         const LockedAccount& purse, const Posting& posting) {
    Order order;
    order.order_id = orders_.new_order_id();
    order.account_no = purse.balance.account_no;
    order.account_id = purse.profile->account_id;
    order.site_id = purse.profile->site_id;
    order.kind = OrderKind::kProviderTopUp;  // The customer paid by phone, whoever credits it.
    order.state = OrderState::kCredited;
    order.amount = posting.amount;
    order.create_time = clock_.now();
    order.finish_time = order.create_time;
    order.create_user = wanted.user;
    order.note = wanted.note;
    PREPAY_RETURN_IF_ERROR(posting_.post_one(tx, posting, purse, [&](Money balance_after) {
        order.balance_after = balance_after;
        orders_.insert(tx, order, wanted.request_id, wanted.content_hash, std::nullopt);
        // Told, but not in the order's row: there the transaction stays with the order that was
        // paid.
        order.provider_transaction_id = wanted.transaction_id;
        orders_.announce(tx, {order});
        return absl::OkStatus();
    }));
    return order;
}

Result<PgSuspense::Settled> PgSuspense::settle(pqxx::work& tx, const Settlement& wanted) {
    const bool credit = wanted.outcome == SuspenseOutcome::kCreditAccount;
    if (!credit && !wanted.account_id.empty()) {
        return invalid_argument("BAD_OUTCOME", "money that is paid back goes to no account");
    }
    if (wanted.note.size() > kNoteMax) {
        return invalid_argument("BAD_NOTE", "the note must have at most 500 bytes");
    }
    PREPAY_ASSIGN_OR_RETURN(const SuspenseItem item, find_item(tx, wanted.transaction_id));
    const SiteAccounts site = *book_.find_site(tx, item.site_id);
    std::int64_t account_no = site.suspense_no;
    if (credit) {
        PREPAY_ASSIGN_OR_RETURN(
            account_no,
            book_.find_purse(tx, wanted.account_id.empty() ? item.account_id : wanted.account_id));
    }
    const Posting posting = settlement_posting(item, wanted.outcome, account_no,
                                               credit ? site.suspense_no : site.provider_no);
    // Suspense together with the purse, as payments lock them; its lock also lets one settlement at
    // a time look whether the item is settled.
    const std::vector<LockedAccount> accounts = posting_.lock(tx, {posting}, {site.suspense_no});
    const LockedAccount& account = account_of(accounts, account_no);
    const bool settled = !tx.exec_params(
                                "SELECT 1 FROM suspense_settlements"
                                " WHERE provider_transaction_id = $1",
                                wanted.transaction_id)
                              .empty();
    PREPAY_RETURN_IF_ERROR(to_status(
        decide_settlement(item, settled,
                          credit ? std::optional<SettlementTarget>(
                                       {account.profile->site_id, account.profile->terms.state})
                                 : std::nullopt)));
    Settled done;
    if (credit) {
        PREPAY_ASSIGN_OR_RETURN(done.order, credit_account(tx, wanted, account, posting));
    } else {
        PREPAY_RETURN_IF_ERROR(
            posting_.post_one(tx, posting, account, [](Money) { return absl::OkStatus(); }));
    }
    PREPAY_CRASH_POINT("payment.settled");
    tx.exec_params(kInsertSettlement, wanted.transaction_id, to_text(wanted.outcome),
                   credit ? account_no : 0, done.order ? done.order->order_id : std::string(),
                   pg::to_timestamptz(clock_.now()), wanted.user, wanted.note);
    done.item = suspense_view(
        tx.exec_params1(kItems + " WHERE i.provider_transaction_id = $1", wanted.transaction_id));
    return done;
}

}  // namespace prepay::account
