#include "books/adapters/events.h"
#include "core/ids.h"
#include "core/proto_time.h"
#include "payments/adapters/pg_order_row.h"
#include "payments/adapters/pg_orders.h"
#include "payments/convert.h"
#include "pg/database.h"
#include "pg/row.h"

// The reading half of PgOrders.
namespace prepay::account {
namespace {

const std::string kOrderRows = "SELECT " + order_columns() + R"sql(,
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

ListedOrder to_listed(const pg::Row& row) {
    ListedOrder listed{to_order(row), SuspenseState::kNone};
    if (const auto settled = row.find<bool>("settled")) {
        listed.suspense = *settled ? SuspenseState::kSettled : SuspenseState::kHeld;
    }
    return listed;
}

}  // namespace

Result<Order> PgOrders::get(pqxx::work& tx, const std::string& order_id,
                            const std::string& account_id) {
    const auto rows = tx.exec_params(kOrderRows + " WHERE o.order_id = $1 AND a.account_id = $2",
                                     order_id, account_id);
    if (rows.empty()) {
        return not_found("ORDER_NOT_FOUND", "there is no order " + order_id);
    }
    return to_order(rows[0]);
}

pg::Page<ListedOrder> PgOrders::list(pqxx::work& tx, const OrderFilter& filter) {
    const auto rows = tx.exec_params(
        kOrderRows +
            " WHERE ($1 = '' OR a.account_id = $1) AND ($2 = '' OR o.site_id = $2)"
            " AND ($3 = '' OR o.create_time >= NULLIF($3, '')::timestamptz)"
            " AND ($4 = '' OR o.create_time < NULLIF($4, '')::timestamptz)"
            " AND ($5 = '' OR (o.create_time, o.order_id) <"
            " (SELECT create_time, order_id FROM orders WHERE order_id = $5))"
            " ORDER BY o.create_time DESC, o.order_id DESC LIMIT $6",
        filter.account_id, filter.site_id, pg::to_timestamptz(filter.start_time, ""),
        pg::to_timestamptz(filter.end_time, ""), filter.after_order_id, filter.limit + 1);
    return pg::read_page(rows, filter.limit, "order_id", to_listed);
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
        for (const auto& row :
             tx.exec_params(kOrderRows + " WHERE o.account_no = $1 AND o.state = 'credited'"
                                         " ORDER BY o.create_time, o.order_id",
                            account.number("account_no"))) {
            *event.add_orders() = to_proto(to_order(row));
        }
        PREPAY_RETURN_IF_ERROR(event_writer(outbox_, clock_)
                                   .emit(emit, request.topic, account_id, std::move(event),
                                         &v1::PaymentsRecorded::mutable_orders));
    }
    return absl::OkStatus();
}

}  // namespace prepay::account
