#pragma once

#include <pqxx/pqxx>

#include "adapters/pg_account_book.h"
#include "convert.h"
#include "domain/payment.h"

/// Columns of `orders o JOIN accounts a`, as read_order() expects them.
#define PREPAY_ORDER_COLUMNS                                                                \
    "o.order_id, o.account_no, a.account_id, o.site_id, o.kind, o.state, o.amount_micros,"  \
    " coalesce(o.provider_transaction_id, ''), o.openid, o.prepay_id,"                      \
    " (extract(epoch from o.create_time) * 1000000)::bigint,"                               \
    " (extract(epoch from o.expire_time) * 1000000)::bigint,"                               \
    " (extract(epoch from o.finish_time) * 1000000)::bigint, o.query_count, o.create_user," \
    " o.note, o.balance_after_micros, o.failure_reason"

namespace prepay::account {

inline Order read_order(const pqxx::row& row) {
    Order order;
    order.order_id = row[0].as<std::string>();
    order.account_no = row[1].as<std::int64_t>();
    order.account_id = row[2].as<std::string>();
    order.site_id = row[3].as<std::string>();
    order.kind = order_kind_from(row[4].as<std::string>());
    order.state = order_state_from(row[5].as<std::string>());
    order.amount = Money::from_micros(row[6].as<std::int64_t>());
    order.provider_transaction_id = row[7].as<std::string>();
    order.openid = row[8].as<std::string>();
    order.prepay_id = row[9].as<std::string>();
    order.create_time = instant_at(row[10]);
    order.expire_time = optional_instant_at(row[11]);
    order.finish_time = optional_instant_at(row[12]);
    order.query_count = row[13].as<int>();
    order.create_user = row[14].as<std::string>();
    order.note = row[15].as<std::string>();
    if (!row[16].is_null()) {
        order.balance_after = Money::from_micros(row[16].as<std::int64_t>());
    }
    order.failure_reason = row[17].as<std::string>();
    return order;
}

}  // namespace prepay::account
