#include <algorithm>

#include "adapters/pg_order_row.h"
#include "adapters/pg_orders.h"
#include "convert.h"
#include "core/ids.h"
#include "outbox/parts.h"
#include "pg/database.h"
#include "pg/page.h"
#include "pg/row.h"
#include "rpc/request_rules.h"

// The reading half of PgOrders.
namespace prepay::account {
namespace {

std::string time_text(bool given, const google::protobuf::Timestamp& time) {
    return given ? pg::to_timestamptz(from_proto(time)) : "";
}

constexpr const char* kOrderRows = "SELECT " PREPAY_ORDER_COLUMNS R"sql(,
       coalesce(c.provider_transaction_id, '') AS settled_transaction_id,
       (SELECT bool_and(s.settle_time IS NOT NULL) FROM suspense_items i
        LEFT JOIN suspense_settlements s USING (provider_transaction_id)
        WHERE i.order_id = o.order_id) AS settled
FROM orders o JOIN accounts a ON a.account_no = o.account_no
LEFT JOIN suspense_settlements c ON c.order_id = o.order_id
)sql";

Order to_order(const pg::Row& row) {
    Order order = read_order(row);
    if (order.provider_transaction_id.empty()) {
        order.provider_transaction_id = row.text("settled_transaction_id");
    }
    return order;
}

const std::string kPostingRows = R"sql(
SELECT e.account_version, (extract(epoch from e.post_time) * 1000000)::bigint AS post_micros,
       e.amount_micros, e.balance_after_micros, e.kind, e.source_id, c.kind AS counter_kind,
       (extract(epoch from e.source_time) * 1000000)::bigint AS source_micros
FROM entries e JOIN accounts c ON c.account_no = e.counter_no
WHERE e.account_no = $1 AND ($2 = 0 OR e.account_version < $2)
    AND ($3 = '' OR e.post_time >= NULLIF($3, '')::timestamptz)
    AND ($4 = '' OR e.post_time < NULLIF($4, '')::timestamptz)
)sql";
constexpr const char* kNewestPostings = " ORDER BY e.account_version DESC LIMIT $5";
// As the index of payments has it.
constexpr const char* kNoCharges = " AND e.source_kind <> 'charge'";

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
    pg::fill_page(rows, limit, "order_id", response, [&](const pg::Row& row) {
        v1::Order& order = *response.add_orders();
        order = to_proto(to_order(row));
        if (const auto settled = row.find<bool>("settled")) {
            order.set_suspense_state(*settled ? v1::SUSPENSE_STATE_SETTLED
                                              : v1::SUSPENSE_STATE_HELD);
        }
    });
    return response;
}

Result<v1::ListPostingsResponse> PgOrders::postings(pqxx::work& tx,
                                                    const v1::ListPostingsRequest& request,
                                                    bool without_charges) {
    const std::int64_t account_no = book_.find(tx, {request.account_id()}).front();
    if (account_no == 0) {
        return not_found("ACCOUNT_NOT_FOUND", "there is no account " + request.account_id());
    }
    PREPAY_ASSIGN_OR_RETURN(const std::int64_t below_version,
                            rpc::sequence_of(request.page_token()));
    const int limit = rpc::page_size_of(request.page_size());
    const auto rows = tx.exec_params(
        kPostingRows + (without_charges ? kNoCharges : "") + kNewestPostings, account_no,
        below_version, time_text(request.has_start_time(), request.start_time()),
        time_text(request.has_end_time(), request.end_time()), limit + 1);
    v1::ListPostingsResponse response;
    pg::fill_page(rows, limit, "account_version", response, [&](const pg::Row& row) {
        v1::Posting& posting = *response.add_postings();
        posting.set_posting_id(row.number("account_version"));
        posting.set_account_id(request.account_id());
        *posting.mutable_post_time() = to_proto(row.time("post_micros"));
        posting.set_amount_micros(row.number("amount_micros"));
        posting.set_balance_after_micros(row.number("balance_after_micros"));
        posting.set_kind(row.text("kind"));
        posting.set_source_id(row.text("source_id"));
        posting.set_counter_kind(to_proto(ledger_kind_from(row.text("counter_kind"))));
        *posting.mutable_source_time() = to_proto(row.time("source_micros"));
    });
    return response;
}

