#pragma once

#include <chrono>
#include <stop_token>

#include "adapters/pg_user_store.h"
#include "config.h"
#include "rpc/access.h"

namespace prepay::console {

/// Tells the edge which sessions ended while access tokens of them are still good, at whichever
/// replica that was (S-13: revocation within a minute).
class EndedSessions {
public:
    EndedSessions(const ConsoleConfig& config, pg::Database& database, rpc::AccessControl& access,
                  const Clock& clock)
        : config_(config), store_(database), access_(access), clock_(clock) {}

    /// Looks every few seconds; what cannot be read leaves the edge with what it knew.
    void run(const std::stop_token& stop);
    /// One look.
    Status look();

private:
    const ConsoleConfig& config_;
    PgUserStore store_;
    rpc::AccessControl& access_;
    const Clock& clock_;
};

}  // namespace prepay::console
