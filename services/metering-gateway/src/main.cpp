#include "config.h"
#include "devices/adapters/yaml_pack_loader.h"
#include "lines/adapters/probe_command.h"
#include "metering_gateway_migrations.h"
#include "readings/adapters/import_command.h"
#include "runtime/service.h"
#include "wiring.h"

using namespace prepay;

int main(int argc, char** argv) {
    metering::GatewayConfig config;
    metering::Wiring wiring;
    runtime::Program program;
    program.name = "metering-gateway";
    program.schema = "metering";
    program.peers = {"account"};  // Claims of switch intents, and Replay of lost messages.
    program.migrations = metering_gateway_migrations();
    program.configure = [&config](config::Reader& reader) { config.read(reader); };
    program.check = [&config](config::Reader& reader) {
        if (const auto packs = metering::load_packs(config.packs_dir); !packs.ok()) {
            reader.problem("packs_dir", error_message(packs.status()));
        }
    };
    program.wire = [&config, &wiring](runtime::Service& service) {
        return wiring.wire(service, config);
    };
    program.add_subcommands = [](CLI::App& app, int& exit_code) {
        metering::add_probe_command(app, exit_code);
        metering::add_import_command(app, exit_code);
    };
    return runtime::run_main(argc, argv, program);
}
