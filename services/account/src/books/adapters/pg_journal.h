#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/status.h"
#include "pg/database.h"

namespace prepay::account {

/// Writes the whole ledger as an hledger journal, one transaction an entry, exact amounts with our
/// signs. It begins with an assertion of every account's balance as we keep it, dated after all
/// entries, so that a journal that was cut short does not pass. One snapshot. Dates are days of the
/// site's time zone: the posting's, and as secondary date (hledger --date2) that of the source,
/// which for a charge is the day its interval ends. An error of `write` ends it.
Status write_journal(pg::Database& database,
                     const std::function<Status(const std::string&)>& write);

/// The books looked over by the program itself, at one snapshot.
struct BooksCheck {
    std::int64_t account_count = 0;
    std::int64_t posting_count = 0;
    std::int64_t sum_micros = 0;  ///< Of all balances; must be 0 (I-1).
    std::vector<std::string>
        differences;  ///< Accounts whose balance is not the sum of its postings.
    [[nodiscard]] bool is_good() const { return sum_micros == 0 && differences.empty(); }
};
Result<BooksCheck> check_books(pg::Database& database);

}  // namespace prepay::account
