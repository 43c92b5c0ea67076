#include "park_file.h"
#include "support/paths.h"

#include <catch2/catch.hpp>
#include <fstream>

using namespace prepay;
using namespace prepay::simulator;

namespace {

std::string temporary_park(const std::string& content) {
    const std::string path = std::string(prepay::test::binary_dir()) + "/simulator_park_test.yaml";
    std::ofstream(path) << content;
    return path;
}

}  // namespace

TEST_CASE("the example park reads: ranges are written out") {
    const auto park = read_park_file(std::string(prepay::test::source_dir()) +
                                     "/tests/simulator/park.example.yaml");
    REQUIRE(park.ok());
    CHECK(park->lines.size() == 13);
    CHECK(park->meters.size() == 121);
    CHECK(park->lines[11].value.line_id == "line-12");
    CHECK(park->lines[11].value.tcp_port == 18111);
    CHECK(park->meters[59].value.meter_id == "m-0060");
    CHECK(park->meters[59].value.line_id == "line-06");
    CHECK(park->meters[59].value.unit_id == 10);
    CHECK(park->meters[60].value.family == Family::kAdf400lSingle);
}

TEST_CASE("a range of lines and meters spreads as told") {
    const auto park = read_park_file(temporary_park(R"(
speed: 60
lines:
  - {prefix: L, count: 2, first: 8, digits: 2, pty: "/tmp/x-{id}", baud: 9600}
meters:
  - {prefix: m, count: 5, line: L08, per_line: 3, unit: 4, unit_step: 3, family: ADF400L_3P,
     register_wh: 1000, register_wh_step: 10, load_w: 100, load_w_step: 5, rated_power_w: 60000}
)"));
    REQUIRE(park.ok());
    CHECK(park->speed == 60);
    CHECK(park->lines[1].value.pty_link == "/tmp/x-L09");
    CHECK(park->lines[1].value.framing() == Framing::kRtu);
    const MeterSpec& fifth = park->meters[4].value;
    CHECK(fifth.meter_id == "m5");
    CHECK(fifth.line_id == "L09");
    CHECK(fifth.unit_id == 7);
    CHECK(fifth.register_wh == 1040);
    CHECK(fifth.load_w == 120);
    CHECK(park->meters[4].line == 6);
}

TEST_CASE("a bad park file names file, line and remedy") {
    struct Row {
        std::string content;
        std::string message;
    };
    const std::string line = "lines:\n  - {id: a, port: 0}\nmeters:\n  - ";
    const std::vector<Row> rows = {
        {"speed: fast\n", ":1: speed must be a whole number from 0 to 1000000"},
        {"lines:\n  - {id: a, prot: 5}\n", ":2: unknown key 'prot' in a line"},
        {"lines:\n  - {id: a}\n", ":2: a line needs a port"},
        {"lines:\n  - {port: 5}\n", ":2: a line needs an id, or a prefix and a count"},
        {"lines:\n  - {id: a, port: 70000}\n", ":2: port must be"},
        {"lines:\n  - {id: a, count: 2, port: 5}\n", ":2: either id, or prefix and count"},
        {"lines:\n  - {prefix: a, count: 2, pty: /tmp/x}\n", ":2: the pty of a range needs {id}"},
        {"lines:\n  - {id: a, pty: /tmp/x, framing: mbap}\n", ":2: a pty carries rtu framing"},
        {"lines: 5\n", ":1: lines must be a list"},
        {line + "{id: m, line: b, family: DDSY1352}\n", ":4: no line 'b' in this file"},
        {line + "{id: m, line: a, family: DDSY}\n", ":4: family must be DDSY1352"},
        {line + "{id: m, line: a, family: DDSY1352, unit: 300}\n", ":4: unit must be"},
        {line + "{prefix: m, count: 5, per_line: 2, line: a, family: DDSY1352}\n",
         ":4: meter 'm3' would need a line"},
        {"lines: [\n", ":2: "},
    };
    for (const Row& row : rows) {
        CAPTURE(row.content);
        const auto park = read_park_file(temporary_park(row.content));
        REQUIRE_FALSE(park.ok());
        CHECK(error_reason(park.status()) == "BAD_PARK_FILE");
        CHECK_THAT(error_message(park.status()),
                   Catch::Contains("simulator_park_test.yaml" + row.message));
    }
    CHECK_THAT(error_message(read_park_file("/no/such/park.yaml").status()),
               Catch::Contains("cannot read /no/such/park.yaml"));
}
