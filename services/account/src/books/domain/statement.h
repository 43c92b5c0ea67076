#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "books/domain/terms.h"
#include "core/time.h"
#include "quantity/quantity.h"

namespace prepay::account {

/// A posting as people see it in the history of its account.
struct StatementLine {
    std::string account_id;
    std::int64_t account_version = 0;  ///< Its place in the account's history.
    Instant post_time;
    Money amount;  ///< Signed; positive raises the account's balance.
    Money balance_after;
    std::string kind;  ///< The word of its EntryKind.
    std::string source_id;
    LedgerKind counter_kind = LedgerKind::kPurse;
    Instant source_time;
};

/// Which postings of an account a list shows.
struct PostingFilter {
    std::string account_id;
    std::optional<Instant> start_time;  ///< Posted then or later.
    std::optional<Instant> end_time;    ///< Posted before.
    bool without_charges = false;
    std::string page_token;  ///< account_version of the last one of the page before; or empty.
    int limit = 100;
};

/// All ledger accounts of one kind at one site, together.
struct TrialBalanceLine {
    LedgerKind kind = LedgerKind::kPurse;
    std::string site_id;
    Money balance;
    std::int64_t posting_count = 0;
};

/// The whole ledger at one moment. Its total is zero, or the books are wrong.
struct TrialBalance {
    std::vector<TrialBalanceLine> lines;
    Money total;
    Instant snapshot_time;
};

}  // namespace prepay::account
