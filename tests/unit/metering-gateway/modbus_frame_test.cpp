#include "protocols/modbus/domain/modbus_frame.h"
#include "support/paths.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

using namespace prepay::metering;

namespace {

Bytes hex(const std::string& text) {
    Bytes bytes;
    for (std::size_t i = 0; i + 1 < text.size();) {
        if (text[i] == ' ') {
            ++i;
            continue;
        }
        bytes.push_back(static_cast<std::uint8_t>(std::stoi(text.substr(i, 2), nullptr, 16)));
        i += 2;
    }
    return bytes;
}

const Bytes kReadThree = read_registers_pdu(0x006B, 3);

}  // namespace

TEST_CASE("Requests are the bytes of the published vectors") {
    const std::uint16_t trip[] = {0x0001, 0x0001};
    const std::uint16_t close[] = {0x0001, 0x0000};
    const std::uint16_t release[] = {0x0000, 0x0000};
    CHECK(rtu_frame(1, read_registers_pdu(0, 2)) == hex("01 03 00 00 00 02 C4 0B"));
    CHECK(rtu_frame(1, read_registers_pdu(0, 10)) == hex("01 03 00 00 00 0A C5 CD"));
    CHECK(rtu_frame(1, write_registers_pdu(0x57, trip)) ==
          hex("01 10 00 57 00 02 04 00 01 00 01 27 75"));
    CHECK(rtu_frame(1, write_registers_pdu(0x57, close)) ==
          hex("01 10 00 57 00 02 04 00 01 00 00 E6 B5"));
    CHECK(rtu_frame(1, write_registers_pdu(0x57, release)) ==
          hex("01 10 00 57 00 02 04 00 00 00 00 B7 75"));
    CHECK(rtu_frame(13, read_registers_pdu(0x362, 5)) == hex("0D 03 03 62 00 05 24 9F"));
    CHECK(tcp_frame(1, 17, kReadThree) == hex("00 01 00 00 00 06 11 03 00 6B 00 03"));
}

TEST_CASE("Public vectors: every RTU check sum, and the replies of our two functions") {
    const std::string path =
        std::string(prepay::test::source_dir()) + "/../shared/data/modbus_vectors.json";
    std::ifstream file(path);
    if (!file) {
        WARN("SKIPPED: no ../shared/data");
        return;
    }
    int rtu_count = 0;
    int reply_count = 0;
    Bytes request;
    for (const auto& vector : nlohmann::json::parse(file)) {
        const std::string type = vector.value("type", "");
        if (type == "rtu" && vector.contains("hex")) {
            const Bytes frame = hex(vector["hex"]);
            INFO(vector["hex"]);
            CHECK((inspect_rtu(frame, frame[0]) == FrameFault::kNone) ==
                  vector.value("crc_ok", true));
            ++rtu_count;
        }
        if (type != "pdu") {
            continue;
        }
        const Bytes pdu = hex(vector["pdu"]);
        CHECK(rtu_frame(17, pdu) == hex(vector["rtu_unit17"]));
        CHECK(tcp_frame(1, 17, pdu) == hex(vector["tcp_tid1_unit17"]));
        if (vector["side"] == "request") {
            request = pdu;
        } else if ((pdu[0] & 0x7F) == 0x03 || (pdu[0] & 0x7F) == 0x10) {
            if (request[0] == (pdu[0] & 0x7F)) {
                CHECK(parse_reply(request, pdu).fault == FrameFault::kNone);
                ++reply_count;
            }
        }
    }
    CHECK(rtu_count >= 2);
    CHECK(reply_count >= 2);
}

TEST_CASE("A good reply gives its words") {
    const Reply reply = parse_reply(kReadThree, hex("03 06 02 2B 00 00 00 64"));
    REQUIRE(reply.ok());
    CHECK(reply.words == std::vector<std::uint16_t>{555, 0, 100});
}

