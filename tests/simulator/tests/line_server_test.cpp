#include <modbus.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <filesystem>

#include "core/time.h"
#include "park_server.h"
#include "wire.h"

using namespace prepay;
using namespace prepay::simulator;
using namespace prepay::simulator::test;
using namespace std::chrono_literals;

namespace {

constexpr auto kTimeout = 5s;          // of answers that must come
constexpr auto kShortTimeout = 150ms;  // of answers that must not

const SystemClock kClock;

/// libmodbus as a master that knows nothing of our code.
class Master {
public:
    explicit Master(int port) : context_(modbus_new_tcp("127.0.0.1", port)) { connect(); }
    explicit Master(const std::string& pty)
        : context_(modbus_new_rtu(pty.c_str(), 9600, 'N', 8, 1)) {
        connect();
    }
    ~Master() {
        modbus_close(context_);
        modbus_free(context_);
    }
    Master(const Master&) = delete;
    Master& operator=(const Master&) = delete;

    void timeout(std::chrono::milliseconds time) {
        modbus_set_response_timeout(context_, static_cast<std::uint32_t>(time.count() / 1000),
                                    static_cast<std::uint32_t>(time.count() % 1000 * 1000));
    }
    /// The words; empty = errno in `error`.
    std::vector<int> read(int unit, int address, int count) {
        std::vector<std::uint16_t> words(static_cast<std::size_t>(count));
        modbus_set_slave(context_, unit);
        error = 0;
        if (modbus_read_registers(context_, address, count, words.data()) != count) {
            error = errno;
            modbus_flush(context_);
            return {};
        }
        return {words.begin(), words.end()};
    }
    bool write(int unit, int address, const std::vector<std::uint16_t>& words) {
        modbus_set_slave(context_, unit);
        error = 0;
        const int count = static_cast<int>(words.size());
        if (modbus_write_registers(context_, address, count, words.data()) != count) {
            error = errno;
            modbus_flush(context_);
            return false;
        }
        return true;
    }

    int error = 0;

private:
    void connect() {
        REQUIRE(context_ != nullptr);
        timeout(std::chrono::duration_cast<std::chrono::milliseconds>(kTimeout));
        modbus_set_byte_timeout(context_, 2, 0);
        REQUIRE(modbus_connect(context_) == 0);
    }

