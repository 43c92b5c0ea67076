#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "quantity/quantity.h"
#include "support/paths.h"
#include "support/real_data.h"

namespace prepay::billing {
namespace {

const std::string kExamples =
    std::string(prepay::test::source_dir()) + "/services/billing/examples/";

struct Output {
    std::string text;  ///< stdout and stderr.
    int exit_code = -1;
};

Output run(const std::string& arguments) {
    const std::string command =
        std::string(prepay::test::binary_dir()) + "/bin/prepay-billing rate " + arguments + " 2>&1";
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
    CHECK(json["total"]["quantity"] == readings->back().wh);
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
        CHECK(std::abs(sum["amount_picos"].get<std::int64_t>() / kPicosPerMicro -
                       test::kResidentialMonthMicros[month++]) <= 1'000);
    }
}

TEST_CASE("water costs its price per cubic metre: tiers, table and JSON") {
    const TemporaryFile flat("resource: water\ntime_zone: Asia/Shanghai\nprice: 3.10\n");
    const TemporaryFile one(
        "time,register_ml\n2026-01-01T00:00:00Z,0\n"
        "2026-01-02T00:00:00Z,1000000\n");
    const Output table = run("--tariff " + flat.path + " --readings " + one.path);
    CHECK(table.exit_code == 0);
    CHECK(table.text.find("total                  1.000          3.100000\n") != std::string::npos);
    CHECK(table.text.find("m³") != std::string::npos);
    CHECK(table.text.find("kWh") == std::string::npos);

    // 22 m³ in a month of three tiers: 12 at 2.07, 6 at 4.07, 4 at 6.07.
    const TemporaryFile metres(
        "time,register_m3\n2026-01-05T00:00:00Z,100.5\n"
        "2026-01-06T00:00:00Z,110.500001\n2026-01-28T00:00:00Z,122.5\n");
    const TemporaryFile tiers(
        "resource: water\ntime_zone: Asia/Shanghai\ntier_span: month\ntiers:\n"
        "  - {up_to: 12, price: 2.07}\n  - {up_to: 18.0, price: 4.07}\n  - {price: 6.07}\n");
    const Output output =
        run("--tariff " + tiers.path + " --readings " + metres.path + " --format json");
    INFO(output.text.substr(0, 500));
    REQUIRE(output.exit_code == 0);
    const auto json = nlohmann::json::parse(output.text);
    CHECK(json["resource"] == "water");
    CHECK(json["quantity_unit"] == "mL");
    CHECK(json["total"]["quantity"] == 22'000'000);
    CHECK(json["total"]["amount"] == "73.540000");
    CHECK(json["tiers"]["1"]["quantity"] == 12'000'000);
    CHECK(json["tiers"]["1"]["amount"] == "24.840000");
    CHECK(json["tiers"]["2"]["amount"] == "24.420000");
    CHECK(json["tiers"]["3"]["amount"] == "24.280000");
    // 10,000,001 mL at 2.070000: exact to the last digit.
    CHECK(json["lines"][0]["amount_nanos"] == 20'700'002'070);
    CHECK(json["lines"][0]["amount_picos_rest"] == 0);

    const TemporaryFile wrong("time,register_kwh\n2026-01-05T00:00:00Z,1\n");
    const Output refused = run("--tariff " + tiers.path + " --readings " + wrong.path);
    CHECK(refused.exit_code == 1);
    CHECK(refused.text.find("register_ml or register_m3") != std::string::npos);
}

TEST_CASE("a bill beyond 64 bits loses no digit") {
    // 1,100 hours of the most energy an interval may have at almost the highest price, and 1 Wh.
    const TemporaryFile dear("time_zone: UTC\nprice: 99.999999\n");
    std::string rows = "time,register_wh\n";
    const Instant start = *parse_time("2026-01-01T00:00:00Z");
    for (std::int64_t hour = 0; hour <= 1'101; ++hour) {
        rows += format_time(start + std::chrono::hours(hour)) + "," +
                std::to_string(hour <= 1'100 ? hour * 90'000'000'000 : 99'000'000'000'001) + "\n";
    }
    const TemporaryFile csv(rows);
    const std::string arguments = "--tariff " + dear.path + " --readings " + csv.path;
    const Output output = run(arguments + " --format json");
    INFO(output.text.substr(0, 500));
    REQUIRE(output.exit_code == 0);
    const auto json = nlohmann::json::parse(output.text);
    const auto& total = json["total"];
    CHECK(total["quantity"] == 99'000'000'000'001);
    CHECK(total["amount"] == "9899999901000.099999");
    CHECK(total["amount_micros"] == "9899999901000099999");  // Beyond a number of 64 bits.
    CHECK(total["remainder_picos"] == 999'000);
    REQUIRE(json["tiers"].size() == 1);
    CHECK(json["tiers"].front()["amount_picos"] == "9899999901000099999999000");
    CHECK(json["tiers"].front()["amount"] == "9899999901000.099999999");
    REQUIRE(json["periods"].size() == 1);
    CHECK(json["periods"].front() == json["tiers"].front());
    CHECK(json["months"]["2026-01"]["amount_picos"] == "6695999933040000000000000");
    CHECK(json["lines"].front()["amount_nanos"] == 8'999'999'910'000'000'000);
    const Output table = run(arguments);
    CHECK(table.text.find("9899999901000.099999\n") != std::string::npos);
    CHECK(table.text.find("9899999901000.099999999\n") != std::string::npos);
}

TEST_CASE("a bill of nothing has the shape of every bill") {
    const TemporaryFile csv("time,register_wh\n2026-01-01T00:00:00Z,7\n");
    const Output output = run("--tariff " + kExamples + "single_price.yaml --readings " + csv.path +
                              " --format json");
    REQUIRE(output.exit_code == 0);
    const auto json = nlohmann::json::parse(output.text);
    CHECK(json["lines"] == nlohmann::json::array());
    for (const char* key : {"periods", "tiers", "months"}) {
        CHECK(json.value(key, nlohmann::json()) == nlohmann::json::object());
    }
    CHECK(json["total"]["amount"] == "0.000000");
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
