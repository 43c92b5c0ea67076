#include "adapters/grpc_auth_service.h"

#include <algorithm>

#include "adapters/asio_client_address.h"
#include "adapters/secrets.h"
#include "convert.h"
#include "core/anchored_clock.h"
#include "core/ids.h"
#include "core/proto_time.h"
#include "pg/request_answer.h"
#include "telemetry/log.h"

namespace prepay::console {
namespace {

constexpr int kPausesMax = 200;
constexpr int kPauseAddressesMax = 20;  // A user.

Status wrong_password() {
    return make_error(absl::StatusCode::kUnauthenticated, "WRONG_PASSWORD",
                      "user name or password is wrong");
}

Status too_many_attempts(Duration wait) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
    return make_error(absl::StatusCode::kResourceExhausted, "TOO_MANY_ATTEMPTS",
                      "too many wrong passwords; try again in " + std::to_string(seconds) + " s",
                      {{"wait_s", std::to_string(seconds)}});
}

v1::LogInPause to_proto_pause(const UserRow& user, const NameFailures& known, Instant now) {
    v1::LogInPause pause;
    *pause.mutable_user() = to_proto_user(user);
    pause.set_failure_count(known.failures.count);
    set_time(*pause.mutable_last_failure_time(), known.failures.last_time);
    if (const auto end = pause_end_of_name(known.failures, now)) {
        set_time(*pause.mutable_pause_end_time(), *end);
    }
    for (const NameFailures::FromAddress& from : known.addresses) {
        v1::LogInFailureAddress& address = *pause.add_addresses();
        address.set_client_address(from.address);
        address.set_failure_count(from.pair.count);
        set_time(*address.mutable_last_failure_time(), from.pair.last_time);
        address.set_address_failure_count(from.all.count);
        if (const auto end = pause_end_of_address(from.all, now)) {
            set_time(*address.mutable_address_pause_end_time(), *end);
        }
    }
    return pause;
}

}  // namespace

GrpcAuthService::GrpcAuthService(const ConsoleConfig& config, pg::Database& database,
                                 const ConsoleMetrics& metrics, const Clock& clock)
    : config_(config),
      database_(database),
      store_(database),
      clock_(clock),
      attempts_(database),
      hasher_({config.hash_at_once, config.hash_waiting_max, config.hash_wait}),
      watch_(metrics, clock),
      address_proof_(random_token()),
      absent_user_hash_(hash_password(random_token()).value_or("")) {}

void GrpcAuthService::register_on(rpc::Server& server) {
    const std::string service = "prepay.console.v1.AuthService/";
    server.unary(service + "LogIn", this, &GrpcAuthService::log_in);
    server.unary(service + "Refresh", this, &GrpcAuthService::refresh);
    server.unary(service + "LogOut", this, &GrpcAuthService::log_out);
    server.unary(service + "GetMe", this, &GrpcAuthService::get_me);
    server.unary(service + "CreateUser", this, &GrpcAuthService::create_user);
    server.unary(service + "ListUsers", this, &GrpcAuthService::list_users);
    server.unary(service + "ChangePassword", this, &GrpcAuthService::change_password);
    server.unary(service + "UnlockUser", this, &GrpcAuthService::unlock_user);
    server.unary(service + "ListLogInPauses", this, &GrpcAuthService::list_log_in_pauses);
}

Status GrpcAuthService::tidy() {
    watch_.sweep();
    return attempts_.tidy(clock_.now());
}

// The other end of the connection, or whom our own edge says it calls for.
GrpcAuthService::Attempt GrpcAuthService::attempt_of(const rpc::CallContext& context,
                                                     const std::string& user_name) const {
    const std::string proof = address_proof_ + " ";
    const bool from_edge = context.client_address.rfind(proof, 0) == 0;
    Attempt attempt;
    attempt.client = from_edge ? context.client_address.substr(proof.size()) : context.peer_address;
    attempt.key = client_key_of(attempt.client);
    attempt.name = check_user_name(user_name) ? "?" : user_name;
    return attempt;
}

