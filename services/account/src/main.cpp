#include <CLI/CLI.hpp>

#include "account_migrations.h"
#include "books/adapters/books_commands.h"
#include "wiring.h"

int main(int argc, char** argv) {
    using namespace prepay;
    account::AccountConfig config;
    std::unique_ptr<account::Rooms> rooms;
    runtime::Program program;
    program.name = "account";
    program.schema = "account";
    program.peers = {"billing", "metering"};
    program.migrations = account_migrations();
    program.configure = [&](config::Reader& reader) { account::read_config(reader, config); };
    program.check = [&](config::Reader& reader) { account::check_keys(config, reader); };
    program.wire = [&](runtime::Service& service) { return account::wire(service, config, rooms); };
    program.add_subcommands = [&](CLI::App& app, int& exit_code) {
        account::add_books_commands(app, exit_code, program);
    };
    return runtime::run_main(argc, argv, program);
}
