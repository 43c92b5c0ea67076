#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/time.h"
#include "pg/database.h"
#include "rpc/token.h"

namespace prepay::console {

struct UserRow {
    std::string user_id;
    std::string user_name;
    std::string display_name;
    rpc::Role role = rpc::Role::kNone;
    std::string password_hash;
    bool enabled = true;
    std::optional<Instant> last_log_in_time;
};

/// A session that goes on.
struct LiveSession {
    std::string session_id;
    UserRow user;
};

/// Users and their sessions. Each method is one transaction unless it takes one.
class PgUserStore {
public:
    explicit PgUserStore(pg::Database& database) : database_(database) {}

    Result<std::optional<UserRow>> find_by_name(const std::string& user_name);
    Result<std::vector<UserRow>> list();
    /// Reason USER_EXISTS.
    static Status insert(pqxx::work& tx, const UserRow& user);
    /// Adds a user, or gives the one of that name a role, password and a clean slate; ends the
    /// sessions it had.
    Status put(const UserRow& user);
    Status set_password_hash(const std::string& user_id, const std::string& password_hash);

    /// Starts a session with its first refresh token; the user has logged in `now`.
    Status start_session(const std::string& session_id, const std::string& user_id,
                         const std::string& refresh_hash, Instant now, Instant expire_time);
    /// Swaps a refresh token for a new one. UNAUTHENTICATED with TOKEN_INVALID, or TOKEN_REUSED,
    /// which also ends the session.
    Result<LiveSession> rotate(const std::string& old_hash, const std::string& new_hash,
                               Instant now);
    Status end_session(const std::string& refresh_hash, Instant now);
    /// The sessions that ended after `since`, and those of disabled users.
    Result<std::set<std::string>> ended_sessions(Instant since);
    /// Deletes the sessions that could go on no longer at `before`, with their used tokens.
    Status forget_sessions(Instant before);

private:
    pg::Database& database_;
};

}  // namespace prepay::console
