#include <nlohmann/json.hpp>
#include <sstream>

#include "gateway_fixture.h"

using namespace prepay;
using namespace prepay::metering;
using namespace prepay::metering::test;

namespace {

using Json = nlohmann::json;

// `probe` against a simulated meter, with a driver pack that a test may change.
class Probe {
public:
    Probe() {
        std::filesystem::create_directories(folder_);
        address_ = "127.0.0.1:" + std::to_string(park.add_line("line-01"));
    }
    ~Probe() { std::filesystem::remove_all(folder_); }

    // A copy of the pack of that name, with a text replaced wherever it stands.
    std::string pack(const std::string& name, const std::string& from = "",
                     const std::string& to = "") {
        std::ostringstream read;
        read << std::ifstream(std::string(prepay::test::source_dir()) +
                              "/services/metering-gateway/packs/" + name + ".yaml")
                    .rdbuf();
        std::string text = read.str();
        REQUIRE_FALSE(text.empty());
        for (std::size_t at = from.empty() ? std::string::npos : text.find(from);
             at != std::string::npos; at = text.find(from, at + to.size())) {
            text.replace(at, from.size(), to);
        }
        const std::string file = (folder_ / (name + ".yaml")).string();
        std::ofstream(file) << text;
        return file;
    }

    int run(const std::string& pack_file, const std::vector<std::string>& more = {}) {
        std::vector<std::string> command = {
            std::string(prepay::test::binary_dir()) + "/bin/prepay-metering-gateway",
            "probe",
            "--address",
            address_,
            "--unit",
            "1",
            "--pack",
            pack_file};
        command.insert(command.end(), more.begin(), more.end());
        const std::string log = (folder_ / "out").string();
        prepay::test::ChildProcess process(command, log, {});
        const int exit_code = process.wait(std::chrono::seconds(20));
        std::ostringstream text;
        text << std::ifstream(log).rdbuf();
        output = text.str();
        return exit_code;
    }

    Simulator park;
    std::string output;  // Both streams of the last run.

private:
    const std::filesystem::path folder_ =
        std::filesystem::temp_directory_path() / ("prepay-probe-" + new_id(SystemClock()));
    std::string address_;
};

}  // namespace

TEST_CASE("probe prints a register in the unit of what the meter counts") {
    Probe probe;
    SECTION("electricity") {
        probe.park.add_meter("m-1", "line-01", 1, sim::FAMILY_DDSY1352, 50'000, 0);
        const int exit_code = probe.run(probe.pack("acrel-ddsy1352"));
        CAPTURE(probe.output);
        REQUIRE(exit_code == 0);
        const Json values = Json::parse(probe.output)["values"];
        CHECK(values["register_total"] == 50'000);
        CHECK(values["register_unit"] == "Wh");
        CHECK(values.contains("power_w"));
    }
    SECTION("water") {
        probe.park.add_meter("w-1", "line-01", 1, sim::FAMILY_WATER_VALVE, 7'000, 0);
        const int exit_code = probe.run(probe.pack("generic-water-valve"));
        CAPTURE(probe.output);
        REQUIRE(exit_code == 0);
        const Json values = Json::parse(probe.output)["values"];
        CHECK(values["register_total"] == 7'000);
        CHECK(values["register_unit"] == "mL");
        CHECK(probe.output.find("_wh") == std::string::npos);
    }
}

TEST_CASE("probe leaves out a block that the meter refuses, as sweeps do") {
    Probe probe;
    probe.park.add_meter("m-1", "line-01", 1, sim::FAMILY_DDSY1352, 50'000, 0);
    const int exit_code = probe.run(probe.pack("acrel-ddsy1352", "0x5030", "0x7000"), {"--frames"});
    CAPTURE(probe.output);
    REQUIRE(exit_code == 0);
    const Json json = Json::parse(probe.output);
    CHECK(json["values"]["register_total"] == 50'000);
    REQUIRE(json["refused_blocks"].size() == 1);
    CHECK(json["refused_blocks"][0]["register"] == 0x7000);
    CHECK(json["refused_blocks"][0]["count"] == 2);
    REQUIRE(json["frames"].size() == 2);
    CHECK(json["frames"][1]["sent"].get<std::string>().find("01 03 70 00 00 02") !=
          std::string::npos);
}

TEST_CASE("probe of a refused billing register names block and register and prints the frames") {
    Probe probe;
    probe.park.add_meter("m-1", "line-01", 1, sim::FAMILY_DDSY1352, 50'000, 0);
    // The billing register in a block of its own, where this meter has none.
    std::string file = probe.pack("acrel-ddsy1352", "register_total: {register: 0x0000",
                                  "register_total: {register: 0x7000");
    {
        std::ostringstream text;
        text << std::ifstream(file).rdbuf();
        std::string changed = text.str();
        const std::string blocks = "blocks:\n";
        changed.insert(changed.find(blocks) + blocks.size(), "  - {register: 0x7000, count: 2}\n");
        std::ofstream(file) << changed;
    }
    const int exit_code = probe.run(file);
    CAPTURE(probe.output);
    CHECK(exit_code == 1);
    CHECK(probe.output.find("METER_EXCEPTION") != std::string::npos);
    CHECK(probe.output.find("block of 2 registers at 70 00") != std::string::npos);
    CHECK(probe.output.find("exception 2") != std::string::npos);
    CHECK(probe.output.find("01 03 70 00 00 02") != std::string::npos);
    CHECK(probe.output.find("01 83 02") != std::string::npos);
}