Status GrpcAuthService::refuse(const Attempt& attempt, const char* outcome, const Status& status) {
    watch_.refused(attempt.client, outcome);
    return status;
}

Result<UserRow> GrpcAuthService::prove(const Attempt& attempt, const std::string& password) {
    PREPAY_ASSIGN_OR_RETURN(const Duration wait,
                            attempts_.begin_attempt(attempt.name, attempt.key, clock_.now()));
    if (wait > Duration{}) {
        return refuse(attempt, "paused", too_many_attempts(wait));
    }
    PREPAY_ASSIGN_OR_RETURN(std::optional<UserRow> user, store_.find_by_name(attempt.name));
    const Result<bool> matches = hasher_.matches(password.substr(0, kPasswordLengthMax),
                                                 user ? user->password_hash : absent_user_hash_);
    if (!matches.ok()) {
        PREPAY_RETURN_IF_ERROR(attempts_.change(attempt.name, attempt.key, take_back));
        return refuse(attempt, "busy", matches.status());
    }
    if (!user) {
        return refuse(attempt, "unknown_name", wrong_password());
    }
    if (!*matches || password.size() > kPasswordLengthMax) {
        return refuse(attempt, "wrong_password", wrong_password());
    }
    if (!user->enabled) {
        return refuse(attempt, "disabled", wrong_password());
    }
    PREPAY_RETURN_IF_ERROR(attempts_.change(attempt.name, attempt.key, forgive));
    watch_.accepted();
    return *std::move(user);
}

Result<GrpcAuthService::Tokens> GrpcAuthService::new_tokens(const UserRow& user,
                                                            const std::string& session_id,
                                                            Instant now) const {
    Tokens tokens;
    tokens.expire_time = now + config_.access_token_time;
    rpc::TokenClaims claims;
    claims.identity.subject = "user:" + user.user_name;
    claims.identity.role = user.role;
    claims.identity.session_id = session_id;
    claims.expire_time = tokens.expire_time;
    PREPAY_ASSIGN_OR_RETURN(tokens.access, rpc::sign_token(claims, config_.private_key_pem, now));
    tokens.refresh = random_token();
    return tokens;
}

Result<v1::LogInResponse> GrpcAuthService::log_in(const rpc::CallContext& context,
                                                  const v1::LogInRequest& request) {
    PREPAY_ASSIGN_OR_RETURN(const UserRow user,
                            prove(attempt_of(context, request.user_name()), request.password()));
    const Instant now = clock_.now();
    const std::string session_id = new_id(clock_);
    PREPAY_ASSIGN_OR_RETURN(const Tokens tokens, new_tokens(user, session_id, now));
    PREPAY_RETURN_IF_ERROR(store_.start_session(session_id, user.user_id,
                                                token_hash(tokens.refresh), now,
                                                now + config_.refresh_token_time));
    v1::LogInResponse response;
    response.set_access_token(tokens.access);
    response.set_refresh_token(tokens.refresh);
    set_time(*response.mutable_expire_time(), tokens.expire_time);
    *response.mutable_user() = to_proto_user(user);
    return response;
}

Result<v1::RefreshResponse> GrpcAuthService::refresh(const rpc::CallContext&,
                                                     const v1::RefreshRequest& request) {
    // Whether the session is over depends on it. A log-in does not, so that people get in.
    PREPAY_RETURN_IF_ERROR(check_time_known(clock_));
    const Instant now = clock_.now();
    const std::string fresh = random_token();
    PREPAY_ASSIGN_OR_RETURN(
        const LiveSession session,
        store_.rotate(token_hash(request.refresh_token()), token_hash(fresh), now));
    PREPAY_ASSIGN_OR_RETURN(const Tokens tokens, new_tokens(session.user, session.session_id, now));
    v1::RefreshResponse response;
    response.set_access_token(tokens.access);
    response.set_refresh_token(fresh);
    set_time(*response.mutable_expire_time(), tokens.expire_time);
    *response.mutable_user() = to_proto_user(session.user);
    return response;
}