// Charges that are posted late belong to the days that they are for.
std::vector<std::pair<std::string, Money>> PgOrders::daily_use(pqxx::work& tx,
                                                               const std::string& account_id,
                                                               int day_count) const {
    std::vector<std::pair<std::string, Money>> days;
    for (const pg::Row row : tx.exec_params(
             "WITH mine AS (SELECT a.account_no, s.time_zone,"
             " ($2::timestamptz AT TIME ZONE s.time_zone)::date AS today FROM accounts a"
             " JOIN sites s USING (site_id) WHERE a.account_id = $1),"
             " used AS (SELECT ((e.source_time - interval '1 microsecond')"
             " AT TIME ZONE m.time_zone)::date AS day, -sum(e.amount_micros) AS amount"
             " FROM entries e JOIN mine m USING (account_no)"
             " WHERE e.source_kind = 'charge' AND e.source_time > $3::timestamptz GROUP BY 1)"
             " SELECT d.day::date::text AS day, coalesce(u.amount, 0)::bigint AS amount"
             " FROM mine m, generate_series((m.today - ($4::int - 1))::timestamp,"
             " m.today::timestamp, interval '1 day') AS d (day)"
             " LEFT JOIN used u ON u.day = d.day::date ORDER BY 1",
             account_id, pg::to_timestamptz(clock_.now()),
             // Two days more than asked for: no zone is further off.
             pg::to_timestamptz(clock_.now() - std::chrono::hours(24 * (day_count + 2))),
             day_count)) {
        days.emplace_back(row.text("day"), Money::from_micros(row.number("amount")));
    }
    return days;
}

Status PgOrders::tell_payments(pqxx::work& tx, const outbox::SnapshotRequest& request,
                               const outbox::EmitEvent& emit) const {
    for (const pg::Row account : tx.exec("SELECT account_no, account_id, site_id FROM accounts"
                                         " WHERE kind = 'purse' ORDER BY account_no")) {
        const std::string account_id = account.text("account_id");
        if (partition_of(account_id, request.partition_count) != request.partition) {
            continue;
        }
        v1::PaymentsRecorded event;
        event.set_site_id(account.text("site_id"));
        for (const auto& row : tx.exec_params(
                 std::string(kOrderRows) + " WHERE o.account_no = $1 AND o.state = 'credited'"
                                           " ORDER BY o.create_time, o.order_id",
                 account.number("account_no"))) {
            *event.add_orders() = to_proto(to_order(row));
        }
        for (const outbox::NewMessage& part :
             outbox::in_parts(request.topic, account_id, std::move(event),
                              &v1::PaymentsRecorded::mutable_orders, [&](v1::PaymentsRecorded& p) {
                                  *p.mutable_header() = make_header(clock_, clock_.now());
                              })) {
            PREPAY_RETURN_IF_ERROR(emit(part));
        }
    }
    return absl::OkStatus();
}

v1::GetTrialBalanceResponse PgOrders::trial_balance(pqxx::work& tx) {
    v1::GetTrialBalanceResponse response;
    std::int64_t total = 0;
    for (const pg::Row row :
         tx.exec("SELECT a.kind, a.site_id, sum(b.balance_micros)::bigint AS balance_micros,"
                 " sum(b.version)::bigint AS posting_count FROM accounts a JOIN balances b"
                 " USING (account_no) GROUP BY 1, 2 ORDER BY 2, 1")) {
        v1::TrialBalanceLine& line = *response.add_lines();
        line.set_kind(to_proto(ledger_kind_from(row.text("kind"))));
        line.set_site_id(row.text("site_id"));
        line.set_balance_micros(row.number("balance_micros"));
        line.set_posting_count(row.number("posting_count"));
        total += line.balance_micros();
    }
    response.set_total_micros(total);
    *response.mutable_snapshot_time() = to_proto(clock_.now());
    return response;
}

}  // namespace prepay::account
