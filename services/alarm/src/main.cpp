#include <curl/curl.h>

#include "alarm_migrations.h"
#include "wiring.h"

int main(int argc, char** argv) {
    using namespace prepay;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    alarm::AlarmConfig config;
    std::unique_ptr<alarm::Parts> parts;
    runtime::Program program;
    program.name = "alarm";
    program.schema = "alarm";
    program.peers = {"account"};
    program.migrations = alarm_migrations();
    program.configure = [&](config::Reader& reader) { alarm::read_config(reader, config); };
    program.wire = [&](runtime::Service& service) { return alarm::wire(service, config, parts); };
    return runtime::run_main(argc, argv, program);
}
