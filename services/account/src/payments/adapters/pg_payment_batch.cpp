#include <algorithm>
#include <map>
#include <set>

#include "core/crash_point.h"
#include "payments/adapters/pg_order_row.h"
#include "payments/adapters/pg_orders.h"
#include "payments/convert.h"
#include "pg/database.h"

// What the provider says about orders, applied in batches: every payment of a site passes through
// the site's provider account, so one commit per payment would be one payment per disk flush.
namespace prepay::account {
namespace {

const std::string kLockOrders =
    "SELECT " + order_columns() +
    " FROM orders o JOIN accounts a USING (account_no)"
    " WHERE o.order_id = ANY($1::text[]) ORDER BY o.order_id FOR NO KEY UPDATE OF o";

constexpr const char* kFinishOrders = R"sql(
UPDATE orders o SET state = u.state, provider_transaction_id = NULLIF(u.transaction_id, ''),
    finish_time = NULLIF(u.finish_time, '')::timestamptz,
    balance_after_micros = NULLIF(u.balance, '')::bigint, failure_reason = u.reason,
    next_query_time = NULL
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
    AS u (order_id, state, transaction_id, finish_time, balance, reason)
WHERE o.order_id = u.order_id
)sql";

constexpr const char* kStoreNotices = R"sql(
INSERT INTO wechat_notices AS n (receive_time, serial, nonce, signed_time, signature, body, order_id,
                                 outcome, delivery_count)
SELECT $1::timestamptz, serial, nonce, signed_time, signature, convert_to(body, 'UTF8'), order_id,
       outcome, deliveries
FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
            $9::int[]) AS u (serial, nonce, signed_time, signature, body, order_id, outcome, deliveries)
ORDER BY nonce
ON CONFLICT (nonce, serial, signed_time)
    DO UPDATE SET delivery_count = n.delivery_count + EXCLUDED.delivery_count
)sql";

std::string outcome_word(const PaymentDecision& decision) {
    switch (decision.outcome) {
        case PaymentOutcome::kCredit:
            return "CREDITED";
        case PaymentOutcome::kAlreadyDone:
            return "REPEATED";
        case PaymentOutcome::kNothing:
            return "IGNORED";
        case PaymentOutcome::kDispute:
        case PaymentOutcome::kSecondPayment:
        case PaymentOutcome::kForeign:
            return decision.reason;
    }
    return "";
}

}  // namespace

/// The state of one transaction.
struct PgOrders::Batch {
    const std::vector<Fact*>& facts;
    std::map<std::string, Order> orders;
    std::map<std::string, std::string> transaction_orders;  ///< Transaction id -> order id.
    std::set<std::string> changed;
    std::vector<Posting> postings;
    std::vector<Held> sources;  ///< Of each posting, to suspense or to a purse.
};

Result<AppliedPayment> PgOrders::apply(const PaymentFact& fact, const Merchant& merchant,
                                       const SignedNotice* notice) {
    Fact mine{fact, merchant, notice, {}};
    PREPAY_RETURN_IF_ERROR(facts_.apply(mine));
    const PaymentDecision& decision = mine.applied.decision;
    if (decision.outcome == PaymentOutcome::kForeign) {
        return decision.reason == "ORDER_UNKNOWN"
                   ? not_found("ORDER_UNKNOWN", "there is no order " + fact.order_id)
                   : invalid_argument(decision.reason,
                                      "the notice does not belong to this merchant's order");
    }
    return mine.applied;
}

void PgOrders::lock_orders(pqxx::work& tx, Batch& batch) {
    std::vector<std::string> order_ids;
    std::vector<std::string> transaction_ids;
    for (const Fact* fact : batch.facts) {
        order_ids.push_back(fact->payment.order_id);
        transaction_ids.push_back(fact->payment.transaction_id);
    }
    for (const auto& row :
         run_prepared(tx, "payment_lock", kLockOrders.c_str(), pg::to_array(order_ids))) {
        Order order = read_order(row);
        batch.orders.emplace(order.order_id, std::move(order));
    }
    for (const auto& row : run_prepared(tx, "payment_transactions",
                                        "SELECT provider_transaction_id, order_id FROM orders"
                                        " WHERE provider_transaction_id = ANY($1::text[])"
                                        " UNION ALL SELECT provider_transaction_id, order_id"
                                        " FROM suspense_items"
                                        " WHERE provider_transaction_id = ANY($1::text[])",
                                        pg::to_array(transaction_ids))) {
        batch.transaction_orders[row["provider_transaction_id"].as<std::string>()] =
            row["order_id"].as<std::string>();
    }
}

