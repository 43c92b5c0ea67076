#pragma once

#include <pqxx/pqxx>
#include <string>

#include "books/adapters/pg_account_book.h"
#include "payments/convert.h"
#include "payments/domain/payment.h"
#include "pg/database.h"
#include "pg/row.h"

namespace prepay::account {

/// Columns of `orders o JOIN accounts a`, as read_order() expects them.
inline const std::string& order_columns() {
    static const std::string columns =
        "o.order_id, o.account_no, a.account_id, o.site_id, o.kind, o.state, o.amount_micros,"
        " coalesce(o.provider_transaction_id, '') AS provider_transaction_id, o.openid,"
        " o.prepay_id, " +
        pg::micros("o.create_time") + " AS create_micros, " + pg::micros("o.expire_time") +
        " AS expire_micros, " + pg::micros("o.finish_time") +
        " AS finish_micros, o.query_count, o.create_user, o.note, o.balance_after_micros,"
        " o.failure_reason, o.override_unbilled";
    return columns;
}

inline Order read_order(const pg::Row& row) {
    Order order;
    order.order_id = row.text("order_id");
    order.account_no = row.number("account_no");
    order.account_id = row.text("account_id");
    order.site_id = row.text("site_id");
    order.kind = order_kind_from(row.text("kind"));
    order.state = order_state_from(row.text("state"));
    order.amount = Money::from_micros(row.number("amount_micros"));
    order.provider_transaction_id = row.text("provider_transaction_id");
    order.openid = row.text("openid");
    order.prepay_id = row.text("prepay_id");
    order.create_time = row.time("create_micros");
    order.expire_time = row.find_time("expire_micros");
    order.finish_time = row.find_time("finish_micros");
    order.query_count = row.get<int>("query_count");
    order.create_user = row.text("create_user");
    order.note = row.text("note");
    if (!row.is_null("balance_after_micros")) {
        order.balance_after = Money::from_micros(row.number("balance_after_micros"));
    }
    order.failure_reason = row.text("failure_reason");
    order.override_unbilled = row.get<bool>("override_unbilled");
    return order;
}

}  // namespace prepay::account
