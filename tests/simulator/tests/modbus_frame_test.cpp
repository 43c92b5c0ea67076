#include "modbus_frame.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "line_bus.h"
#include "support/paths.h"
#include "test_park.h"

using namespace prepay::simulator;
using namespace prepay::simulator::test;
using namespace std::chrono_literals;

TEST_CASE("known RTU frames carry the CRC we compute and are taken whole") {
    const std::vector<std::string> frames = {
        "01 03 00 00 00 02 C4 0B",                 // total energy, unit 1
        "01 03 00 00 00 0A C5 CD",                 // ten registers
        "01 10 00 57 00 02 04 00 01 00 01 27 75",  // force trip
        "01 10 00 57 00 02 04 00 01 00 00 E6 B5",  // force close
        "01 10 00 57 00 02 04 00 00 00 00 B7 75",  // release
        "0D 03 03 62 00 05 24 9F",                 // ADF400L unit 13
        "01 03 30 01 00 06 9B 08",                 // printed in a vendor manual
        "11 0F 00 13 00 0A 02 CD 01 BF 0B",        // write coils
        "11 17 00 03 00 06 00 0E 00 03 06 00 FF 00 FF 00 FF 4B 54",
    };
    for (const auto& text : frames) {
        CAPTURE(text);
        const Bytes frame = hex(text);
        const Extracted taken = extract(Framing::kRtu, frame);
        REQUIRE(taken.outcome == Extracted::Outcome::kFrame);
        CHECK(taken.used == frame.size());
        CHECK(taken.request.unit == frame[0]);
        CHECK(encode(Framing::kRtu, 0, taken.request.unit, taken.request.pdu) == frame);
        for (std::size_t size = 0; size < frame.size(); ++size) {
            CHECK(extract(Framing::kRtu, std::span(frame).first(size)).outcome ==
                  Extracted::Outcome::kMore);
        }
        Bytes damaged = frame;
        damaged[damaged.size() / 2] ^= 0x10;
        CHECK(extract(Framing::kRtu, damaged).outcome != Extracted::Outcome::kFrame);
    }
}

TEST_CASE("the shared Modbus vectors encode to the same bytes") {
    const std::filesystem::path path =
        std::filesystem::path(prepay::test::source_dir()).parent_path() /
        "shared/data/modbus_vectors.json";
    if (!std::filesystem::exists(path)) {
        WARN("SKIPPED: no ../shared/data");
        return;
    }
    int seen = 0;
    for (const auto& vector : nlohmann::json::parse(std::ifstream(path))) {
        if (vector.value("type", "") != "pdu") {
            continue;
        }
        ++seen;
        const Bytes pdu = hex(vector["pdu"]);
        CHECK(encode(Framing::kRtu, 0, 17, pdu) == hex(vector["rtu_unit17"]));
        const Bytes tcp = hex(vector["tcp_tid1_unit17"]);
        // The length byte of some answers is not filled in there; compare what comes behind it.
        const Bytes ours = encode(Framing::kMbap, 1, 17, pdu);
        CHECK(Bytes(ours.begin() + 6, ours.end()) == Bytes(tcp.begin() + 6, tcp.end()));
        CHECK(ours[5] == ours.size() - 6);
    }
    CHECK(seen >= 18);
}

TEST_CASE("MBAP frames: taken by their length, bad headers dropped") {
    const Bytes frame = hex("00 07 00 00 00 06 0B 03 00 00 00 02");
    const Extracted taken = extract(Framing::kMbap, frame);
    REQUIRE(taken.outcome == Extracted::Outcome::kFrame);
    CHECK(taken.request.transaction == 7);
    CHECK(taken.request.unit == 11);
    CHECK(taken.request.pdu == read_pdu(0, 2));
    CHECK(extract(Framing::kMbap, std::span(frame).first(11)).outcome == Extracted::Outcome::kMore);
    for (const auto* bad : {"00 07 00 01 00 06 0B 03 00 00 00 02", "00 07 00 00 00 01 0B",
                            "00 07 00 00 01 FF 0B 03", "00 07 00 00 00 00 0B 03"}) {
        CHECK(extract(Framing::kMbap, hex(bad)).outcome == Extracted::Outcome::kDrop);
    }
}

TEST_CASE("an RTU frame with an unknown function is taken by its CRC") {
    const Bytes frame = encode(Framing::kRtu, 0, 5, hex("42 01 02 03"));
    CHECK(extract(Framing::kRtu, frame).outcome == Extracted::Outcome::kFrame);
    CHECK(extract(Framing::kRtu, Bytes(256, 0x77)).outcome == Extracted::Outcome::kDrop);
}

TEST_CASE("line time follows the characters") {
    CHECK(character_time(9600, 33) == 37813us);  // 363 bits
    CHECK(character_time(1200, 8) == 73334us);
    CHECK(silent_gap(9600) == 4011us);
    CHECK(silent_gap(19200) == 2006us);
    CHECK(silent_gap(38400) == 1750us);
    CHECK(expected_answer_size(read_pdu(0, 10)) == 22);
    CHECK(rtu_size(expected_answer_size(write_pdu(0x57, {1, 1}))) == 8);
}

TEST_CASE("a paced line serves one transaction after the other") {
    LineBus bus;
    const std::chrono::steady_clock::time_point start(1h);
    const LineSlot first = bus.reserve(start, 9600, 8, 25);
    CHECK(first.meter_time - start == 9167us + 4011us);
    CHECK(first.free_time - first.meter_time == 28646us + 4011us);
    // A request that comes meanwhile waits for the line.
    const LineSlot second = bus.reserve(start + 1ms, 9600, 8, 25);
    CHECK(second.meter_time - first.free_time == 9167us + 4011us);
    // An answer that stays away frees the line at once, unless someone waits already.
    bus.settle(second, second.meter_time);
    CHECK(bus.reserve(start, 9600, 8, 25).meter_time - second.meter_time == 9167us + 4011us);
    bus.settle(first, first.meter_time);
    CHECK(bus.reserve(start, 9600, 8, 25).meter_time > second.free_time);
}

TEST_CASE("an unpaced line takes no time") {
    LineBus bus;
    const std::chrono::steady_clock::time_point start(1h);
    CHECK(bus.reserve(start, 0, 8, 25).meter_time == start);
    CHECK(bus.reserve(start, 0, 8, 25).meter_time == start);
}
