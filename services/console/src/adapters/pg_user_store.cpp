#include "adapters/pg_user_store.h"
#include "pg/row.h"

namespace prepay::console {
namespace {

const std::string& user_columns() {
    static const std::string columns =
        "u.user_id, u.user_name, u.display_name, u.role, u.password_hash, u.enabled, " +
        pg::micros("u.last_log_in_time") + " AS last_log_in_micros";
    return columns;
}

UserRow user_from_row(const pg::Row& row) {
    UserRow user;
    user.user_id = row.text("user_id");
    user.user_name = row.text("user_name");
    user.display_name = row.text("display_name");
    user.role = rpc::role_from_text(row.text("role"));
    user.password_hash = row.text("password_hash");
    user.enabled = row.get<bool>("enabled");
    user.last_log_in_time = row.find_time("last_log_in_micros");
    return user;
}

Status token_error(const char* reason, const char* message) {
    return make_error(absl::StatusCode::kUnauthenticated, reason, message);
}

}  // namespace

Result<std::optional<UserRow>> PgUserStore::find_by_name(const std::string& user_name) {
    return database_.read([&](pqxx::work& tx) -> Result<std::optional<UserRow>> {
        const auto rows = tx.exec_params(
            "SELECT " + user_columns() + " FROM users u WHERE u.user_name = $1", user_name);
        return rows.empty() ? std::nullopt : std::optional<UserRow>(user_from_row(rows[0]));
    });
}

Result<std::vector<UserRow>> PgUserStore::list() {
    return database_.read([&](pqxx::work& tx) -> Result<std::vector<UserRow>> {
        std::vector<UserRow> users;
        for (const auto& row :
             tx.exec("SELECT " + user_columns() + " FROM users u ORDER BY u.user_name")) {
            users.push_back(user_from_row(row));
        }
        return users;
    });
}

Status PgUserStore::insert(pqxx::work& tx, const UserRow& user) {
    const auto inserted = tx.exec_params(
        "INSERT INTO users (user_id, user_name, display_name, role, enabled, password_hash)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (user_name) DO NOTHING",
        user.user_id, user.user_name, user.display_name, rpc::role_text(user.role), user.enabled,
        user.password_hash);
    return inserted.affected_rows() == 1
               ? absl::OkStatus()
               : already_exists("USER_EXISTS",
                                "the user name " + user.user_name + " is taken; choose another");
}

Status PgUserStore::put(const UserRow& user) {
    return database_.transact([&](pqxx::work& tx) {
        tx.exec_params(
            "INSERT INTO users (user_id, user_name, display_name, role, password_hash)"
            " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (user_name) DO UPDATE"
            " SET role = $4, password_hash = $5, display_name = $3, enabled = true",
            user.user_id, user.user_name, user.display_name, rpc::role_text(user.role),
            user.password_hash);
        tx.exec_params(
            "UPDATE sessions s SET end_time = now() FROM users u"
            " WHERE u.user_name = $1 AND s.user_id = u.user_id AND s.end_time IS NULL",
            user.user_name);
        return absl::OkStatus();
    });
}

Status PgUserStore::set_password_hash(const std::string& user_id,
                                      const std::string& password_hash) {
    return database_.transact([&](pqxx::work& tx) {
        tx.exec_params("UPDATE users SET password_hash = $2 WHERE user_id = $1", user_id,
                       password_hash);
        tx.exec_params(
            "UPDATE sessions SET end_time = now() WHERE user_id = $1 AND end_time IS NULL",
            user_id);
        return absl::OkStatus();
    });
}

Status PgUserStore::start_session(const std::string& session_id, const std::string& user_id,
                                  const std::string& refresh_hash, Instant now,
                                  Instant expire_time) {
    return database_.transact([&](pqxx::work& tx) {
        tx.exec_params("UPDATE users SET last_log_in_time = $2 WHERE user_id = $1", user_id,
                       pg::to_timestamptz(now));
        tx.exec_params(
            "INSERT INTO sessions (session_id, user_id, token_hash, expire_time)"
            " VALUES ($1, $2, $3, $4)",
            session_id, user_id, refresh_hash, pg::to_timestamptz(expire_time));
        return absl::OkStatus();
    });
}

Result<LiveSession> PgUserStore::rotate(const std::string& old_hash, const std::string& new_hash,
                                        Instant now) {
    bool reused = false;
    auto session = database_.transact([&](pqxx::work& tx) -> Result<std::optional<LiveSession>> {
        const auto end_if_used = [&] {
            return !tx.exec_params(
                          "UPDATE sessions SET end_time = now() WHERE session_id IN"
                          " (SELECT session_id FROM used_refresh_tokens WHERE token_hash = $1)"
                          " RETURNING session_id",
                          old_hash)
                        .empty();
        };
        reused = end_if_used();
        if (reused) {
            return std::optional<LiveSession>();  // Commits the end of the session.
        }
        const auto rows = tx.exec_params(
            "UPDATE sessions s SET token_hash = $2 FROM users u WHERE s.token_hash = $1"
            " AND s.end_time IS NULL AND s.expire_time > $3 AND u.user_id = s.user_id AND u.enabled"
            " RETURNING " +
                user_columns() + ", s.session_id",
            old_hash, new_hash, pg::to_timestamptz(now));
        if (rows.empty()) {
            reused = end_if_used();  // By somebody at the same moment: we waited for his row.
            return std::optional<LiveSession>();
        }
        LiveSession found{rows[0]["session_id"].as<std::string>(), user_from_row(rows[0])};
        tx.exec_params("INSERT INTO used_refresh_tokens (token_hash, session_id) VALUES ($1, $2)",
                       old_hash, found.session_id);
        return std::optional<LiveSession>(std::move(found));
    });
    if (!session.ok()) {
        return session.status();
    }
    if (reused) {
        return token_error(
            "TOKEN_REUSED",
            "this refresh token was used before; the session is ended, log in again");
    }
    if (!*session) {
        return token_error("TOKEN_INVALID", "the session has ended; log in again");
    }
    return **session;
}

Status PgUserStore::end_session(const std::string& refresh_hash, Instant now) {
    return database_.transact([&](pqxx::work& tx) {
        tx.exec_params(
            "UPDATE sessions SET end_time = $2 WHERE token_hash = $1 AND end_time IS NULL",
            refresh_hash, pg::to_timestamptz(now));
        return absl::OkStatus();
    });
}

Result<std::set<std::string>> PgUserStore::ended_sessions(Instant since) {
    return database_.read([&](pqxx::work& tx) -> Result<std::set<std::string>> {
        std::set<std::string> ids;
        for (const auto& row :
             tx.exec_params("SELECT session_id FROM sessions WHERE end_time > $1 UNION ALL"
                            " SELECT s.session_id FROM users u JOIN sessions s USING (user_id)"
                            " WHERE NOT u.enabled",
                            pg::to_timestamptz(since))) {
            ids.insert(pg::only<std::string>(row));
        }
        return ids;
    });
}

Status PgUserStore::forget_sessions(Instant before) {
    return database_.transact([&](pqxx::work& tx) {
        tx.exec_params(
            "WITH gone AS (DELETE FROM sessions WHERE expire_time < $1 RETURNING session_id)"
            " DELETE FROM used_refresh_tokens t USING gone WHERE t.session_id = gone.session_id",
            pg::to_timestamptz(before));
        return absl::OkStatus();
    });
}

}  // namespace prepay::console
