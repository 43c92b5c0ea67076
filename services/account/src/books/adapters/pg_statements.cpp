#include "books/adapters/pg_statements.h"

#include "books/convert.h"
#include "core/proto_time.h"
#include "pg/database.h"
#include "pg/row.h"
#include "rpc/request_rules.h"

namespace prepay::account {
namespace {

const std::string kPostingRows =
    "SELECT e.account_version, " + pg::micros("e.post_time") +
    " AS post_micros, e.amount_micros, e.balance_after_micros, e.kind, e.source_id,"
    " c.kind AS counter_kind, " +
    pg::micros("e.source_time") + R"sql( AS source_micros
FROM entries e JOIN accounts c ON c.account_no = e.counter_no
WHERE e.account_no = $1 AND ($2 = 0 OR e.account_version < $2)
    AND ($3 = '' OR e.post_time >= NULLIF($3, '')::timestamptz)
    AND ($4 = '' OR e.post_time < NULLIF($4, '')::timestamptz)
)sql";
constexpr const char* kNewestPostings = " ORDER BY e.account_version DESC LIMIT $5";
// As the index of payments has it.
constexpr const char* kNoCharges = " AND e.source_kind <> 'charge'";

}  // namespace

Result<pg::Page<StatementLine>> PgStatements::postings(pqxx::work& tx,
                                                       const PostingFilter& filter) {
    const std::int64_t account_no = book_.find(tx, {filter.account_id}).front();
    if (account_no == 0) {
        return not_found("ACCOUNT_NOT_FOUND", "there is no account " + filter.account_id);
    }
    PREPAY_ASSIGN_OR_RETURN(const std::int64_t below_version, rpc::sequence_of(filter.page_token));
    const auto rows =
        tx.exec_params(kPostingRows + (filter.without_charges ? kNoCharges : "") + kNewestPostings,
                       account_no, below_version, pg::to_timestamptz(filter.start_time, ""),
                       pg::to_timestamptz(filter.end_time, ""), filter.limit + 1);
    return pg::read_page(rows, filter.limit, "account_version", [&](const pg::Row& row) {
        StatementLine line;
        line.account_id = filter.account_id;
        line.account_version = row.number("account_version");
        line.post_time = row.time("post_micros");
        line.amount = Money::from_micros(row.number("amount_micros"));
        line.balance_after = Money::from_micros(row.number("balance_after_micros"));
        line.kind = row.text("kind");
        line.source_id = row.text("source_id");
        line.counter_kind = ledger_kind_from(row.text("counter_kind"));
        line.source_time = row.time("source_micros");
        return line;
    });
}

// Charges that are posted late belong to the days that they are for.
std::vector<std::pair<std::string, Money>> PgStatements::daily_use(pqxx::work& tx,
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

TrialBalance PgStatements::trial_balance(pqxx::work& tx) {
    TrialBalance balance;
    for (const pg::Row row :
         tx.exec("SELECT a.kind, a.site_id, sum(b.balance_micros)::bigint AS balance_micros,"
                 " sum(b.version)::bigint AS posting_count FROM accounts a JOIN balances b"
                 " USING (account_no) GROUP BY 1, 2 ORDER BY 2, 1")) {
        balance.lines.push_back({ledger_kind_from(row.text("kind")), row.text("site_id"),
                                 Money::from_micros(row.number("balance_micros")),
                                 row.number("posting_count")});
        balance.total += balance.lines.back().balance;
    }
    balance.snapshot_time = clock_.now();
    return balance;
}

}  // namespace prepay::account
