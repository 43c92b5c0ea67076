#pragma once

#include <string>
#include <vector>

#include "core/time.h"
#include "domain/log_in_rules.h"
#include "pg/database.h"

namespace prepay::console {

/// Wrong passwords with one user's name.
struct NameFailures {
    struct FromAddress {
        std::string address;  ///< As counted: an IPv4 address or an IPv6 /64.
        Failures pair;        ///< With the name, from here.
        Failures all;         ///< With any name, from here.
    };
    std::string name;
    Failures failures;
    std::vector<FromAddress> addresses;  ///< The last ones first.
};

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
    /// What was done wrong since kForgetTime with the names of users, last first; `count_max` names
    /// with up to `address_max` addresses each. Other names are nobody's to see.
    Result<std::vector<NameFailures>> list(Instant now, int count_max, int address_max);
    /// Deletes what is forgotten anyway, and the oldest beyond a bound.
    Status tidy(Instant now);

private:
    pg::Database& database_;
};

}  // namespace prepay::console
