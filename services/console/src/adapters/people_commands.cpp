#include "adapters/people_commands.h"

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>

#include "adapters/grpc_auth_service.h"
#include "domain/token_life.h"
#include "rpc/token.h"
#include "telemetry/log.h"

namespace prepay::console {
namespace {

int report(const Status& status) {
    if (!status.ok()) {
        std::cerr << "prepay-console: " << telemetry::describe(status) << "\n";
    }
    return status.ok() ? 0 : 1;
}

struct NewToken {
    std::string key_file;
    std::string subject;
    std::string role = "service";
    std::string account_id;
    int days = 0;  ///< 0 = not said.
    int hours = 0;
};

Status mint_token(const NewToken& token) {
    std::ifstream stream(token.key_file);
    const std::string key{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    const Instant now = SystemClock().now();
    rpc::TokenClaims claims;
    claims.identity = {token.subject, rpc::role_from_text(token.role), token.account_id};
    if (claims.identity.role == rpc::Role::kNone) {
        return invalid_argument("BAD_ROLE",
                                "--role must be viewer, cashier, operator, admin, "
                                "service or tenant");
    }
    const auto life =
        token_life(claims.identity.role == rpc::Role::kService, token.hours, token.days);
    if (!life) {
        return invalid_argument("TOKEN_TOO_LONG",
                                "a token lasts 90 days at most, a service's 7. For a service mint "
                                "a new one every hour and rename it over its "
                                "auth.service_token_file, which is read again while it runs "
                                "(deploy/README.md, Service tokens)");
    }
    claims.expire_time = now + *life;
    PREPAY_ASSIGN_OR_RETURN(const std::string text, rpc::sign_token(claims, key, now));
    std::cout << text << "\n";
    return absl::OkStatus();
}

struct NewUser {
    std::string config_path = "/etc/prepay/console.yaml";
    std::string user_name;
    std::string display_name;
    std::string role = "viewer";
    bool password_stdin = true;
};

Status create_user(const runtime::Program& program, const NewUser& user) {
    PREPAY_ASSIGN_OR_RETURN(auto loaded, runtime::load_config(program, user.config_path));
    std::string password;
    std::getline(std::cin, password);
    pg::Database database(loaded.second);
    const rpc::Role role = rpc::role_from_text(user.role);
    if (role == rpc::Role::kNone || role == rpc::Role::kService || role == rpc::Role::kTenant) {
        return invalid_argument("BAD_ROLE", "--role must be viewer, cashier, operator or admin");
    }
    return put_user(database, SystemClock(), user.user_name, user.display_name, role, password);
}

}  // namespace

void add_token_command(CLI::App& app, int& exit_code) {
    const auto token = std::make_shared<NewToken>();
    CLI::App* mint = app.add_subcommand("mint-token", "Print a signed token, for services");
    mint->add_option("--key-file", token->key_file, "EC P-256 private key, PEM")
        ->required()
        ->check(CLI::ExistingFile);
    mint->add_option("--subject", token->subject, "Who it is for, e.g. prepay-billing")->required();
    mint->add_option("--role", token->role, "Role")->capture_default_str();
    mint->add_option("--account-id", token->account_id, "For role tenant");
    mint->add_option(
            "--days", token->days,
            "Days until it expires; not said: 24 h for a service (7 days at most), else 30 "
            "(90 at most)")
        ->check(CLI::Range(1, 36500));
    mint->add_option("--hours", token->hours, "Hours until it expires, instead of days")
        ->check(CLI::Range(1, 24 * 365));
    mint->callback([token, &exit_code] { exit_code = report(mint_token(*token)); });
}

void check_key(const ConsoleConfig& config, config::Reader& reader) {
    const auto signature = rpc::sign_token({}, config.private_key_pem, SystemClock().now());
    if (!signature.ok()) {
        reader.problem("auth.private_key", error_message(signature.status()));
    }
}

void add_user_command(CLI::App& app, int& exit_code, const runtime::Program& program) {
    const auto user = std::make_shared<NewUser>();
    CLI::App* create = app.add_subcommand(
        "create-user", "Add a user or reset one; the password is read from standard input");
    create->add_option("--config", user->config_path, "Configuration file")->capture_default_str();
    create->add_option("--user-name", user->user_name, "Name")->required();
    create->add_option("--display-name", user->display_name, "Name to show");
    create->add_option("--role", user->role, "viewer, cashier, operator or admin")
        ->capture_default_str();
    create->add_flag("--password-stdin", user->password_stdin,
                     "Accepted for clarity; it is the only way");
    create->callback(
        [user, &exit_code, &program] { exit_code = report(create_user(program, *user)); });
}

}  // namespace prepay::console
