#include "adapters/grpc_auth_service.h"

#include <google/protobuf/util/time_util.h>

#include "adapters/secrets.h"
#include "convert.h"
#include "core/ids.h"
#include "pg/request_answer.h"
#include "telemetry/log.h"

namespace prepay::console {
namespace {

using google::protobuf::util::TimeUtil;

constexpr std::chrono::hours kTenantLinkTime{24 * 90};

google::protobuf::Timestamp to_proto_time(Instant instant) {
    return TimeUtil::MicrosecondsToTimestamp(to_micros(instant));
}

Status log_in_error(LogInOutcome outcome) {
    switch (outcome) {
        case LogInOutcome::kLockedOut:
            return make_error(absl::StatusCode::kResourceExhausted, "LOCKED_OUT",
                              "too many wrong passwords; wait five minutes");
        case LogInOutcome::kDisabled:
            return permission_denied("USER_DISABLED",
                                     "this user is disabled; ask an administrator");
        case LogInOutcome::kWrongPassword:
            return make_error(absl::StatusCode::kUnauthenticated, "WRONG_PASSWORD",
                              "user name or password is wrong");
        case LogInOutcome::kAccepted:
            return absl::OkStatus();
    }
    return absl::OkStatus();
}

}  // namespace

GrpcAuthService::GrpcAuthService(const ConsoleConfig& config, pg::Database& database,
                                 const rpc::Client& account, const Clock& clock)
    : config_(config),
      database_(database),
      store_(database),
      account_(account),
      account_stub_(account::v1::AccountService::NewStub(account.channel())),
      clock_(clock),
      absent_user_hash_(hash_password(random_token()).value_or("")) {}

void GrpcAuthService::register_on(rpc::Server& server) {
    const std::string service = "prepay.console.v1.AuthService/";
    server.unary(service + "LogIn", this, &GrpcAuthService::log_in);
    server.unary(service + "Refresh", this, &GrpcAuthService::refresh);
    server.unary(service + "LogOut", this, &GrpcAuthService::log_out);
    server.unary(service + "GetMe", this, &GrpcAuthService::get_me);
    server.unary(service + "CreateUser", this, &GrpcAuthService::create_user);
    server.unary(service + "ListUsers", this, &GrpcAuthService::list_users);
    server.unary(service + "CreateTenantLink", this, &GrpcAuthService::create_tenant_link);
    server.unary(service + "ChangePassword", this, &GrpcAuthService::change_password);
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

Result<v1::LogInResponse> GrpcAuthService::log_in(const rpc::CallContext&,
                                                  const v1::LogInRequest& request) {
    PREPAY_ASSIGN_OR_RETURN(const std::optional<UserRow> user,
                            store_.find_by_name(request.user_name()));
    if (!user || request.password().size() > kPasswordLengthMax) {
        password_matches(request.password().substr(0, kPasswordLengthMax), absent_user_hash_);
        return log_in_error(LogInOutcome::kWrongPassword);
    }
    const Instant now = clock_.now();
    const bool matches = password_matches(request.password(), user->password_hash);
    PREPAY_ASSIGN_OR_RETURN(const LogInDecision decision,
                            store_.record_attempt(user->user_id, matches, now));
    if (decision.outcome != LogInOutcome::kAccepted) {
        telemetry::log_warning("log-in refused", {{"user_id", user->user_id}});
        return log_in_error(decision.outcome);
    }
    const std::string session_id = new_id(clock_);
    PREPAY_ASSIGN_OR_RETURN(const Tokens tokens, new_tokens(*user, session_id, now));
    PREPAY_RETURN_IF_ERROR(store_.start_session(
        session_id, user->user_id, token_hash(tokens.refresh), now + config_.refresh_token_time));
    v1::LogInResponse response;
    response.set_access_token(tokens.access);
    response.set_refresh_token(tokens.refresh);
    *response.mutable_expire_time() = to_proto_time(tokens.expire_time);
    *response.mutable_user() = to_proto_user(*user);
    return response;
}

Result<v1::RefreshResponse> GrpcAuthService::refresh(const rpc::CallContext&,
                                                     const v1::RefreshRequest& request) {
    const Instant now = clock_.now();
    const std::string fresh = random_token();
    PREPAY_ASSIGN_OR_RETURN(
        const LiveSession session,
        store_.rotate(token_hash(request.refresh_token()), token_hash(fresh), now));
    PREPAY_ASSIGN_OR_RETURN(const Tokens tokens, new_tokens(session.user, session.session_id, now));
    v1::RefreshResponse response;
    response.set_access_token(tokens.access);
    response.set_refresh_token(fresh);
    *response.mutable_expire_time() = to_proto_time(tokens.expire_time);
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
    PREPAY_ASSIGN_OR_RETURN(user.password_hash, hash_password(request.password()));
    const pg::RequestKey key{context.request_id, context.method, context.content_hash,
                             context.identity.subject};
    PREPAY_ASSIGN_OR_RETURN(
        const std::string answer, database_.transact([&](pqxx::work& tx) -> Result<std::string> {
            return pg::answer_once(tx, key, [&](pqxx::work& inner) -> Result<std::string> {
                PREPAY_RETURN_IF_ERROR(PgUserStore::insert(inner, user));
                v1::CreateUserResponse response;
                *response.mutable_user() = to_proto_user(user);
                return response.SerializeAsString();
            });
        }));
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

Result<v1::CreateTenantLinkResponse> GrpcAuthService::create_tenant_link(
    const rpc::CallContext&, const v1::CreateTenantLinkRequest& request) {
    account::v1::GetAccountRequest lookup;
    lookup.set_account_id(request.account_id());
    PREPAY_ASSIGN_OR_RETURN(
        const account::v1::GetAccountResponse found,
        account_.call(*account_stub_, &account::v1::AccountService::StubInterface::GetAccount,
                      lookup));
    if (!found.account().has_customer()) {
        return not_found("ACCOUNT_NOT_FOUND", "there is no tenant's account with this id");
    }
    if (found.account().state() != account::v1::ACCOUNT_STATE_OPEN) {
        return failed_precondition("ACCOUNT_CLOSED",
                                   "the account is closed; a link needs an open account");
    }
    const Instant now = clock_.now();
    rpc::TokenClaims claims;
    claims.identity.subject = "tenant:" + request.account_id();
    claims.identity.role = rpc::Role::kTenant;
    claims.identity.account_id = request.account_id();
    claims.expire_time = now + kTenantLinkTime;
    v1::CreateTenantLinkResponse response;
    PREPAY_ASSIGN_OR_RETURN(*response.mutable_token(),
                            rpc::sign_token(claims, config_.private_key_pem, now));
    response.set_path("/m/#t=" + response.token());
    *response.mutable_expire_time() = to_proto_time(claims.expire_time);
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
    PREPAY_ASSIGN_OR_RETURN(const std::optional<UserRow> user,
                            store_.find_by_name(context.identity.subject.substr(prefix.size())));
    if (!user) {
        return not_found("USER_NOT_FOUND", "this user no longer exists");
    }
    const bool matches = password_matches(request.old_password(), user->password_hash);
    PREPAY_ASSIGN_OR_RETURN(const LogInDecision decision,
                            store_.record_attempt(user->user_id, matches, clock_.now()));
    PREPAY_RETURN_IF_ERROR(log_in_error(decision.outcome));
    PREPAY_ASSIGN_OR_RETURN(const std::string hash, hash_password(request.new_password()));
    PREPAY_RETURN_IF_ERROR(store_.set_password_hash(user->user_id, hash));
    return v1::ChangePasswordResponse();
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
