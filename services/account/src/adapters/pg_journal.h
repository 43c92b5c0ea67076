#pragma once

#include <functional>
#include <string>

#include "core/status.h"
#include "pg/database.h"

namespace prepay::account {

/// Writes the whole ledger as an hledger journal, one transaction an entry, exact amounts with our
/// signs, and at the end an assertion of every account's balance as we keep it. One snapshot. Dates
/// are days of the site's time zone: the posting's, and as secondary date (hledger --date2) that of
/// the source, which for a charge is the day its interval ends.
Status write_journal(pg::Database& database, const std::function<void(const std::string&)>& write);

}  // namespace prepay::account
