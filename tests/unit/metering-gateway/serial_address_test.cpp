#include <catch2/catch.hpp>

#include "transports/serial/adapters/modbus_rtu_line.h"

using namespace prepay;
using namespace prepay::metering;

TEST_CASE("Serial addresses") {
    const auto plain = parse_serial_address("/dev/ttyS0");
    REQUIRE(plain.ok());
    CHECK(plain->device == "/dev/ttyS0");
    CHECK(plain->baud == 9600);
    CHECK(plain->parity == 'N');
    const auto full = parse_serial_address("/dev/ttyUSB1?baud=19200&parity=E&data=8&stop=1");
    REQUIRE(full.ok());
    CHECK(full->baud == 19200);
    CHECK(full->parity == 'E');
    for (const char* bad : {"", "ttyS0", "127.0.0.1:502", "/dev/ttyS0?baud=0", "/dev/ttyS0?baud",
                            "/dev/ttyS0?baud=96OO", "/dev/ttyS0?parity=X", "/dev/ttyS0?speed=9600",
                            "/dev/ttyS0?data=9", "/dev/ttyS0?stop=3"}) {
        INFO(bad);
        CHECK(error_reason(parse_serial_address(bad).status()) == "LINE_ADDRESS_INVALID");
    }
}
