#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "support/real_data.h"

namespace prepay::billing {
namespace {

const std::string kExamples = std::string(PREPAY_SOURCE_DIR) + "/services/billing/examples/";

struct Output {
    std::string text;  ///< stdout and stderr.
    int exit_code = -1;
};

Output run(const std::string& arguments) {
    const std::string command =
        std::string(PREPAY_BINARY_DIR) + "/bin/prepay-billing rate " + arguments + " 2>&1";
    Output output;
    FILE* pipe = popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    char buffer[4096];
    for (std::size_t n = 0; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) {
        output.text.append(buffer, n);
    }
    output.exit_code = WEXITSTATUS(pclose(pipe));
    return output;
}

class TemporaryFile {
public:
    explicit TemporaryFile(const std::string& text) {
        char name[] = "/tmp/prepay-rate-XXXXXX";
        const int descriptor = mkstemp(name);
        REQUIRE(descriptor >= 0);
        close(descriptor);
        path = name;
        std::ofstream(path) << text;
    }
    ~TemporaryFile() { std::filesystem::remove(path); }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    std::string path;
};

TEST_CASE("real input by the offline command: the home's hours cost exactly 89.879860") {
    const auto readings = test::home_registers();
    if (!readings) {
        return;
    }
    const TemporaryFile csv(test::to_csv(*readings, ""));
    const std::string arguments =
        "--tariff " + kExamples + "home_hourly_tou.yaml --readings " + csv.path;
    const Output json_output = run(arguments + " --format json");
    REQUIRE(json_output.exit_code == 0);
    const auto json = nlohmann::json::parse(json_output.text);
    CHECK(json["total"]["amount"] == "89.879860");
    CHECK(json["total"]["energy_wh"] == readings->back().wh);
    CHECK(json["periods"].size() == 3);
    const Output table = run(arguments);
    CHECK(table.exit_code == 0);
    CHECK(table.text.find("89.879860") != std::string::npos);
}

TEST_CASE("real input by the offline command: the schedule case, month by month") {
    const auto readings = test::residential_registers("Etc/GMT+7");
    if (!readings) {
        return;
    }
    const TemporaryFile csv(test::to_csv(*readings, ""));
    const Output output = run("--tariff " + kExamples + "residential_tou.yaml --readings " +
                              csv.path + " --format json");
    REQUIRE(output.exit_code == 0);
    const auto json = nlohmann::json::parse(output.text);
    CHECK(std::abs(json["total"]["amount_micros"].get<std::int64_t>() - 771'776'000) <= 10'000);
    REQUIRE(json["months"].size() == 12);
    int month = 0;
    for (const auto& [name, sum] : json["months"].items()) {
        CAPTURE(name);
        CHECK(std::abs(sum["amount_nanos"].get<std::int64_t>() / 1000 -
                       test::kResidentialMonthMicros[month++]) <= 1'000);
    }
}

TEST_CASE("the offline command tells file, line and column, and exits 1") {
    const TemporaryFile good("time,register_wh\n2026-01-01T00:00:00Z,1\n2026-01-01T01:00:00Z,9\n");
    const TemporaryFile bad("time,register_wh\n2026-01-01T00:00:00Z,1\n2026-01-01T01:00:00Z,x\n");
    const TemporaryFile yaml("time_zone: UTC\nprice: much\n");
    const Output csv = run("--tariff " + kExamples + "single_price.yaml --readings " + bad.path);
    CHECK(csv.exit_code == 1);
    CHECK(csv.text.rfind(bad.path + ":3:22: ", 0) == 0);
    const Output tariff = run("--tariff " + yaml.path + " --readings " + good.path);
    CHECK(tariff.exit_code == 1);
    CHECK(tariff.text.rfind(yaml.path + ":2:8: ", 0) == 0);
    CHECK(run("--tariff /nowhere --readings " + good.path).exit_code == 1);
    CHECK(run("--tariff " + kExamples + "single_price.yaml").exit_code != 0);
}

}  // namespace
}  // namespace prepay::billing
