#include "payments/adapters/pg_orders.h"

#include "books/adapters/events.h"
#include "core/ids.h"
#include "payments/adapters/pg_order_row.h"
#include "payments/convert.h"
#include "pg/database.h"

namespace prepay::account {
namespace {

constexpr const char* kPaymentsTopic = "prepay.account.payments.v1";

constexpr const char* kInsertOrder = R"sql(
INSERT INTO orders (order_id, account_no, site_id, kind, state, amount_micros, request_id,
                    content_hash, openid, create_time, expire_time, finish_time, next_query_time,
                    create_user, note, balance_after_micros, override_unbilled)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, NULLIF($11, '')::timestamptz,
        NULLIF($12, '')::timestamptz, NULLIF($13, '')::timestamptz, $14, $15,
        NULLIF($16, '')::bigint, $17)
)sql";

Status to_status(NewOrderVerdict verdict, int pending_max) {
    switch (verdict) {
        case NewOrderVerdict::kMake:
            return absl::OkStatus();
        case NewOrderVerdict::kAccountClosed:
            return failed_precondition("ACCOUNT_CLOSED", "the account is closed");
        case NewOrderVerdict::kTooManyOrders:
            return make_error(absl::StatusCode::kResourceExhausted, "TOO_MANY_ORDERS",
                              "the account has " + std::to_string(pending_max) +
                                  " unpaid orders; pay one of them, or wait until they expire");
    }
    return absl::OkStatus();
}

}  // namespace

std::string PgOrders::new_order_id() const {
    std::string id = new_id(clock_);
    std::erase(id, '-');
    return id;
}

void PgOrders::insert(pqxx::work& tx, const Order& order, const std::string& request_id,
                      const std::string& content_hash, const std::optional<Instant>& next_query) {
    run_prepared(tx, "orders_insert", kInsertOrder, order.order_id, order.account_no, order.site_id,
                 std::string(to_text(order.kind)), std::string(to_text(order.state)),
                 order.amount.micros(), request_id, content_hash, order.openid,
                 pg::to_timestamptz(order.create_time), pg::to_timestamptz(order.expire_time, ""),
                 pg::to_timestamptz(order.finish_time, ""), pg::to_timestamptz(next_query, ""),
                 order.create_user, order.note,
                 order.balance_after ? std::to_string(order.balance_after->micros()) : "",
                 order.override_unbilled);
}

void PgOrders::announce(pqxx::work& tx, const std::vector<Order>& orders) {
    const outbox::EventWriter events = event_writer(outbox_, clock_);
    outbox::EventBatch batch(events, kPaymentsTopic, &v1::PaymentsRecorded::mutable_orders);
    for (const Order& order : orders) {
        v1::PaymentsRecorded& event = batch.event_of(order.account_id, order.site_id);
        event.set_site_id(order.site_id);
        *event.add_orders() = to_proto(order);
    }
    batch.append(tx, clock_.now());
}

Result<Order> PgOrders::create(const NewPayment& payment) {
    return database_.transact([&](pqxx::work& tx) -> Result<Order> {
        tx.exec_params("SELECT pg_advisory_xact_lock($1)",
                       static_cast<std::int64_t>(stable_hash("order/" + payment.request_id) >> 1));
        const auto stored =
            tx.exec_params("SELECT " + order_columns() +
                               ", o.content_hash FROM orders o"
                               " JOIN accounts a USING (account_no) WHERE o.request_id = $1",
                           payment.request_id);
        if (!stored.empty()) {
            if (stored[0]["content_hash"].as<std::string>() != payment.content_hash ||
                stored[0]["account_id"].as<std::string>() != payment.account_id) {
                return already_exists("REQUEST_ID_REUSED",
                                      "request_id " + payment.request_id +
                                          " was used for a different request; make a new one");
            }
            return read_order(stored[0]);
        }
        PREPAY_ASSIGN_OR_RETURN(const std::int64_t account_no,
                                book_.find_purse(tx, payment.account_id));
        const LockedAccount account = book_.lock_one(tx, account_no);
        const auto pending_count = pg::only<int>(tx.exec_params1(
            "SELECT count(*) FROM orders WHERE account_no = $1 AND state = 'pending'", account_no));
        PREPAY_RETURN_IF_ERROR(to_status(
            decide_new_order(account.profile->terms.state, pending_count, payment.pending_max),
            payment.pending_max));
        Order order;
        order.order_id = new_order_id();
        order.account_no = account_no;
        order.account_id = payment.account_id;
        order.site_id = account.profile->site_id;
        order.kind = OrderKind::kProviderTopUp;
        order.amount = payment.amount;
        order.openid = payment.openid;
        order.create_time = clock_.now();
        order.expire_time = payment.expire_time;
        order.create_user = payment.user;
        insert(tx, order, payment.request_id, payment.content_hash, payment.first_query_time);
        return order;
    });
}

Status PgOrders::save_prepay(const std::string& order_id, const std::string& prepay_id) {
    return database_.transact([&](pqxx::work& tx) -> Status {
        tx.exec_params("UPDATE orders SET prepay_id = $2 WHERE order_id = $1", order_id, prepay_id);
        return absl::OkStatus();
    });
}

Result<std::vector<Order>> PgOrders::claim_due(Instant now, Duration lease, int count_max) {
    return database_.transact([&](pqxx::work& tx) -> Result<std::vector<Order>> {
        std::vector<Order> due;
        for (const auto& row :
             tx.exec_params("WITH turns AS (SELECT order_id, row_number() OVER (PARTITION BY"
                            " account_no ORDER BY next_query_time, order_id) AS turn FROM orders"
                            " WHERE state = 'pending' AND next_query_time <= $1),"
                            " due AS (SELECT q.order_id, t.turn, q.next_query_time AS due_time"
                            " FROM orders q JOIN turns t USING (order_id)"
                            " WHERE q.state = 'pending' AND q.next_query_time <= $1"
                            " ORDER BY t.turn, q.next_query_time LIMIT $2"
                            " FOR NO KEY UPDATE OF q SKIP LOCKED),"
                            " claimed AS (UPDATE orders u SET next_query_time = $3,"
                            " query_count = query_count + 1 FROM due WHERE u.order_id = "
                            "due.order_id RETURNING u.*, due.turn, due.due_time)"
                            " SELECT " +
                                order_columns() +
                                " FROM claimed o JOIN accounts a USING (account_no)"
                                " ORDER BY o.turn, o.due_time",
                            pg::to_timestamptz(now), count_max, pg::to_timestamptz(now + lease))) {
            due.push_back(read_order(row));
        }
        return due;
    });
}

Status PgOrders::set_next_query(const std::string& order_id, Instant time) {
    return database_.transact([&](pqxx::work& tx) -> Status {
        tx.exec_params(
            "UPDATE orders SET next_query_time = $2 WHERE order_id = $1 AND state = 'pending'",
            order_id, pg::to_timestamptz(time));
        return absl::OkStatus();
    });
}

Status PgOrders::close(const std::string& order_id, const std::string& reason) {
    return database_.transact([&](pqxx::work& tx) -> Status {
        tx.exec_params(
            "UPDATE orders SET state = 'closed', failure_reason = $2, finish_time = $3,"
            " next_query_time = NULL WHERE order_id = $1 AND state = 'pending'",
            order_id, reason, pg::to_timestamptz(clock_.now()));
        return absl::OkStatus();
    });
}

}  // namespace prepay::account
