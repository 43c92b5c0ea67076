#pragma once

#include <chrono>
#include <mutex>

#include "core/status.h"
#include "pg/database.h"

namespace prepay::outbox {

/// The lead among the relays of one schema: a row with an epoch and a count of renewals. It does
/// not die with a connection, and no two clocks are compared: a standby takes over when the count
/// has stood still for the lease's time by its own steady clock; the leader, which counts from
/// before its last renewal, is past its lease by then. One that does not know (it was stopped)
/// finds its epoch gone: whatever it changes goes through fence(). Thread-safe.
class RelayLease {
public:
    RelayLease(pg::Database& database, std::chrono::milliseconds time)
        : database_(database), time_(time) {}

    /// The epoch of our lead, 0 = somebody else leads. Renews what is due, takes over what is free.
    Result<std::int64_t> hold();
    /// Renews the lead within a transaction that changes something, and locks it until that ends.
    /// Reason FENCED: another one leads. After the commit, renewed() says when that began.
    Status fence(pqxx::work& tx);
    void renewed(std::chrono::steady_clock::time_point begun);
    /// Whether nobody else can have taken over yet.
    [[nodiscard]] bool is_fresh() const;
    /// Gives the lead up, so that the next one need not wait for its end.
    void release();

private:
    using TimePoint = std::chrono::steady_clock::time_point;
    struct Row {
        std::int64_t epoch = -1;
        std::int64_t renewal = -1;
        bool held = true;
    };
    Result<std::int64_t> renew(std::int64_t epoch);
    Result<std::int64_t> take(const Row& row);
    [[nodiscard]] std::int64_t epoch() const;
    void set(std::int64_t epoch, TimePoint begun);

    pg::Database& database_;
    const std::chrono::milliseconds time_;
    mutable std::mutex mutex_;
    std::int64_t epoch_ = 0;  // Ours; 0 = we do not lead.
    TimePoint renewed_;       // When we began the last renewal that went through.
    Row seen_;                // The other's row,
    TimePoint seen_since_;    // and since when it looks like this.
};

}  // namespace prepay::outbox
