#include "lines/adapters/probe_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "devices/adapters/yaml_pack_loader.h"
#include "devices/convert.h"
#include "meters/app/read_error.h"
#include "quantity/text.h"
#include "telemetry/log.h"
#include "transports/adapters/asio_line_loop.h"

namespace prepay::metering {
namespace {

using Json = nlohmann::ordered_json;

struct ProbeOptions {
    std::string address;
    std::int64_t unit = 1;
    std::string pack;
    std::string packs_dir;
    int timeout_ms = 1000;
    int ct_ratio = 1;
    bool frames = false;
};

// A pack by file, or by name in the folder given, beside the installed binary or in the sources.
Result<DriverPack> find_pack(const ProbeOptions& options) {
    namespace fs = std::filesystem;
    if (options.pack.find('/') != std::string::npos || options.pack.ends_with(".yaml")) {
        return load_pack(options.pack);
    }
    std::error_code error;
    const fs::path binary = fs::read_symlink("/proc/self/exe", error).parent_path();
    const std::vector<fs::path> folders =
        !options.packs_dir.empty()
            ? std::vector<fs::path>{options.packs_dir}
            : std::vector<fs::path>{binary / "../share/prepay/packs",
                                    binary / "../../../services/metering-gateway/packs",
                                    "services/metering-gateway/packs"};
    for (const fs::path& folder : folders) {
        const fs::path file = folder / (options.pack + ".yaml");
        if (fs::exists(file, error)) {
            return load_pack(file.lexically_normal().string());
        }
    }
    return not_found("UNKNOWN_DRIVER_PACK", "no driver pack \"" + options.pack +
                                                "\" found; name its folder with --packs-dir");
}

template <std::size_t kMax>
std::vector<std::int64_t> to_vector(const ValueList<kMax>& list) {
    return {list.begin(), list.end()};
}

Json values_json(const MeterValues& values, Resource resource) {
    Json json;
    json["read_time"] = format_time(values.read_time);
    json["register_total"] = values.register_total.base_units();
    json["register_unit"] = base_unit_text(resource);
    if (resource == Resource::kWater) {
        json["relay"] = relay_text(values.relay);
        return json;
    }
    json["rate_register_total_wh"] = to_vector(values.rate_total_wh);
    json["voltage_mv"] = to_vector(values.voltage_mv);
    json["current_ma"] = to_vector(values.current_ma);
    json["power_w"] = values.power_w;
    json["power_factor_ppm"] = values.power_factor_ppm;
    json["relay"] = relay_text(values.relay);
    return json;
}

int fail(const std::string& message, int code) {
    std::fprintf(stderr, "%s\n", message.c_str());
    return code;
}

int probe(const ProbeOptions& options) {
    const Result<DriverPack> pack = find_pack(options);
    if (!pack.ok()) {
        return fail(telemetry::describe(pack.status()), 2);
    }
    const Protocol& protocol = protocol_of(pack->protocol);
    if (!protocol.is_address(MeterAddress(options.unit))) {
        return fail("--unit is not in " + std::string(protocol.address_range()), 2);
    }
    const SystemClock clock;
    LineConfig line;
    line.transport = options.address.rfind('/', 0) == 0 ? Transport::kModbusRtu : Transport::kTcp;
    line.address = options.address;
    line.response_timeout = std::chrono::milliseconds(options.timeout_ms);
    AsioLineLoops loops(clock, 1);
    LineLoop& loop = *loops.all().front();
    const auto port = loop.make_port(line);
    const auto connect = [&port] { return port->connect(); };
    if (const Status status = run_on(loop, connect); !status.ok()) {
        return fail(telemetry::describe(status), 1);
    }
    BlockWords words(pack->blocks.size());
    Json frames = Json::array();
    Json refused = Json::array();
    for (std::size_t i = 0; i < words.size(); ++i) {
        const PackBlock& block = pack->blocks[i];
        const Request request =
            protocol.read(MeterAddress(options.unit), block.address, block.count);
        const WireReply reply = run_on(loop, [&] { return port->transact(request); });
        frames.push_back(
            {{"sent", hex_text(reply.sent_bytes)}, {"received", hex_text(reply.received_bytes)}});
        if (reply.outcome == WireOutcome::kReply && reply.answer.ok()) {
            words[i] = reply.answer.words;
        } else if (reply.outcome == WireOutcome::kReply &&
                   may_be_left_out(*pack, i, reply.answer)) {
            refused.push_back({{"register", block.address}, {"count", block.count}});
        } else {
            return fail(telemetry::describe(read_status(reply, block)), 1);
        }
    }
    const auto values = decode(*pack, options.ct_ratio, words, clock.now());
    if (!values) {
        return fail("DECODE_FAILED: the registers do not fit the driver pack", 1);
    }
    Json json;
    json["address"] = options.address;
    json["unit_id"] = options.unit;
    json["driver_pack"] = pack->name;
    json["values"] = values_json(*values, pack->resource);
    if (!refused.empty()) {
        json["refused_blocks"] = refused;
    }
    if (options.frames) {
        json["frames"] = frames;
    }
    std::printf("%s\n", json.dump(2).c_str());
    return 0;
}

}  // namespace

void add_probe_command(CLI::App& app, int& exit_code) {
    auto options = std::make_shared<ProbeOptions>();
    CLI::App* command = app.add_subcommand("probe", "Read one meter and print it as JSON");
    command
        ->add_option("--address", options->address, "host:port, or /dev/ttyS0?baud=9600&parity=N")
        ->required();
    command->add_option("--unit", options->unit, "Address on its line: Modbus unit 1 .. 247");
    command->add_option("--pack", options->pack, "Driver pack: name or file")->required();
    command->add_option("--packs-dir", options->packs_dir, "Folder of the driver packs");
    command->add_option("--timeout-ms", options->timeout_ms, "Response time allowed")
        ->check(CLI::Range(20, 10'000));
    command->add_option("--ct-ratio", options->ct_ratio, "Current transformer ratio")
        ->check(CLI::Range(1, 10'000));
    command->add_flag("--frames", options->frames, "Print the frames too");
    command->callback([options, &exit_code] { exit_code = probe(*options); });
}

}  // namespace prepay::metering
