#pragma once

#include <stop_token>
#include <string>

#include "adapters/log_in_watch.h"
#include "adapters/password_hasher.h"
#include "adapters/pg_log_in_store.h"
#include "adapters/pg_user_store.h"
#include "config.h"
#include "prepay/console/v1/console.pb.h"
#include "rpc/server.h"

namespace prepay::console {

/// AuthService without the tenant links: log-in, sessions, users.
class GrpcAuthService {
public:
    GrpcAuthService(const ConsoleConfig& config, pg::Database& database,
                    const ConsoleMetrics& metrics, const Clock& clock);
    void register_on(rpc::Server& server);
    /// Keeps log lines and stored failures few; to be called every few seconds.
    Status tidy();
    /// Writes the log lines that are still held back; to be called at the end.
    void end() { watch_.sweep(true); }
    /// What the edge of this process puts before a client's address, so that it is believed.
    [[nodiscard]] const std::string& address_proof() const { return address_proof_; }

    Result<v1::LogInResponse> log_in(const rpc::CallContext& context,
                                     const v1::LogInRequest& request);
    Result<v1::RefreshResponse> refresh(const rpc::CallContext& context,
                                        const v1::RefreshRequest& request);
    Result<v1::LogOutResponse> log_out(const rpc::CallContext& context,
                                       const v1::LogOutRequest& request);
    Result<v1::GetMeResponse> get_me(const rpc::CallContext& context,
                                     const v1::GetMeRequest& request);
    Result<v1::CreateUserResponse> create_user(const rpc::CallContext& context,
                                               const v1::CreateUserRequest& request);
    Result<v1::ListUsersResponse> list_users(const rpc::CallContext& context,
                                             const v1::ListUsersRequest& request);
    Result<v1::ChangePasswordResponse> change_password(const rpc::CallContext& context,
                                                       const v1::ChangePasswordRequest& request);
    Result<v1::UnlockUserResponse> unlock_user(const rpc::CallContext& context,
                                               const v1::UnlockUserRequest& request);
    Result<v1::ListLogInPausesResponse> list_log_in_pauses(
        const rpc::CallContext& context, const v1::ListLogInPausesRequest& request);

private:
    /// Who tries what, from where.
    struct Attempt {
        std::string name;    ///< "?" when no user can be called so.
        std::string client;  ///< The address,
        std::string key;     ///< and what is counted as one.
    };
    Attempt attempt_of(const rpc::CallContext& context, const std::string& user_name) const;
    /// The user with this name and password. UNAUTHENTICATED / WRONG_PASSWORD alike for unknown
    /// names, wrong passwords and disabled users; RESOURCE_EXHAUSTED / TOO_MANY_ATTEMPTS,
    /// LOG_IN_BUSY.
    Result<UserRow> prove(const Attempt& attempt, const std::string& password);
    Status refuse(const Attempt& attempt, const char* outcome, const Status& status);

    struct Tokens {
        std::string access;
        std::string refresh;
        Instant expire_time;
    };
    Result<Tokens> new_tokens(const UserRow& user, const std::string& session_id,
                              Instant now) const;

    const ConsoleConfig& config_;
    pg::Database& database_;
    PgUserStore store_;
    const Clock& clock_;
    PgLogInStore attempts_;
    PasswordHasher hasher_;
    LogInWatch watch_;
    const std::string address_proof_;
    const std::string
        absent_user_hash_;  ///< Verified for unknown names, so that time tells nothing.
};

/// Adds a user, or sets role and password of an existing one; for the subcommand create-user.
Status put_user(pg::Database& database, const Clock& clock, const std::string& user_name,
                const std::string& display_name, rpc::Role role, const std::string& password);

}  // namespace prepay::console