    modbus_t* context_;
};

MeterSpec on(const std::string& line_id, MeterSpec spec) {
    spec.meter_id += "@" + line_id;
    spec.line_id = line_id;
    return spec;
}

/// A TCP line `tcp`, an RTU-over-TCP line `raw` and a pty line `pty`, the same three meters on
/// each.
struct Lines {
    Lines() : server(kClock, 10'000) {
        // An id of its own: tests may run side by side.
        pty = std::filesystem::temp_directory_path() / ("prepay-pty-" + std::to_string(getpid()));
        const auto opened = server.run([&](ParkServer& park) {
            return park.add_lines(
                {{"tcp", 0, 0, "", false}, {"raw", 0, 0, "", true}, {"pty", 0, 0, pty, false}});
        });
        REQUIRE(opened.ok());
        tcp = (*opened)[0].tcp_port;
        raw = (*opened)[1].tcp_port;
        std::vector<MeterSpec> specs;
        for (const auto* line : {"tcp", "raw", "pty"}) {
            specs.push_back(on(line, meter_spec("d", 1, Family::kDdsy1352, 2200, 123'456'780)));
            specs.push_back(on(line, meter_spec("a", 13, Family::kAdf400lThree, 30'000, 70'000)));
            specs.push_back(on(line, meter_spec("s", 247, Family::kAdf400lSingle, 500, 5'550)));
        }
        REQUIRE(server.run([&](ParkServer& park) { return park.park().add_meters(specs); }).ok());
        // Registers stand still, so that values can be compared.
        REQUIRE(server.run([](ParkServer& park) { return park.park().set_speed(0); }).ok());
    }
    void faults(const std::string& meter_id, const std::vector<Fault>& faults) {
        REQUIRE(server
                    .run([&](ParkServer& park) {
                        return park.park().set_faults(*park.park().find_meter(meter_id), faults);
                    })
                    .ok());
    }
    bool contact_open(const std::string& meter_id) {
        return server.run(
            [&](ParkServer& park) { return park.park().find_meter(meter_id)->contact_open(); });
    }

    ParkServer server;
    std::string pty;
    int tcp = 0;
    int raw = 0;
};

void read_maps(Master& master) {
    CHECK(master.read(1, 0x0000, 2) == std::vector{0x00BC, 0x614E});
    const auto block = master.read(1, 0x0000, 0x11);
    REQUIRE(block.size() == 0x11);
    CHECK(block[0x0D] == 2200);
    CHECK(master.read(13, 0x035E, 2) == std::vector{0, 7000});
    CHECK(master.read(13, 0x0345, 2) == std::vector{0, 30'000});
    CHECK(master.read(13, 0x0362, 5) == std::vector{0, 0, 0, 0, 0});
    CHECK(master.read(247, 0x0306, 2) == std::vector{0, 555});
    CHECK(master.read(247, 0x0302, 1) == std::vector{500});
    CHECK(master.read(1, 0x0000, 100).size() == 100);
    CHECK(master.read(1, 0x0300, 2).empty());
    CHECK(master.error == EMBXILADD);

    REQUIRE(master.write(1, 0x57, {1, 1}));
    CHECK(master.read(1, 0x57, 2) == std::vector{1, 1});
    CHECK(master.read(1, 0x22, 1) == std::vector{3});
    CHECK(master.read(1, 0x0D, 1) == std::vector{0});
    REQUIRE(master.write(1, 0x57, {1, 0}));
    CHECK(master.read(1, 0x22, 1) == std::vector{2});
    REQUIRE(master.write(13, 0x800, {2, 0, 0, 0, 0x100}));
    CHECK(master.read(13, 0x369, 1) == std::vector{3});
    CHECK_FALSE(master.write(1, 0x57, {1, 7}));
    CHECK(master.error == EMBXILVAL);

    master.timeout(kShortTimeout);
    CHECK(master.read(2, 0, 2).empty());
    CHECK(master.error == ETIMEDOUT);
}

}  // namespace

TEST_CASE_METHOD(Lines, "libmodbus reads and writes the maps over TCP") {
    Master master(tcp);
    read_maps(master);
}

TEST_CASE_METHOD(Lines, "libmodbus reads and writes the maps over a pty") {
    Master master(pty);
    read_maps(master);
}

TEST_CASE_METHOD(Lines, "RTU over TCP: the vectors in, the right frames out") {
    Wire wire(raw);
    wire.send(hex("01 03 00 00 00 02 C4 0B"));
    const Bytes answer = wire.receive(9, kTimeout);
    const Bytes expected = hex("01 03 04 00 BC 61 4E");
    CHECK(Bytes(answer.begin(), answer.begin() + 7) == expected);
    CHECK(crc16(answer) == 0);
    const Bytes trip = hex("01 10 00 57 00 02 04 00 01 00 01 27 75");
    wire.send(Bytes(trip.begin(), trip.begin() + 5));  // in two pieces
    wire.send(Bytes(trip.begin() + 5, trip.end()));
    CHECK(wire.receive(8, kTimeout) == hex("01 10 00 57 00 02 F0 18"));
    CHECK(contact_open("d@raw"));
    // A damaged frame gets no answer; the next one does.
    wire.send(hex("01 03 00 00 00 02 C4 0C"));
    CHECK(wire.receive(1, kShortTimeout).empty());
    wire.send(hex("01 03 00 00 00 02 C4 0B"));
    CHECK(wire.receive(9, kTimeout).size() == 9);
}

TEST_CASE_METHOD(Lines, "a bad MBAP header ends the connection, others go on") {
    Wire other(tcp);
    Wire wire(tcp);
    wire.send(hex("00 01 00 09 00 06 01 03 00 00 00 02"));
    CHECK(wire.receive(1, kTimeout).empty());
    CHECK(wire.closed());
    other.send(hex("00 01 00 00 00 06 01 03 00 00 00 02"));
    CHECK(other.receive(13, kTimeout) == hex("00 01 00 00 00 07 01 03 04 00 BC 61 4E"));
}

TEST_CASE_METHOD(Lines, "faults as libmodbus sees them") {
    Master master(tcp);
    master.timeout(kShortTimeout);
    faults("d@tcp", {{FaultKind::kSilent, 0ms, 0, 1, 0}});
    CHECK(master.read(1, 0, 2).empty());
    CHECK(master.error == ETIMEDOUT);
    faults("d@tcp", {{FaultKind::kException, 0ms, 6, 1, 0}});
    CHECK(master.read(1, 0, 2).empty());
    CHECK(master.error == EMBXSBUSY);
    faults("d@tcp", {{FaultKind::kRequestLost, 0ms, 0, 1, 0}});
    CHECK_FALSE(master.write(1, 0x57, {1, 1}));
    CHECK_FALSE(contact_open("d@tcp"));
    faults("d@tcp", {{FaultKind::kAnswerLost, 0ms, 0, 1, 0}});
    CHECK_FALSE(master.write(1, 0x57, {1, 1}));
    CHECK(contact_open("d@tcp"));
    faults("d@tcp", {{FaultKind::kContradict, 0ms, 0, 1, 0}});
    CHECK(master.write(1, 0x57, {1, 0}));
    CHECK(master.read(1, 0x57, 2) == std::vector{1, 1});
    faults("d@tcp", {{FaultKind::kRelayStuck, 0ms, 0, 1, 0}});
    CHECK(master.write(1, 0x57, {1, 0}));
    CHECK(master.read(1, 0x57, 2) == std::vector{1, 0});
    CHECK(master.read(1, 0x22, 1) == std::vector{3});
    master.timeout(std::chrono::duration_cast<std::chrono::milliseconds>(kTimeout));
    faults("d@tcp", {{FaultKind::kSlow, 300ms, 0, 1, 0}});
    const auto start = kClock.steady();
    CHECK(master.read(1, 0, 2).size() == 2);
    CHECK(kClock.steady() - start >= 300ms);
}

TEST_CASE_METHOD(Lines, "a damaged CRC on the pty is seen as one") {
    Master master(pty);
    faults("d@pty", {{FaultKind::kBadCrc, 0ms, 0, 1, 0}});
    CHECK(master.read(1, 0, 2).empty());
    CHECK(master.error == EMBBADCRC);
    CHECK(master.read(1, 0, 2).size() == 2);
}

TEST_CASE_METHOD(Lines, "a damaged MBAP header: transaction, protocol, length in turn") {
    faults("d@tcp", {{FaultKind::kBadMbap, 0ms, 0, 3, 0}});
    Wire wire(tcp);
    const Bytes request = hex("00 01 00 00 00 06 01 03 00 00 00 02");
    for (const auto* answer :
         {"00 FE 00 00 00 07 01 03 04 00 BC 61 4E", "00 01 00 01 00 07 01 03 04 00 BC 61 4E",
          "00 01 00 00 00 08 01 03 04 00 BC 61 4E", "00 01 00 00 00 07 01 03 04 00 BC 61 4E"}) {
        wire.send(request);
        CHECK(wire.receive(13, kTimeout) == hex(answer));
    }
}

TEST_CASE_METHOD(Lines, "a late answer comes into the next transaction") {
    faults("d@tcp", {{FaultKind::kLateAnswer, 100ms, 0, 1, 0}});
    Wire wire(tcp);
    wire.send(hex("00 01 00 00 00 06 01 03 00 00 00 02"));
    wire.send(hex("00 02 00 00 00 06 0D 03 03 5E 00 02"));
    CHECK(wire.receive(13, kTimeout) == hex("00 02 00 00 00 07 0D 03 04 00 00 1B 58"));
    CHECK(wire.receive(13, kTimeout) == hex("00 01 00 00 00 07 01 03 04 00 BC 61 4E"));
}

TEST_CASE_METHOD(Lines, "a rebooting line drops its masters and comes back") {
    Wire wire(tcp);
    wire.send(hex("00 01 00 00 00 06 01 03 00 00 00 02"));
    REQUIRE(wire.receive(13, kTimeout).size() == 13);
    const auto start = kClock.steady();
    REQUIRE(server
                .run([](ParkServer& park) {
                    return park.set_line_faults(*park.park().find_line("tcp"),
                                                {{FaultKind::kReboot, 300ms, 0, 0, 0}});
                })
                .ok());
    CHECK(wire.receive(1, kTimeout).empty());
    CHECK(wire.closed());
    Bytes answer;
    while (answer.empty() && kClock.steady() - start < kTimeout) {
        Wire again(tcp);
        again.send(hex("00 01 00 00 00 06 01 03 00 00 00 02"));
        answer = again.receive(13, kTimeout);
    }
    CHECK(answer.size() == 13);
    CHECK(kClock.steady() - start >= 300ms);
}

TEST_CASE_METHOD(Lines, "paced at 9600 baud a read of ten registers takes its character time") {
    server.run([](ParkServer& park) { return park.park().find_line("tcp")->spec.baud = 9600; });
    Master master(tcp);
    const auto start = kClock.steady();
    constexpr int kReads = 10;
    for (int index = 0; index < kReads; ++index) {
        REQUIRE(master.read(1, 0, 10).size() == 10);
    }
    const auto took = kClock.steady() - start;
    // 8 + 25 characters of 11 bits and two gaps; the gap behind the last answer is not waited for.
    const auto expected = kReads * (9167us + 28646us + 2 * 4011us) - 4011us;
    CHECK(took >= expected);
    CHECK(took < expected + 400ms);
}

TEST_CASE_METHOD(Lines, "frames are logged with time, meter and relay mark; overlaps are counted") {
    faults("d@tcp", {{FaultKind::kSlow, 300ms, 0, 1, 0}});
    Wire first(tcp);
    Wire second(tcp);
    const Instant before = kClock.now();
    first.send(hex("00 01 00 00 00 0B 01 10 00 57 00 02 04 00 01 00 01"));
    FrameQuery query;
    query.wait = 5s;
    query.relay_writes_only = true;
    const auto never = [] { return false; };
    const FramePage relay = server.frames().list(query, never);  // the request is in flight
    second.send(hex("00 02 00 00 00 06 0D 03 03 5E 00 02"));
    REQUIRE(first.receive(12, kTimeout).size() == 12);
    REQUIRE(second.receive(13, kTimeout).size() == 13);
    REQUIRE(relay.frames.size() == 1);
    CHECK(relay.frames[0].meter_id == "d@tcp");
    CHECK(relay.frames[0].line_id == "tcp");
    CHECK(relay.frames[0].unit == 1);
    CHECK(relay.frames[0].from_master);
    CHECK(relay.frames[0].data == hex("00 01 00 00 00 0B 01 10 00 57 00 02 04 00 01 00 01"));
    CHECK(relay.frames[0].frame_time >= before - 5ms);
    FrameQuery all;
    all.meter_id = "d@tcp";
    const FramePage frames = server.frames().list(all, never);
    REQUIRE(frames.frames.size() == 2);
    CHECK_FALSE(frames.frames[1].from_master);
    CHECK_FALSE(frames.frames[1].relay_write);
    CHECK(frames.frames[1].frame_time - frames.frames[0].frame_time >= 300ms);
    const auto [overlaps, requests] = server.run([](ParkServer& park) {
        const Line& line = *park.park().find_line("tcp");
        return std::pair(line.overlap_count, line.request_count);
    });
    CHECK(overlaps == 1);
    CHECK(requests == 2);
}

TEST_CASE_METHOD(Lines, "a master that gave up and came back overlaps with nobody") {
    faults("d@tcp", {{FaultKind::kSlow, 300ms, 0, 1, 0}});
    FrameQuery query;
    query.wait = 5s;
    {
        Wire first(tcp);
        first.send(hex("00 01 00 00 00 06 01 03 00 00 00 02"));
        REQUIRE(server.frames().list(query, [] { return false; }).frames.size() == 1);
    }
    Wire second(tcp);
    second.send(hex("00 02 00 00 00 06 0D 03 03 5E 00 02"));
    CHECK(second.receive(13, kTimeout) == hex("00 02 00 00 00 07 0D 03 04 00 00 1B 58"));
    CHECK(server.run(
              [](ParkServer& park) { return park.park().find_line("tcp")->overlap_count; }) == 0);
}

TEST_CASE("thousands of meters on hundreds of lines answer") {
    ParkServer server(kClock, 10'000);
    constexpr int kLines = 300;
    constexpr int kUnits = 10;
    std::vector<LineSpec> lines;
    std::vector<MeterSpec> meters;
    for (int line = 0; line < kLines; ++line) {
        lines.push_back({"line-" + std::to_string(line), 0, 0, "", false});
        for (int unit = 1; unit <= kUnits; ++unit) {
            meters.push_back(
                on(lines.back().line_id, meter_spec(std::to_string(unit), unit, Family::kDdsy1352,
                                                    100, 10 * (line * kUnits + unit))));
        }
    }
    const auto opened = server.run([&](ParkServer& park) { return park.add_lines(lines); });
    REQUIRE(opened.ok());
    REQUIRE(server.run([&](ParkServer& park) { return park.park().add_meters(meters); }).ok());
    std::vector<std::unique_ptr<Wire>> wires;
    for (const LineSpec& line : *opened) {
        wires.push_back(std::make_unique<Wire>(line.tcp_port));
    }
    for (int unit = 1; unit <= kUnits; ++unit) {
        Bytes request = hex("00 01 00 00 00 06 00 03 00 00 00 02");
        request[6] = static_cast<std::uint8_t>(unit);
        for (const auto& wire : wires) {
            wire->send(request);
        }
        for (int line = 0; line < kLines; ++line) {
            const Bytes answer = wires[static_cast<std::size_t>(line)]->receive(13, kTimeout);
            REQUIRE(answer.size() == 13);
            CHECK(word_at(answer, 11) == line * kUnits + unit);
        }
    }
}