Result<v1::LogOutResponse> GrpcAuthService::log_out(const rpc::CallContext&,
                                                    const v1::LogOutRequest& request) {
    PREPAY_RETURN_IF_ERROR(store_.end_session(token_hash(request.refresh_token()), clock_.now()));
    return v1::LogOutResponse();
}

Result<v1::GetMeResponse> GrpcAuthService::get_me(const rpc::CallContext& context,
                                                  const v1::GetMeRequest&) {
    v1::GetMeResponse response;
    const std::string prefix = "user:";
    if (context.identity.subject.rfind(prefix, 0) == 0) {
        PREPAY_ASSIGN_OR_RETURN(
            const std::optional<UserRow> user,
            store_.find_by_name(context.identity.subject.substr(prefix.size())));
        if (user) {
            *response.mutable_user() = to_proto_user(*user);
        }
    }
    for (int value = common::v1::Permission_MIN; value <= common::v1::Permission_MAX; ++value) {
        const auto permission = static_cast<common::v1::Permission>(value);
        if (rpc::role_holds(context.identity.role, permission)) {
            response.add_permissions(permission);
        }
    }
    return response;
}

Result<v1::CreateUserResponse> GrpcAuthService::create_user(const rpc::CallContext& context,
                                                            const v1::CreateUserRequest& request) {
    UserRow user;
    user.user_id = new_id(clock_);
    user.user_name = request.user().user_name();
    user.display_name =
        request.user().display_name().empty() ? user.user_name : request.user().display_name();
    user.role = from_proto_role(request.user().role());
    if (const auto problem = check_user_name(user.user_name)) {
        return invalid_argument("BAD_USER_NAME", *problem);
    }
    if (const auto problem = check_new_password(request.password())) {
        return invalid_argument("BAD_PASSWORD", *problem);
    }
    if (user.role == rpc::Role::kNone) {
        return invalid_argument("BAD_ROLE", "role must be viewer, cashier, operator or admin");
    }
    PREPAY_ASSIGN_OR_RETURN(user.password_hash, hasher_.hash(request.password()));
    const pg::RequestKey key{context.request_id, context.method, context.content_hash,
                             context.identity.subject};
    bool is_new = false;
    PREPAY_ASSIGN_OR_RETURN(
        const std::string answer, database_.transact([&](pqxx::work& tx) -> Result<std::string> {
            is_new = false;
            return pg::answer_once(tx, key, [&](pqxx::work& inner) -> Result<std::string> {
                is_new = true;
                PREPAY_RETURN_IF_ERROR(PgUserStore::insert(inner, user));
                v1::CreateUserResponse response;
                *response.mutable_user() = to_proto_user(user);
                return response.SerializeAsString();
            });
        }));
    if (!is_new) {  // The password is in no hash of the request; the user's own tells.
        PREPAY_ASSIGN_OR_RETURN(const std::optional<UserRow> known,
                                store_.find_by_name(user.user_name));
        PREPAY_ASSIGN_OR_RETURN(
            const bool same,
            hasher_.matches(request.password(), known ? known->password_hash : absent_user_hash_));
        if (!known || !same) {
            return already_exists("REQUEST_ID_REUSED",
                                  "this request_id made the user with another password");
        }
    }
    v1::CreateUserResponse response;
    response.ParseFromString(answer);
    return response;
}

Result<v1::ListUsersResponse> GrpcAuthService::list_users(const rpc::CallContext&,
                                                          const v1::ListUsersRequest&) {
    PREPAY_ASSIGN_OR_RETURN(const std::vector<UserRow> users, store_.list());
    v1::ListUsersResponse response;
    for (const UserRow& user : users) {
        *response.add_users() = to_proto_user(user);
    }
    return response;
}

