#include "devices/domain/driver_pack.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "devices/adapters/yaml_pack_loader.h"
#include "support/paths.h"

using namespace prepay;
using namespace prepay::metering;

namespace {

std::string shipped(const std::string& name) {
    std::ifstream file(std::string(prepay::test::source_dir()) +
                       "/services/metering-gateway/packs/" + name + ".yaml");
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const std::size_t place = text.find(from);
    REQUIRE(place != std::string::npos);
    return text.replace(place, from.size(), to);
}

std::string problem_of(const std::string& text) {
    const Result<DriverPack> pack = parse_pack(text, "x.yaml");
    REQUIRE_FALSE(pack.ok());
    CHECK(error_reason(pack.status()) == "PACK_INVALID");
    return error_message(pack.status());
}

}  // namespace

TEST_CASE("The shipped packs load") {
    const auto packs =
        load_packs(std::string(prepay::test::source_dir()) + "/services/metering-gateway/packs");
    REQUIRE(packs.ok());
    CHECK(packs->size() == 4);
    for (const char* name : {"acrel-ddsy1352", "acrel-adf400l-1p", "acrel-adf400l-3p"}) {
        REQUIRE(packs->count(name) == 1);
        CHECK(packs->at(name)->commands.size() == 3);
        CHECK(packs->at(name)->register_resolution == 10);
    }
}

