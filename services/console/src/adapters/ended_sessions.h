#pragma once

#include <chrono>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>

#include "adapters/pg_tenant_links.h"
#include "adapters/pg_user_store.h"
#include "config.h"
#include "rpc/access.h"
#include "rpc/server.h"

namespace prepay::console {

/// Which sessions and tenant links ended while tokens of them are still good, at whichever replica
/// that was (S-13). The edge and the console's own server refuse them; the other services ask for
/// the list. Thread-safe.
class EndedSessions {
public:
    struct Snapshot {
        std::string version;  ///< The same for the same ids, at every replica.
        std::set<std::string> session_ids;
    };

    EndedSessions(const ConsoleConfig& config, pg::Database& database, rpc::AccessControl& access,
                  rpc::Server& server, const Clock& clock)
        : config_(config),
          store_(database),
          links_(database),
          access_(access),
          server_(server),
          clock_(clock) {}

    /// How often to look.
    static constexpr std::chrono::seconds kInterval{1};

    /// One look; what cannot be read leaves everybody with what was known.
    Status look();
    /// Deletes sessions and links that nobody can use any more.
    Status keep_house();
    /// What was last seen. UNAVAILABLE with reason SESSIONS_UNKNOWN when that is too long ago.
    [[nodiscard]] Result<Snapshot> latest() const;

private:
    const ConsoleConfig& config_;
    PgUserStore store_;
    PgTenantLinks links_;
    rpc::AccessControl& access_;
    rpc::Server& server_;
    const Clock& clock_;
    mutable std::mutex mutex_;
    Snapshot latest_;
    std::chrono::steady_clock::time_point look_time_;
};

}  // namespace prepay::console