Result<v1::ChangePasswordResponse> GrpcAuthService::change_password(
    const rpc::CallContext& context, const v1::ChangePasswordRequest& request) {
    const std::string prefix = "user:";
    if (context.identity.subject.rfind(prefix, 0) != 0) {
        return failed_precondition("NOT_A_USER", "only a logged-in user has a password");
    }
    if (const auto problem = check_new_password(request.new_password())) {
        return invalid_argument("BAD_PASSWORD", *problem);
    }
    const std::string name = context.identity.subject.substr(prefix.size());
    PREPAY_ASSIGN_OR_RETURN(const std::optional<UserRow> known, store_.find_by_name(name));
    if (!known) {
        return not_found("USER_NOT_FOUND", "this user no longer exists");
    }
    PREPAY_ASSIGN_OR_RETURN(const UserRow user,
                            prove(attempt_of(context, name), request.old_password()));
    PREPAY_ASSIGN_OR_RETURN(const std::string hash, hasher_.hash(request.new_password()));
    PREPAY_RETURN_IF_ERROR(store_.set_password_hash(user.user_id, hash));
    return v1::ChangePasswordResponse();
}

Result<v1::UnlockUserResponse> GrpcAuthService::unlock_user(const rpc::CallContext& context,
                                                            const v1::UnlockUserRequest& request) {
    if (const auto problem = check_user_name(request.user_name())) {
        return invalid_argument("BAD_USER_NAME", *problem);
    }
    const std::string address =
        request.client_address().empty() ? "" : client_key_of(request.client_address());
    const pg::RequestKey key{context.request_id, context.method, context.content_hash,
                             context.identity.subject};
    const auto done = database_.transact([&](pqxx::work& tx) -> Result<std::string> {
        return pg::answer_once(tx, key, [&](pqxx::work& inner) -> Result<std::string> {
            PgLogInStore::forget(inner, request.user_name(), address);
            return std::string();
        });
    });
    PREPAY_RETURN_IF_ERROR(done.status());
    telemetry::log_info("log-in pauses ended", {{"by", context.identity.subject}});
    return v1::UnlockUserResponse();
}

Result<v1::ListLogInPausesResponse> GrpcAuthService::list_log_in_pauses(
    const rpc::CallContext&, const v1::ListLogInPausesRequest&) {
    const Instant now = clock_.now();
    PREPAY_ASSIGN_OR_RETURN(const std::vector<NameFailures> names,
                            attempts_.list(now, kPausesMax, kPauseAddressesMax));
    PREPAY_ASSIGN_OR_RETURN(const std::vector<UserRow> users, store_.list());
    v1::ListLogInPausesResponse response;
    for (const NameFailures& known : names) {
        const auto user = std::find_if(users.begin(), users.end(), [&](const UserRow& row) {
            return row.user_name == known.name;
        });
        std::vector<Failures> addresses;
        for (const NameFailures::FromAddress& from : known.addresses) {
            addresses.push_back(from.all);
        }
        if (user != users.end() && is_noteworthy(known.failures, addresses, now)) {
            *response.add_pauses() = to_proto_pause(*user, known, now);
        }
    }
    return response;
}

Status put_user(pg::Database& database, const Clock& clock, const std::string& user_name,
                const std::string& display_name, rpc::Role role, const std::string& password) {
    if (const auto problem = check_user_name(user_name)) {
        return invalid_argument("BAD_USER_NAME", *problem);
    }
    if (const auto problem = check_new_password(password)) {
        return invalid_argument("BAD_PASSWORD", *problem);
    }
    PREPAY_ASSIGN_OR_RETURN(const std::string hash, hash_password(password));
    UserRow user;
    user.user_id = new_id(clock);
    user.user_name = user_name;
    user.display_name = display_name.empty() ? user_name : display_name;
    user.role = role;
    user.password_hash = hash;
    return PgUserStore(database).put(user);
}

}  // namespace prepay::console
