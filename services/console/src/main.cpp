#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>

#include "adapters/ended_sessions.h"
#include "adapters/grpc_auth_service.h"
#include "adapters/grpc_bridge.h"
#include "adapters/grpc_session_service.h"
#include "adapters/grpc_tenant_links.h"
#include "adapters/http_edge.h"
#include "config.h"
#include "metrics.h"
#include "pg/migrate.h"
#include "runtime/service.h"
#include "telemetry/log.h"

namespace prepay {
const std::vector<pg::Migration>& console_migrations();
}

namespace {

using namespace prepay;

/// Everything that lives from start to drain.
struct Parts {
    console::ConsoleConfig config;
    std::unique_ptr<console::ConsoleMetrics> metrics;
    std::unique_ptr<console::GrpcAuthService> auth;
    std::unique_ptr<console::GrpcTenantLinks> links;
    std::unique_ptr<console::GrpcBridge> bridge;
    std::unique_ptr<rpc::AccessControl> access;
    std::unique_ptr<console::EndedSessions> ended_sessions;
    std::unique_ptr<console::GrpcSessionService> sessions;
    std::unique_ptr<console::HttpEdge> edge;
};

Status wire(Parts& parts, runtime::Service& service) {
    parts.metrics = std::make_unique<console::ConsoleMetrics>(service.metrics());
    parts.auth = std::make_unique<console::GrpcAuthService>(parts.config, service.database(),
                                                            *parts.metrics, service.clock());
    parts.auth->register_on(service.server());
    service.spawn("log-ins", [&parts](const std::stop_token& stop) { parts.auth->run(stop); });
    parts.links = std::make_unique<console::GrpcTenantLinks>(
        parts.config, service.database(), service.peer("account"), service.clock());
    parts.links->register_on(service.server());
    std::map<std::string, std::string> addresses;
    for (const auto& [name, address] : service.config().peers) {
        addresses["prepay." + name + ".v1"] = address;
    }
    addresses["prepay.console.v1"] = service.config().grpc_listen;
    parts.bridge = std::make_unique<console::GrpcBridge>(addresses, parts.auth->address_proof());
    parts.access =
        std::make_unique<rpc::AccessControl>(service.config().public_key_pem, service.clock());
    parts.ended_sessions = std::make_unique<console::EndedSessions>(
        parts.config, service.database(), *parts.access, service.server(), service.clock());
    parts.sessions = std::make_unique<console::GrpcSessionService>(*parts.ended_sessions);
    parts.sessions->register_on(service.server());
    PREPAY_RETURN_IF_ERROR(parts.ended_sessions->look());
    service.spawn("ended-sessions",
                  [&parts](const std::stop_token& stop) { parts.ended_sessions->run(stop); });
    parts.edge = std::make_unique<console::HttpEdge>(parts.config, *parts.bridge, *parts.access,
                                                     service.peer("account"), *parts.metrics);
    service.on_stop([&parts] { parts.edge->stop(); });
    return parts.edge->start().status();
}

int report(const Status& status) {
    if (!status.ok()) {
        std::cerr << "prepay-console: " << telemetry::describe(status) << "\n";
    }
    return status.ok() ? 0 : 1;
}

Status mint_token(const std::string& key_file, const std::string& subject, const std::string& role,
                  const std::string& account_id, std::chrono::hours time) {
    std::ifstream stream(key_file);
    const std::string key{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    const Instant now = SystemClock().now();
    rpc::TokenClaims claims;
    claims.identity = {subject, rpc::role_from_text(role), account_id};
    claims.expire_time = now + time;
    if (claims.identity.role == rpc::Role::kNone) {
        return invalid_argument("BAD_ROLE",
                                "--role must be viewer, cashier, operator, admin, "
                                "service or tenant");
    }
    PREPAY_ASSIGN_OR_RETURN(const std::string token, rpc::sign_token(claims, key, now));
    std::cout << token << "\n";
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
    return console::put_user(database, SystemClock(), user.user_name, user.display_name, role,
                             password);
}

}  // namespace

int main(int argc, char** argv) {
    Parts parts;
    runtime::Program program;
    program.name = "console";
    program.schema = "console";
    program.peers = {"metering", "billing", "account", "alarm", "scheduler", "reporting"};
    program.migrations = console_migrations();
    program.publishes = false;
    program.configure = [&parts](config::Reader& reader) {
        parts.config = console::read_config(reader);
    };
    program.check = [&parts](config::Reader& reader) {
        const Instant now = SystemClock().now();
        const auto signature = rpc::sign_token({}, parts.config.private_key_pem, now);
        if (!signature.ok()) {
            reader.problem("auth.private_key", error_message(signature.status()));
        }
    };
    program.wire = [&parts](runtime::Service& service) { return wire(parts, service); };

    std::string key_file;
    std::string subject;
    std::string role = "service";
    std::string account_id;
    int days = 30;
    int hours = 0;
    NewUser user;
    program.add_subcommands = [&](CLI::App& app, int& exit_code) {
        CLI::App* mint = app.add_subcommand("mint-token", "Print a signed token, for services");
        mint->add_option("--key-file", key_file, "EC P-256 private key, PEM")
            ->required()
            ->check(CLI::ExistingFile);
        mint->add_option("--subject", subject, "Who it is for, e.g. prepay-billing")->required();
        mint->add_option("--role", role, "Role")->capture_default_str();
        mint->add_option("--account-id", account_id, "For role tenant");
        mint->add_option("--days", days, "Days until it expires")->check(CLI::Range(1, 36500));
        mint->add_option("--hours", hours, "Hours until it expires, instead of days")
            ->check(CLI::Range(1, 24 * 365));
        mint->callback([&] {
            exit_code = report(mint_token(key_file, subject, role, account_id,
                                          std::chrono::hours(hours > 0 ? hours : 24 * days)));
        });
        CLI::App* create = app.add_subcommand(
            "create-user", "Add a user or reset one; the password is read from standard input");
        create->add_option("--config", user.config_path, "Configuration file")
            ->capture_default_str();
        create->add_option("--user-name", user.user_name, "Name")->required();
        create->add_option("--display-name", user.display_name, "Name to show");
        create->add_option("--role", user.role, "viewer, cashier, operator or admin")
            ->capture_default_str();
        create->add_flag("--password-stdin", user.password_stdin,
                         "Accepted for clarity; it is the only way");
        create->callback([&] { exit_code = report(create_user(program, user)); });
    };
    return runtime::run_main(argc, argv, program);
}
