#include <memory>

#include "adapters/ended_sessions.h"
#include "adapters/grpc_auth_service.h"
#include "adapters/grpc_bridge.h"
#include "adapters/grpc_session_service.h"
#include "adapters/grpc_tenant_links.h"
#include "adapters/http_edge.h"
#include "adapters/people_commands.h"
#include "config.h"
#include "console_migrations.h"
#include "metrics.h"
#include "runtime/service.h"

namespace prepay::console {
namespace {

/// Everything that lives from start to drain.
struct Parts {
    Parts(runtime::Service& service, const ConsoleConfig& config)
        : metrics(service.metrics()),
          auth(config, service.database(), metrics, service.clock()),
          links(config, service.database(), service.peer("account"), service.clock()),
          bridge(service_addresses(service.config().grpc_listen, service.config().peers),
                 auth.address_proof()),
          access(service.config().public_key_pem, service.clock()),
          ended(config, service.database(), access, service.server(), service.clock()),
          sessions(ended),
          edge(config, bridge, access, service.peer("account"), metrics) {}

    ConsoleMetrics metrics;
    GrpcAuthService auth;
    GrpcTenantLinks links;
    GrpcBridge bridge;
    rpc::AccessControl access;
    EndedSessions ended;
    GrpcSessionService sessions;
    HttpEdge edge;
};

Status wire(runtime::Service& service, const ConsoleConfig& config, std::unique_ptr<Parts>& parts) {
    parts = std::make_unique<Parts>(service, config);
    parts->auth.register_on(service.server());
    parts->links.register_on(service.server());
    parts->sessions.register_on(service.server());
    PREPAY_RETURN_IF_ERROR(parts->ended.look());
    service.every("log-ins", std::chrono::seconds(5), [&parts] { return parts->auth.tidy(); });
    service.every("ended-sessions", EndedSessions::kInterval,
                  [&parts] { return parts->ended.look(); });
    service.every("old-sessions", std::chrono::hours(1),
                  [&parts] { return parts->ended.keep_house(); });
    service.on_stop([&parts] {
        parts->edge.stop();
        parts->auth.end();
    });
    return parts->edge.start().status();
}

}  // namespace
}  // namespace prepay::console

int main(int argc, char** argv) {
    using namespace prepay;
    console::ConsoleConfig config;
    std::unique_ptr<console::Parts> parts;
    runtime::Program program;
    program.name = "console";
    program.schema = "console";
    program.peers = {"metering", "billing", "account", "alarm", "scheduler", "reporting"};
    program.migrations = console_migrations();
    program.publishes = false;
    program.configure = [&](config::Reader& reader) { config = console::read_config(reader); };
    program.check = [&](config::Reader& reader) { console::check_key(config, reader); };
    program.wire = [&](runtime::Service& service) { return console::wire(service, config, parts); };
    program.add_subcommands = [&program](CLI::App& app, int& exit_code) {
        console::add_token_command(app, exit_code);
        console::add_user_command(app, exit_code, program);
    };
    return runtime::run_main(argc, argv, program);
}
