#include <algorithm>

#include "adapters/pg_orders.h"
#include "convert.h"
#include "pg/database.h"
#include "rpc/request_rules.h"

// The reading half of PgOrders.
namespace prepay::account {
namespace {

std::string time_text(bool given, const google::protobuf::Timestamp& time) {
    return given ? pg::to_timestamptz(from_proto(time)) : "";
}

constexpr const char* kOrderRows = R"sql(
SELECT o.order_id, a.account_id, o.kind, o.state, o.amount_micros,
       coalesce(o.provider_transaction_id, c.provider_transaction_id, ''),
       (extract(epoch from o.create_time) * 1000000)::bigint,
       (extract(epoch from o.finish_time) * 1000000)::bigint, o.create_user, o.note,
       o.balance_after_micros, o.failure_reason,
       (SELECT bool_and(s.settle_time IS NOT NULL) FROM suspense_items i
        LEFT JOIN suspense_settlements s USING (provider_transaction_id)
        WHERE i.order_id = o.order_id) AS settled
FROM orders o JOIN accounts a ON a.account_no = o.account_no
LEFT JOIN suspense_settlements c ON c.order_id = o.order_id
)sql";

Order to_order(const pqxx::row& row) {
    Order order;
    order.order_id = row[0].as<std::string>();
    order.account_id = row[1].as<std::string>();
    order.kind = order_kind_from(row[2].as<std::string>());
    order.state = order_state_from(row[3].as<std::string>());
    order.amount = Money::from_micros(row[4].as<std::int64_t>());
    order.provider_transaction_id = row[5].as<std::string>();
    order.create_time = instant_at(row[6]);
    order.finish_time = optional_instant_at(row[7]);
    order.create_user = row[8].as<std::string>();
    order.note = row[9].as<std::string>();
    if (!row[10].is_null()) {
        order.balance_after = Money::from_micros(row[10].as<std::int64_t>());
    }
    order.failure_reason = row[11].as<std::string>();
    return order;
}

constexpr const char* kPostingRows = R"sql(
SELECT e.account_version, (extract(epoch from e.post_time) * 1000000)::bigint, e.amount_micros,
       e.balance_after_micros, e.kind, e.source_id, c.kind,
       (extract(epoch from e.source_time) * 1000000)::bigint
FROM entries e JOIN accounts c ON c.account_no = e.counter_no
WHERE e.account_no = $1 AND ($2 = 0 OR e.account_version < $2)
    AND ($3 = '' OR e.post_time >= NULLIF($3, '')::timestamptz)
    AND ($4 = '' OR e.post_time < NULLIF($4, '')::timestamptz)
ORDER BY e.account_version DESC LIMIT $5
)sql";

}  // namespace

Result<Order> PgOrders::get(pqxx::work& tx, const std::string& order_id,
                            const std::string& account_id) {
    const auto rows =
        tx.exec_params(std::string(kOrderRows) + " WHERE o.order_id = $1 AND a.account_id = $2",
                       order_id, account_id);
    if (rows.empty()) {
        return not_found("ORDER_NOT_FOUND", "there is no order " + order_id);
    }
    return to_order(rows[0]);
}

Result<v1::ListOrdersResponse> PgOrders::list(pqxx::work& tx,
                                              const v1::ListOrdersRequest& request) {
    const int limit = rpc::page_size_of(request.page_size());
    const auto rows = tx.exec_params(
        std::string(kOrderRows) +
            " WHERE ($1 = '' OR a.account_id = $1) AND ($2 = '' OR o.site_id = $2)"
            " AND ($3 = '' OR o.create_time >= NULLIF($3, '')::timestamptz)"
            " AND ($4 = '' OR o.create_time < NULLIF($4, '')::timestamptz)"
            " AND ($5 = '' OR (o.create_time, o.order_id) <"
            " (SELECT create_time, order_id FROM orders WHERE order_id = $5))"
            " ORDER BY o.create_time DESC, o.order_id DESC LIMIT $6",
        request.account_id(), request.site_id(),
        time_text(request.has_start_time(), request.start_time()),
        time_text(request.has_end_time(), request.end_time()), request.page_token(), limit + 1);
    v1::ListOrdersResponse response;
    for (const auto& row : rows) {
        if (response.orders_size() == limit) {
            response.set_next_page_token(response.orders(limit - 1).order_id());
            break;
        }
        v1::Order& order = *response.add_orders();
        order = to_proto(to_order(row));
        if (const auto settled = row["settled"]; !settled.is_null()) {
            order.set_suspense_state(settled.as<bool>() ? v1::SUSPENSE_STATE_SETTLED
                                                        : v1::SUSPENSE_STATE_HELD);
        }
    }
    return response;
}

Result<v1::ListPostingsResponse> PgOrders::postings(pqxx::work& tx,
                                                    const v1::ListPostingsRequest& request) {
    const std::int64_t account_no = book_.find(tx, {request.account_id()}).front();
    if (account_no == 0) {
        return not_found("ACCOUNT_NOT_FOUND", "there is no account " + request.account_id());
    }
    PREPAY_ASSIGN_OR_RETURN(const std::int64_t below_version,
                            rpc::sequence_of(request.page_token()));
    const int limit = rpc::page_size_of(request.page_size());
    const auto rows =
        tx.exec_params(kPostingRows, account_no, below_version,
                       time_text(request.has_start_time(), request.start_time()),
                       time_text(request.has_end_time(), request.end_time()), limit + 1);
    v1::ListPostingsResponse response;
    for (const auto& row : rows) {
        if (response.postings_size() == limit) {
            response.set_next_page_token(std::to_string(response.postings(limit - 1).posting_id()));
            break;
        }
        v1::Posting& posting = *response.add_postings();
        posting.set_posting_id(row[0].as<std::int64_t>());
        posting.set_account_id(request.account_id());
        *posting.mutable_post_time() = to_proto(instant_at(row[1]));
        posting.set_amount_micros(row[2].as<std::int64_t>());
        posting.set_balance_after_micros(row[3].as<std::int64_t>());
        posting.set_kind(row[4].as<std::string>());
        posting.set_source_id(row[5].as<std::string>());
        posting.set_counter_kind(to_proto(ledger_kind_from(row[6].as<std::string>())));
        *posting.mutable_source_time() = to_proto(instant_at(row[7]));
    }
    return response;
}

v1::GetTrialBalanceResponse PgOrders::trial_balance(pqxx::work& tx) {
    v1::GetTrialBalanceResponse response;
    std::int64_t total = 0;
    for (const auto& row : tx.exec("SELECT a.kind, a.site_id, sum(b.balance_micros)::bigint,"
                                   " sum(b.version)::bigint FROM accounts a JOIN balances b"
                                   " USING (account_no) GROUP BY 1, 2 ORDER BY 2, 1")) {
        v1::TrialBalanceLine& line = *response.add_lines();
        line.set_kind(to_proto(ledger_kind_from(row[0].as<std::string>())));
        line.set_site_id(row[1].as<std::string>());
        line.set_balance_micros(row[2].as<std::int64_t>());
        line.set_posting_count(row[3].as<std::int64_t>());
        total += line.balance_micros();
    }
    response.set_total_micros(total);
    *response.mutable_snapshot_time() = to_proto(clock_.now());
    return response;
}

}  // namespace prepay::account