void PgOrders::decide(pqxx::work& tx, Fact& fact, Batch& batch) {
    const PaymentFact& payment = fact.payment;
    const auto found = batch.orders.find(payment.order_id);
    Order* const order = found == batch.orders.end() ? nullptr : &found->second;
    const auto owner = batch.transaction_orders.find(payment.transaction_id);
    PaymentDecision& decision = fact.applied.decision;
    decision = decide_fact(order, payment, fact.merchant,
                           owner == batch.transaction_orders.end() ? std::string() : owner->second);
    if (!has_effect(decision)) {
        return;
    }
    batch.changed.insert(order->order_id);
    batch.transaction_orders[payment.transaction_id] = order->order_id;
    take_in(*order, decision, payment, clock_.now());
    auto posting = payment_posting(*order, decision, payment, *book_.find_site(tx, order->site_id));
    if (posting) {
        posting->item = batch.postings.size();
        batch.sources.push_back(
            {payment.transaction_id, order->order_id, posting->amount, decision.reason});
        batch.postings.push_back(*std::move(posting));
    }
}

void PgOrders::record_batch(pqxx::work& tx, Batch& batch, const PostingPlan& plan, Instant now) {
    PREPAY_CRASH_POINT("payment.posted");
    std::vector<Order> credited;
    std::vector<Held> held;
    for (const Entry& entry : plan.entries) {
        const Held& source = batch.sources[entry.posting.item];
        if (entry.posting.source_kind == SourceKind::kOrder) {
            Order& order = batch.orders.at(source.order_id);
            order.balance_after = entry.balance_after;
            credited.push_back(order);
        } else {
            held.push_back(source);
        }
    }
    hold(tx, held, now);
    announce(tx, credited);
    save_batch(tx, batch);
}

void PgOrders::save_batch(pqxx::work& tx, Batch& batch) {
    std::vector<std::string> ids, states, transactions, finishes, balances, reasons;
    for (const std::string& order_id : batch.changed) {
        const Order& order = batch.orders.at(order_id);
        ids.push_back(order_id);
        states.emplace_back(to_text(order.state));
        transactions.push_back(order.provider_transaction_id);
        finishes.push_back(pg::to_timestamptz(order.finish_time, ""));
        balances.push_back(order.balance_after ? std::to_string(order.balance_after->micros())
                                               : "");
        reasons.push_back(order.failure_reason);
    }
    if (!ids.empty()) {
        run_prepared(tx, "payment_finish", kFinishOrders, pg::to_array(ids), pg::to_array(states),
                     pg::to_array(transactions), pg::to_array(finishes), pg::to_array(balances),
                     pg::to_array(reasons));
    }
    PREPAY_CRASH_POINT("payment.order_finished");
    std::map<std::tuple<std::string, std::string, std::string>,
             std::pair<const Fact*, std::int64_t>>
        notices;
    for (const Fact* fact : batch.facts) {
        if (fact->notice != nullptr) {
            auto& [first, count] =
                notices[{fact->notice->nonce, fact->notice->serial, fact->notice->timestamp}];
            first = first == nullptr ? fact : first;
            ++count;
        }
    }
    std::vector<std::string> serials, nonces, times, signatures, bodies, order_ids, outcomes;
    std::vector<std::int64_t> deliveries;
    for (const auto& [key, seen] : notices) {
        const SignedNotice& notice = *seen.first->notice;
        serials.push_back(notice.serial);
        nonces.push_back(notice.nonce);
        times.push_back(notice.timestamp);
        signatures.push_back(notice.signature);
        bodies.push_back(notice.body);
        order_ids.push_back(seen.first->payment.order_id);
        outcomes.push_back(outcome_word(seen.first->applied.decision));
        deliveries.push_back(seen.second);
    }
    if (!serials.empty()) {
        run_prepared(tx, "payment_notices", kStoreNotices, pg::to_timestamptz(clock_.now()),
                     pg::to_array(serials), pg::to_array(nonces), pg::to_array(times),
                     pg::to_array(signatures), pg::to_array(bodies), pg::to_array(order_ids),
                     pg::to_array(outcomes), pg::to_array(deliveries));
    }
    PREPAY_CRASH_POINT("payment.stored");
}

Status PgOrders::apply_batch(pqxx::work& tx, const std::vector<Fact*>& facts) {
    Batch batch{facts, {}, {}, {}, {}, {}};
    lock_orders(tx, batch);
    for (Fact* fact : facts) {
        fact->applied = {};
        decide(tx, *fact, batch);
    }
    PREPAY_CRASH_POINT("payment.decided");
    if (batch.postings.empty()) {
        save_batch(tx, batch);
    } else {
        const std::vector<LockedAccount> accounts = posting_.lock(tx, batch.postings);
        PREPAY_RETURN_IF_ERROR(
            posting_.post(tx, batch.postings, accounts, [&](const PostingPlan& plan, Instant now) {
                record_batch(tx, batch, plan, now);
                return absl::OkStatus();
            }));
    }
    for (Fact* fact : facts) {
        const auto order = batch.orders.find(fact->payment.order_id);
        if (order != batch.orders.end()) {
            fact->applied.order = order->second;
        }
    }
    return absl::OkStatus();
}

}  // namespace prepay::account