TEST_CASE("DDSY1352: registers in, values out") {
    const auto pack = parse_pack(shipped("acrel-ddsy1352"), "ddsy.yaml");
    REQUIRE(pack.ok());
    BlockWords blocks(2);
    blocks[0].assign(35, 0);
    blocks[0][0x00] = 0x0001;  // 0x00010203 x 0.01 kWh.
    blocks[0][0x01] = 0x0203;
    blocks[0][0x03] = 1;
    blocks[0][0x05] = 2;
    blocks[0][0x07] = 3;
    blocks[0][0x09] = 4;
    blocks[0][0x0B] = 2201;    // 220.1 V
    blocks[0][0x0C] = 123;     // 1.23 A
    blocks[0][0x0D] = 0xFFFE;  // -0.002 kW
    blocks[0][0x10] = 987;     // 0.987
    blocks[0][0x22] = 0x0001;
    const auto values = decode(*pack, 1, blocks, from_micros(5));
    REQUIRE(values);
    CHECK(values->register_total.base_units() == 0x00010203LL * 10);
    // The deep valley block has not been read yet: left out, not zero.
    CHECK(values->rate_total_wh == ValueList<kRatesMax>{10, 20, 30, 40});
    CHECK(values->voltage_mv == ValueList<kPhasesMax>{220'100});
    CHECK(values->current_ma == ValueList<kPhasesMax>{1'230});
    CHECK(values->power_w == -2);
    CHECK(values->power_factor_ppm == 987'000);
    CHECK(values->relay == RelayState::kOpen);
    blocks[1] = {0, 7};
    CHECK(decode(*pack, 1, blocks, from_micros(5))->rate_total_wh.back() == 70);
    SECTION("a CT ratio scales energy, current and power, not voltage") {
        const auto scaled = decode(*pack, 40, blocks, from_micros(5));
        CHECK(scaled->register_total.base_units() == 0x00010203LL * 400);
        CHECK(scaled->current_ma.front() == 49'200);
        CHECK(scaled->power_w == -80);
        CHECK(scaled->voltage_mv.front() == 220'100);
    }
    SECTION("without its first block there is no reading") {
        blocks[0].clear();
        CHECK_FALSE(decode(*pack, 1, blocks, from_micros(5)));
    }
}

TEST_CASE("Water with a valve: litres in, millilitres out, the valve is the contact") {
    const auto pack = parse_pack(shipped("generic-water-valve"), "water.yaml");
    REQUIRE(pack.ok());
    CHECK(pack->resource == Resource::kWater);
    CHECK(pack->phases == 0);
    CHECK(max_per_hour(*pack) == 5'000'000);
    BlockWords blocks{{0x0001, 0x0203, 0, 36, 0x0000}};
    const auto values = decode(*pack, 1, blocks, from_micros(5));
    REQUIRE(values);
    CHECK(values->register_total.base_units() == 0x00010203LL * 1000);
    CHECK(values->relay == RelayState::kClosed);
    CHECK(values->voltage_mv.size() == 0);
    blocks[0][4] = 1;
    CHECK(decode(*pack, 1, blocks, from_micros(5))->relay == RelayState::kOpen);
    CHECK(pack->commands.count(CommandAction::kRelease) == 0);
    const PackCommand& trip = pack->commands.at(CommandAction::kTrip);
    CHECK(trip.address == 0x10);
    CHECK(trip.words == std::vector<std::uint16_t>{1});
    CHECK(matches(trip.read_back[1], {0x0001}));
    CHECK_FALSE(matches(trip.read_back[1], {0x0000}));
}

TEST_CASE("A pack has the rating of its resource and no other") {
    const std::string water = shipped("generic-water-valve");
    const std::string power = shipped("acrel-ddsy1352");
    const std::string flow = "max_flow_l_per_h: 5000";
    CHECK(problem_of(replaced(water, flow, "rated_power_w: 5000")).find("max_flow_l_per_h") !=
          std::string::npos);
    CHECK(problem_of(replaced(water, flow, flow + "\nrated_power_w: 5000"))
              .find("of electricity meters only") != std::string::npos);
    CHECK(problem_of(replaced(water, flow, flow + "\nphases: 1"))
              .find("of electricity meters only") != std::string::npos);
    CHECK(problem_of(replaced(water, flow, "max_flow_l_per_h: 0")).find("1 .. 1000000") !=
          std::string::npos);
    CHECK(problem_of(replaced(power, "phases: 1", "phases: 1\n" + flow))
              .find("of water meters only") != std::string::npos);
}

TEST_CASE("B23: a 32-bit value in all four byte orders") {
    struct Row {
        WordOrder order;
        std::uint16_t first;
        std::uint16_t second;
    };
    const Row rows[] = {{WordOrder::kAbcd, 0x0102, 0x0304},
                        {WordOrder::kCdab, 0x0304, 0x0102},
                        {WordOrder::kBadc, 0x0201, 0x0403},
                        {WordOrder::kDcba, 0x0403, 0x0201}};
    DriverPack pack;
    pack.blocks = {{0, 2, 1, 0}};
    pack.register_total.type = ValueType::kU32;
    for (const Row& row : rows) {
        pack.word_order = row.order;
        CHECK(decode(pack, 1, {{row.first, row.second}}, {})->register_total.base_units() ==
              0x01020304);
    }
    pack.register_total.type = ValueType::kI32;
    pack.word_order = WordOrder::kAbcd;
    CHECK(decode(pack, 1, {{0xFFFF, 0xFFFF}}, {})->register_total.base_units() == -1);
}

TEST_CASE("A pack that would split a 32-bit value over two reads is refused with its line") {
    const std::string split =
        replaced(shipped("acrel-ddsy1352"), "  - {register: 0x0000, count: 35}\n",
                 "  - {register: 0x0000, count: 9}\n"
                 "  - {register: 0x0009, count: 26}\n");
    const std::string problem = problem_of(split);
    INFO(problem);
    CHECK(problem.find("x.yaml:25: rate total 0x0008: the block plan would split this 32-bit "
                       "value over two reads") != std::string::npos);
}

TEST_CASE("Wrong packs are refused with file, line and what") {
    struct Row {
        const char* from;
        const char* to;
        const char* expected;
    };
    const Row rows[] = {
        {"phases: 1", "phase: 1", "x.yaml:7: phase: unknown key"},
        {"phases: 1", "phases: 1\nphases_typo: 2", "phases_typo: unknown key"},
        {"type: u32, multiply: 10, ct: true}\n  rate", "typ: u32, multiply: 10}\n  rate",
         "typ: unknown key"},
        {"word_order: ABCD", "word_order: ACBD",
         "x.yaml:11: word_order: \"ACBD\" is none of ABCD, CDAB, BADC, DCBA"},
        {"phases: 1", "phases: 1\nprotocol: telex", "protocol: \"telex\" is none of modbus"},
        {"count: 35", "count: 126", "1 .. 125 registers fit one request, not 126"},
        {"count: 35", "count: 16", "power_factor 0x0010 is in no block of the plan"},
        {"rated_power_w: 13200", "rated_power_w: 13.2", "a whole number"},
        {"rated_power_w: 13200", "rated_power_w: -1", "a whole number"},
        {"bit: 0", "bit: 16", "bit is 0 .. 15"},
        {"register: 0x0022, bit", "register: 0x1ffff, bit", "outside 0x0000 .. 0xFFFF"},
        {"display_name: Acrel DDSY1352\n", "", "display_name: missing"},
        {"every: 20", "every: 0", "every: 1 .. 1000"},
        {"words: [0x0001, 0x0001]}\n    read", "words: [0x10000, 1]}\n    read",
         "a register holds 0x0000 .. 0xFFFF"},
        {"count: 35}", "count: 35, every: 2}", "register_total must be read in every sweep"},
        {"blocks:\n", "blocks: [\n", "x.yaml:"},
    };
    for (const Row& row : rows) {
        const std::string problem =
            problem_of(replaced(shipped("acrel-ddsy1352"), row.from, row.to));
        INFO(problem << "\nexpected: " << row.expected);
        CHECK(problem.find(row.expected) != std::string::npos);
    }
    const auto named = parse_pack(
        replaced(shipped("acrel-ddsy1352"), "phases: 1", "phases: 1\nprotocol: modbus"), "x.yaml");
    REQUIRE(named.ok());
    CHECK(named->protocol == ProtocolKind::kModbus);
    CHECK(problem_of("").find("x.yaml:") == 0);
    CHECK(problem_of("[1, 2]").find("x.yaml:1:") == 0);
}

TEST_CASE("A command without a read-back is refused: its effect could never be proven") {
    std::string text = shipped("acrel-adf400l-1p");
    text = replaced(text, "    read_back:\n      - {register: 0x0800, words: [0x0000, 0x0000]}\n",
                    "    read_back: []\n");
    CHECK(problem_of(text).find("release: read_back is needed") != std::string::npos);
}

TEST_CASE("Read-back compares masked bits only") {
    PackReadBack expected;
    expected.words = {0x0001, 0x0000};
    expected.mask = {0x00FF, 0x0000};
    CHECK(matches(expected, {0xAB01, 0x1234}));
    CHECK_FALSE(matches(expected, {0xAB02, 0x1234}));
    CHECK_FALSE(matches(expected, {0xAB01}));
}
