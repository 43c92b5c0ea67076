#include "books/adapters/pg_journal.h"

#include "pg/row.h"
#include "quantity/text.h"

namespace prepay::account {
namespace {

constexpr int kFetchCount = 5000;

// The day after the last posting of any site, so that hledger, which goes by dates, looks at the
// assertions after all of them.
constexpr const char* kExpectation = R"sql(
SELECT count(*) AS entries,
       to_char(coalesce(max(e.post_time AT TIME ZONE s.time_zone), '2000-01-01') + interval '1 day',
               'YYYY-MM-DD') AS day_after
FROM entries e JOIN accounts a ON a.account_no = e.account_no JOIN sites s ON s.site_id = a.site_id
)sql";

constexpr const char* kEntries = R"sql(
DECLARE journal NO SCROLL CURSOR FOR
SELECT to_char(e.post_time AT TIME ZONE s.time_zone, 'YYYY-MM-DD') AS post_date, e.entry_id, e.kind,
       e.source_id,
       a.kind || ':' || CASE a.kind WHEN 'purse' THEN a.account_id ELSE a.site_id END AS account,
       c.kind || ':' || CASE c.kind WHEN 'purse' THEN c.account_id ELSE c.site_id END AS counter,
       e.amount_micros,
       to_char((e.source_time - CASE e.source_kind WHEN 'charge' THEN interval '1 microsecond'
                                ELSE interval '0' END) AT TIME ZONE s.time_zone,
               'YYYY-MM-DD') AS source_date
FROM entries e JOIN accounts a ON a.account_no = e.account_no JOIN sites s ON s.site_id = a.site_id
JOIN accounts c ON c.account_no = e.counter_no ORDER BY e.post_time, e.entry_id
)sql";

constexpr const char* kBalances = R"sql(
SELECT a.kind || ':' || CASE a.kind WHEN 'purse' THEN a.account_id ELSE a.site_id END AS account,
       b.balance_micros
FROM accounts a JOIN balances b USING (account_no) ORDER BY 1
)sql";

// Every account with what its entries say, from both sides.
constexpr const char* kBooks = R"sql(
WITH sides AS (
    SELECT account_no, amount_micros, 1 AS own FROM entries
    UNION ALL SELECT counter_no, -amount_micros, 0 FROM entries),
sums AS (SELECT account_no, sum(amount_micros) AS amount_micros, sum(own) AS own_count FROM sides
         GROUP BY account_no)
SELECT a.kind || ':' || CASE a.kind WHEN 'purse' THEN a.account_id ELSE a.site_id END AS account,
       b.balance_micros, coalesce(s.amount_micros, 0)::bigint AS posted_micros
FROM accounts a JOIN balances b USING (account_no) LEFT JOIN sums s USING (account_no) ORDER BY 1
)sql";

// Whoever reads what is written may pause; the snapshot waits for that, and for long sums.
constexpr std::chrono::minutes kPatience{5};

std::string yuan(std::int64_t micros) { return format_decimal(micros, 6, 6) + " CNY"; }

// The seal opens with a yuan that its last line takes back: cut short, it does not balance.
std::string sealed_balances(pqxx::work& tx, const std::string& date) {
    std::string text = date + " balances as kept\n    check:begin  " + yuan(1'000'000) + "\n";
    for (const pg::Row row : tx.exec(kBalances)) {
        text += "    " + row.text("account") + "  " + yuan(0) + " = " +
                yuan(row.number("balance_micros")) + "\n";
    }
    return text + "    check:end  " + yuan(-1'000'000) + "\n\n";
}

std::string transaction_of(const pg::Row& row) {
    const std::string date = row.text("post_date");
    const std::string id = row.text("entry_id");
    const std::string kind = row.text("kind");
    const std::string source = row.text("source_id");
    const std::string account = row.text("account");
    const std::string counter = row.text("counter");
    const auto amount = row.number("amount_micros");
    return date + "=" + row.text("source_date") + " (" + id + ") " + kind + " " + source +
           "\n    " + account + "  " + yuan(amount) + "\n    " + counter + "  " + yuan(-amount) +
           "\n\n";
}

}  // namespace

Status write_journal(pg::Database& database,
                     const std::function<Status(const std::string&)>& write) {
    return database.read(
        [&](pqxx::work& tx) -> Status {
            const pg::Row expected = tx.exec1(kExpectation);
            const auto count = expected.text("entries");
            PREPAY_RETURN_IF_ERROR(write(
                "; The ledger of prepay-account: " + count +
                " postings. Dates are the site's: of posting, then of what was paid\n"
                "; for (--date2). Balances are credit-positive: a purse holds what is owed to its\n"
                "; customer, cash and wechat hold the same money with the opposite sign.\n"
                "; The first transaction asserts the balance of every account after all others:\n"
                "; a journal that was cut short does not pass `hledger check`.\n"
                "commodity 1000.000000 CNY\n\n" +
                sealed_balances(tx, expected.text("day_after"))));
            tx.exec(kEntries);
            for (;;) {
                const auto rows = tx.exec("FETCH " + std::to_string(kFetchCount) + " FROM journal");
                if (rows.empty()) {
                    return absl::OkStatus();
                }
                std::string text;
                for (const pg::Row row : rows) {
                    text += transaction_of(row);
                }
                PREPAY_RETURN_IF_ERROR(write(text));
            }
        },
        kPatience);
}

Result<BooksCheck> check_books(pg::Database& database) {
    return database.read(
        [&](pqxx::work& tx) -> Result<BooksCheck> {
            BooksCheck check;
            for (const pg::Row row : tx.exec(kBooks)) {
                const std::string account = row.text("account");
                const auto balance = row.number("balance_micros");
                const auto posted = row.number("posted_micros");
                ++check.account_count;
                check.sum_micros += balance;
                if (balance != posted) {
                    check.differences.push_back(account + ": kept " + yuan(balance) + ", posted " +
                                                yuan(posted));
                }
            }
            check.posting_count = pg::only<std::int64_t>(tx.exec1("SELECT count(*) FROM entries"));
            return check;
        },
        kPatience);
}

}  // namespace prepay::account