TEST_CASE("Bad replies of a read are refused with their reason") {
    struct Row {
        const char* reply;
        FrameFault fault;
    };
    const Row rows[] = {
        {"", FrameFault::kTooShort},
        {"03", FrameFault::kTooShort},
        {"03 06", FrameFault::kTooShort},
        {"03 06 02 2B 00 00 00", FrameFault::kTooShort},
        {"03 05 02 2B 00 00 00", FrameFault::kBadByteCount},           // Odd byte count.
        {"03 04 02 2B 00 00", FrameFault::kBadByteCount},              // Less than asked.
        {"03 08 02 2B 00 00 00 64 00 00", FrameFault::kBadByteCount},  // More than asked.
        {"03 06 02 2B 00 00 00 64 00", FrameFault::kTrailingBytes},
        {"04 06 02 2B 00 00 00 64", FrameFault::kWrongFunction},
        {"10 00 6B 00 03", FrameFault::kWrongFunction},
        {"83", FrameFault::kTooShort},
        {"83 00", FrameFault::kUnknownException},
        {"83 0C", FrameFault::kUnknownException},
        {"83 FF", FrameFault::kUnknownException},
        {"83 02 00", FrameFault::kTrailingBytes},
        {"90 02", FrameFault::kWrongFunction},
    };
    for (const Row& row : rows) {
        INFO(row.reply);
        CHECK(parse_reply(kReadThree, hex(row.reply)).fault == row.fault);
    }
    for (int code = 1; code <= 11; ++code) {
        const Bytes reply{0x83, static_cast<std::uint8_t>(code)};
        CHECK(parse_reply(kReadThree, reply).exception_code == code);
    }
}

TEST_CASE("A write's echo must name what was written") {
    const std::uint16_t words[] = {1, 1};
    const Bytes request = write_registers_pdu(0x57, words);
    CHECK(parse_reply(request, hex("10 00 57 00 02")).ok());
    CHECK(parse_reply(request, hex("10 00 58 00 02")).fault == FrameFault::kWrongEcho);
    CHECK(parse_reply(request, hex("10 00 57 00 01")).fault == FrameFault::kWrongEcho);
    CHECK(parse_reply(request, hex("10 00 57 00")).fault == FrameFault::kTooShort);
    CHECK(parse_reply(request, hex("10 00 57 00 02 00")).fault == FrameFault::kTrailingBytes);
}

TEST_CASE("MBAP: every bad head is refused as soon as it is there") {
    struct Row {
        const char* received;
        FrameFault fault;
    };
    const Row rows[] = {
        {"00 07 00 01 00 09 11", FrameFault::kBadProtocol},
        {"00 07 00 00 00 01 11", FrameFault::kBadLength},
        {"00 07 00 00 00 02 11", FrameFault::kBadLength},
        {"00 07 00 00 00 FF 11", FrameFault::kBadLength},
        {"00 07 00 00 FF FF 11", FrameFault::kBadLength},
        {"00 06 00 00 00 09 11", FrameFault::kWrongTransaction},  // Stale.
        {"00 08 00 00 00 09 11", FrameFault::kWrongTransaction},  // Future.
        {"00 07 00 00 00 09 12", FrameFault::kWrongUnit},
        {"00 07 00 00 00 03 11 83 02 00", FrameFault::kTrailingBytes},
        // Two replies in one segment.
        {"00 07 00 00 00 03 11 83 02 00 07 00 00 00 03 11 83 02", FrameFault::kTrailingBytes},
    };
    for (const Row& row : rows) {
        INFO(row.received);
        CHECK(inspect_tcp(hex(row.received), 7, 0x11).fault == row.fault);
    }
}

TEST_CASE("MBAP: a reply split at every byte is whole at its last byte only") {
    const Bytes frame = hex("00 07 00 00 00 09 11 03 06 02 2B 00 00 00 64");
    for (std::size_t size = 0; size <= frame.size(); ++size) {
        const FrameProgress progress = inspect_tcp(std::span(frame).first(size), 7, 0x11);
        CHECK(progress.fault == FrameFault::kNone);
        CHECK(progress.complete == (size == frame.size()));
    }
}

TEST_CASE("RTU: every single-bit error, truncation and foreign unit is found") {
    const Bytes good = hex("11 03 06 02 2B 00 00 00 64 C8 BA");
    CHECK(inspect_rtu(good, 0x11) == FrameFault::kNone);
    CHECK(inspect_rtu(good, 0x12) == FrameFault::kWrongUnit);
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
        Bytes bad = good;
        bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ (1U << (bit % 8)));
        CHECK(inspect_rtu(bad, 0x11) == FrameFault::kBadCrc);
    }
    for (std::size_t size = 0; size < good.size(); ++size) {
        CHECK(inspect_rtu(std::span(good).first(size), 0x11) != FrameFault::kNone);
    }
}
