#include "adapters/pg_journal.h"
#include "quantity/text.h"

namespace prepay::account {
namespace {

constexpr int kFetchCount = 5000;

constexpr const char* kEntries = R"sql(
DECLARE journal NO SCROLL CURSOR FOR
SELECT to_char(e.post_time AT TIME ZONE s.time_zone, 'YYYY-MM-DD'), e.entry_id, e.kind, e.source_id,
       a.kind || ':' || CASE a.kind WHEN 'purse' THEN a.account_id ELSE a.site_id END,
       c.kind || ':' || CASE c.kind WHEN 'purse' THEN c.account_id ELSE c.site_id END,
       e.amount_micros,
       to_char((e.source_time - CASE e.source_kind WHEN 'charge' THEN interval '1 microsecond'
                                ELSE interval '0' END) AT TIME ZONE s.time_zone, 'YYYY-MM-DD')
FROM entries e JOIN accounts a ON a.account_no = e.account_no JOIN sites s ON s.site_id = a.site_id
JOIN accounts c ON c.account_no = e.counter_no ORDER BY e.post_time, e.entry_id
)sql";

constexpr const char* kBalances = R"sql(
SELECT a.kind || ':' || CASE a.kind WHEN 'purse' THEN a.account_id ELSE a.site_id END,
       b.balance_micros
FROM accounts a JOIN balances b USING (account_no) ORDER BY 1
)sql";

std::string yuan(std::int64_t micros) { return format_decimal(micros, 6, 6) + " CNY"; }

}  // namespace

Status write_journal(pg::Database& database, const std::function<void(const std::string&)>& write) {
    return database.read([&](pqxx::work& tx) -> Status {
        write(
            "; The ledger of prepay-account. Dates are the site's: of posting, then of what was "
            "paid "
            "for (--date2).\n"
            "; Balances are credit-positive: a purse holds what is "
            "owed\n"
            "; to its customer, cash and wechat hold the same money with the opposite sign.\n"
            "commodity 1000.000000 CNY\n\n");
        tx.exec(kEntries);
        std::string last_date = "2000-01-01";
        for (;;) {
            const auto rows = tx.exec("FETCH " + std::to_string(kFetchCount) + " FROM journal");
            if (rows.empty()) {
                break;
            }
            std::string text;
            for (const auto& row : rows) {
                const auto date = row[0].as<std::string>();
                last_date = std::max(last_date, date);
                const auto amount = row[6].as<std::int64_t>();
                text += date + "=" + row[7].as<std::string>() + " (" + row[1].as<std::string>() +
                        ") " + row[2].as<std::string>() + " " + row[3].as<std::string>() +
                        "\n    " + row[4].as<std::string>() + "  " + yuan(amount) + "\n    " +
                        row[5].as<std::string>() + "  " + yuan(-amount) + "\n\n";
            }
            write(text);
        }
        std::string text = last_date + " balances as kept\n";
        for (const auto& row : tx.exec(kBalances)) {
            text += "    " + row[0].as<std::string>() + "  " + yuan(0) + " = " +
                    yuan(row[1].as<std::int64_t>()) + "\n";
        }
        write(text);
        return absl::OkStatus();
    });
}

}  // namespace prepay::account
