#pragma once

#include <string>

#include "core/time.h"
#include "domain/log_in_rules.h"
#include "pg/database.h"

namespace prepay::console {

/// Wrong passwords by name and address, shared by all replicas of the console and kept over their
/// restarts. Each method is one transaction unless it takes one.
class PgLogInStore {
public:
    explicit PgLogInStore(pg::Database& database) : database_(database) {}

    /// Lets decide_attempt() judge an attempt under lock and stores what follows; how long the
    /// caller has to wait, zero when it may go on.
    Result<Duration> begin_attempt(const std::string& name, const std::string& address,
                                   Instant now);
    /// Applies forgive() or take_back().
    Status change(const std::string& name, const std::string& address,
                  AttemptState (*rule)(const AttemptState&));
    /// Forgets what was wrong with a name, and from an address; empty ones are no matter.
    static void forget(pqxx::work& tx, const std::string& name, const std::string& address);
    /// Deletes what is forgotten anyway, and the oldest beyond a bound.
    Status tidy(Instant now);

private:
    pg::Database& database_;
};

}  // namespace prepay::console
