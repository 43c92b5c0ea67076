#pragma once

#include <mutex>
#include <pqxx/pqxx>
#include <set>
#include <vector>

#include "books/adapters/pg_account_book.h"
#include "books/domain/ledger.h"
#include "core/status.h"
#include "metrics.h"

namespace prepay::account {

/// Writes balanced pairs into the ledger: a batch is one statement from arrays, however many
/// entries. Thread-safe.
class PgLedger {
public:
    explicit PgLedger(AccountMetrics& metrics) : metrics_(metrics) {}

    /// Makes the month partitions of the sources' times where they are missing. Call before any
    /// account is locked.
    void prepare(pqxx::work& tx, const std::vector<Posting>& postings);
    /// The months from now to `ahead` months later.
    void prepare_ahead(pqxx::work& tx, Instant now, int ahead);

    /// Posts to locked accounts and gives what was posted; sources that were posted before are
    /// dropped. Reason BAD_MESSAGE when a source was posted before with another account or amount,
    /// or the batch cannot be worked out.
    Result<PostingPlan> post(pqxx::work& tx, std::vector<Posting> postings,
                             const std::vector<LockedAccount>& accounts, Instant now);

    /// The other half of every pair: one update per counter account. Call last before the commit,
    /// so that the company's own accounts, which all batches share, are locked for the shortest
    /// time.
    void post_counters(pqxx::work& tx, const PostingPlan& plan);

private:
    void ensure_month(pqxx::work& tx, Instant time);

    AccountMetrics& metrics_;
    std::mutex mutex_;
    std::set<std::int64_t> months_;  ///< Known to be committed.
};

}  // namespace prepay::account
