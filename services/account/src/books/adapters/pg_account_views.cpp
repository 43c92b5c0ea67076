#include "books/adapters/pg_account_views.h"

#include "pg/database.h"
#include "pg/row.h"

namespace prepay::account {
namespace {

const std::string kSelectAccount = "SELECT " + pg::micros("a.open_time") + " AS open_micros, " +
                                   pg::micros("a.close_time") + R"sql( AS close_micros,
       a.account_no, a.account_id, a.site_id, a.state, b.balance_micros, b.version,
       a.level_1_micros, a.level_2_micros, a.level_3_micros, a.cut_floor_micros, a.keep_power, a.cut,
       c.customer_id, c.display_name, c.phone, c.email,
       coalesce(o.room_ids, '{}') AS room_ids, coalesce(o.meter_ids, '{}') AS meter_ids, a.kind
FROM accounts a JOIN balances b USING (account_no) LEFT JOIN customers c USING (customer_id)
LEFT JOIN LATERAL (
    SELECT array_agg(DISTINCT room_id) AS room_ids, array_agg(DISTINCT meter_id) AS meter_ids
    FROM occupancies WHERE account_no = a.account_no AND NOT deleted AND NOT vacancy
        AND (end_time IS NULL OR (a.state = 'closed' AND end_time = a.close_time))
) o ON true
)sql";

AccountView to_view(const pg::Row& row) {
    auto profile = profile_of(row);
    AccountView view;
    view.state.balance.account_no = profile->account_no;
    view.state.balance.balance = Money::from_micros(row.number("balance_micros"));
    view.state.balance.version = row.number("version");
    view.state.profile = std::move(profile);
    view.open_time = row.time("open_micros");
    view.close_time = row.find_time("close_micros");
    view.meter_ids = row.texts("meter_ids");
    return view;
}

}  // namespace

AccountView PgAccountViews::get(pqxx::work& tx, std::int64_t account_no) {
    static const std::string sql = kSelectAccount + " WHERE a.account_no = $1";
    return to_view(run_prepared(tx, "accounts_get", sql.c_str(), account_no)[0]);
}

Result<AccountView> PgAccountViews::get(pqxx::work& tx, const std::string& account_id) {
    const auto rows = tx.exec_params(kSelectAccount + " WHERE a.account_id = $1", account_id);
    if (rows.empty()) {
        return not_found("ACCOUNT_NOT_FOUND", "there is no account " + account_id);
    }
    return to_view(rows[0]);
}

pg::Page<AccountView> PgAccountViews::list(pqxx::work& tx, const AccountFilter& filter) {
    const auto rows = tx.exec_params(
        kSelectAccount +
            " WHERE a.kind = 'purse' AND ($1 = '' OR a.site_id = $1) AND ($2 OR a.state = 'open')"
            " AND ($3 = '' OR c.display_name ILIKE $4 OR ($7 AND c.phone LIKE $4) OR a.account_id "
            "= $3"
            " OR $3 = ANY(o.meter_ids) OR EXISTS (SELECT 1 FROM rooms r"
            " WHERE r.room_id = ANY(o.room_ids) AND (r.display_name ILIKE $4 OR r.room_id = $3)))"
            " AND a.account_no > coalesce((SELECT account_no FROM accounts WHERE account_id = $5), "
            "0)"
            " ORDER BY a.account_no LIMIT $6",
        filter.site_id, filter.include_closed, filter.query, "%" + filter.query + "%",
        filter.after_account_id, filter.limit + 1, filter.by_phone);
    return pg::read_page(rows, filter.limit, "account_id", to_view);
}

}  // namespace prepay::account
