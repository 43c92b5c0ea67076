#include "cash/adapters/pg_cash.h"

#include "pg/database.h"
#include "pg/row.h"

namespace prepay::account {
namespace {

/// What is known of the bill; nothing when billing would have to say more and did not.
std::optional<BillState> bill_of(pqxx::work& tx, const PgCash::CashOrder& wanted,
                                 std::int64_t account_no) {
    BillState bill;
    const auto ends = PgCash::ended_meters(tx, wanted.account_id);
    if (ends.empty()) {
        bill.is_posted = true;
        return bill;
    }
    if (!wanted.bill.ok()) {
        return std::nullopt;
    }
    for (const auto& [meter_id, end] : ends) {
        const auto found = wanted.bill->billed_until.find(meter_id);
        bill.meters.push_back({meter_id, end,
                               found == wanted.bill->billed_until.end()
                                   ? std::nullopt
                                   : std::optional(found->second)});
    }
    // More than the newest: charges of two meters may come in another order than they were
    // numbered.
    bill.is_posted =
        tx.exec_params(
              "SELECT 1 FROM unnest($2::text[]) AS wanted (charge_id) WHERE NOT EXISTS"
              " (SELECT 1 FROM entries WHERE account_no = $1 AND source_kind = 'charge'"
              " AND source_id = wanted.charge_id) LIMIT 1",
              account_no, pg::to_array(wanted.bill->last_charge_ids))
            .empty();
    return bill;
}

Status to_status(CashVerdict verdict, Money balance, const std::optional<BillState>& bill,
                 const Status& billing) {
    switch (verdict) {
        case CashVerdict::kPost:
            return absl::OkStatus();
        case CashVerdict::kBadAmount:
            return invalid_argument("BAD_AMOUNT",
                                    "the amount must be whole fen, 0.01 .. 100,000 yuan");
        case CashVerdict::kBadNote:
            return invalid_argument("BAD_NOTE", "the note must have at most 500 bytes");
        case CashVerdict::kAccountClosed:
            return failed_precondition("ACCOUNT_CLOSED", "the account is closed");
        case CashVerdict::kReasonRequired:
            return invalid_argument("REASON_REQUIRED",
                                    "a refund before the last bill needs a note that says why");
        case CashVerdict::kBillUnknown:
            return billing;
        case CashVerdict::kNotBilled:
            return failed_precondition("NOT_BILLED_TO_END",
                                       payout_obstacle(AccountState::kClosed, *bill));
        case CashVerdict::kInsufficientBalance:
            return failed_precondition("INSUFFICIENT_BALANCE", "a refund cannot exceed the balance",
                                       {{"balance_micros", std::to_string(balance.micros())}});
    }
    return absl::OkStatus();
}

}  // namespace

std::map<std::string, Instant> PgCash::ended_meters(pqxx::work& tx, const std::string& account_id) {
    std::map<std::string, Instant> ends;
    for (const pg::Row row :
         tx.exec_params("SELECT o.meter_id, " + pg::micros("max(o.end_time)") +
                            " AS end_micros FROM occupancies o JOIN accounts a USING (account_no)"
                            " WHERE a.account_id = $1 AND a.state = 'closed' AND NOT o.deleted"
                            " AND o.end_time IS NOT NULL GROUP BY o.meter_id",
                        account_id)) {
        ends[row.text("meter_id")] = row.time("end_micros");
    }
    return ends;
}

Result<Order> PgCash::cash(pqxx::work& tx, const CashOrder& wanted, OrderKind kind) {
    const CashWish wish{kind, wanted.amount, wanted.note, wanted.override_unbilled};
    PREPAY_RETURN_IF_ERROR(
        to_status(check_wish(wish), Money(), std::nullopt, wanted.bill.status()));
    Order order;
    PREPAY_ASSIGN_OR_RETURN(order.account_no, book_.find_purse(tx, wanted.account_id));
    order.order_id = orders_.new_order_id();
    order.account_id = wanted.account_id;
    order.kind = kind;
    order.state = OrderState::kCredited;
    order.amount = wanted.amount;
    order.create_time = clock_.now();
    order.finish_time = order.create_time;
    order.create_user = wanted.user;
    order.note = wanted.note;
    const LockedAccount account = posting_.lock(tx, {cash_posting(order, 0)}).front();
    const AccountState state = account.profile->terms.state;
    std::optional<BillState> bill;
    if (needs_bill(wish, state)) {
        bill = bill_of(tx, wanted, order.account_no);
    }
    PREPAY_RETURN_IF_ERROR(to_status(decide_cash(wish, state, account.balance.balance, bill),
                                     account.balance.balance, bill, wanted.bill.status()));
    order.override_unbilled = kind == OrderKind::kCashRefund && wanted.override_unbilled;
    order.site_id = account.profile->site_id;
    const Posting posting = cash_posting(order, book_.find_site(tx, order.site_id)->cash_no);
    PREPAY_RETURN_IF_ERROR(posting_.post_one(tx, posting, account, [&](Money balance_after) {
        order.balance_after = balance_after;
        orders_.insert(tx, order, wanted.request_id, wanted.content_hash, std::nullopt);
        orders_.announce(tx, {order});
        return absl::OkStatus();
    }));
    return order;
}

Result<Order> PgCash::top_up(pqxx::work& tx, const CashOrder& wanted) {
    return cash(tx, wanted, OrderKind::kCashTopUp);
}

Result<Order> PgCash::refund(pqxx::work& tx, const CashOrder& wanted) {
    return cash(tx, wanted, OrderKind::kCashRefund);
}

}  // namespace prepay::account
