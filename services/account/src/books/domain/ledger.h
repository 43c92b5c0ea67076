#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/time.h"
#include "quantity/quantity.h"

namespace prepay::account {

/// Whose id a posting's source is. Part of the idempotency key.
/// kTransaction brings a provider's payment into suspense, kSettlement the same one out again.
enum class SourceKind { kCharge, kOrder, kTransaction, kSettlement };

enum class EntryKind { kTopUp, kRefund, kCharge, kReversal, kSuspense };

/// Money to be moved: `amount` onto the account, the same off the counter account.
struct Posting {
    SourceKind source_kind = SourceKind::kCharge;
    std::string source_id;
    Instant source_time;  ///< Fixed by the source, not by the moment of posting.
    EntryKind kind = EntryKind::kCharge;
    std::int64_t account_no = 0;
    std::int64_t counter_no = 0;
    Money amount;          ///< Signed; positive raises the account's balance.
    std::size_t item = 0;  ///< The caller's index of the source; carried, not looked at.
};

/// A locked account as the ledger has it. balance = credit_total - charge_total, version = number
/// of postings on it.
struct AccountBalance {
    std::int64_t account_no = 0;
    Money balance;
    std::int64_t version = 0;
    Money credit_total;
    Money charge_total;
};

/// A posting with its place in its account's history.
struct Entry {
    Posting posting;
    Money balance_after;
    std::int64_t account_version = 0;
};

/// What a counter account gains from a whole batch.
struct CounterChange {
    Money amount;
    std::int64_t posting_count = 0;
};

/// A batch worked out in full; nothing is decided while it is written.
struct PostingPlan {
    std::vector<Entry> entries;
    std::vector<AccountBalance> accounts;  ///< After the batch, in order of account_no.
    std::map<std::int64_t, CounterChange>
        counters;  ///< One change an account, however many entries.
};

/// Works postings out, in their order, against the locked accounts. Nothing when an account is not
/// among `accounts`, is its own counter account or counter account of another posting, or a sum
/// leaves the range of int64: the batch is then refused as a whole.
std::optional<PostingPlan> plan_postings(const std::vector<Posting>& postings,
                                         const std::vector<AccountBalance>& accounts);

}  // namespace prepay::account
