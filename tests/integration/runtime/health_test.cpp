#include "telemetry/health.h"

#include <catch2/catch.hpp>
#include <latch>

#include "integration/runtime/program.h"
#include "support/child_process.h"

namespace prepay::test {

TEST_CASE("a check that hangs is named, and hides no other") {
    const telemetry::Metrics metrics;
    std::latch let_go(1);
    const int port = free_port();
    auto server = telemetry::HealthServer::start(
        "127.0.0.1:" + std::to_string(port), metrics,
        {{"database",
          [&let_go] {
              let_go.wait();
              return absl::OkStatus();
          }},
         {"clock", [] { return unavailable("CLOCK_IN_DOUBT", "nobody knows the time"); }},
         {"subscriber", [] { return absl::OkStatus(); }}});
    REQUIRE(server.ok());
    for (int i = 0; i < 2; ++i) {
        const auto [status, problems] = read_page(port, "/readyz");
        CHECK(status == 503);
        CHECK(problems ==
              "database: CHECK_HANGS: no answer within a second\n"
              "clock: CLOCK_IN_DOUBT: nobody knows the time\n");
    }
    CHECK(read_page(port, "/healthz").first == 200);
    let_go.count_down();
    CHECK(until(std::chrono::seconds(5), [&] {
        return read_page(port, "/readyz").second ==
               "clock: CLOCK_IN_DOUBT: nobody knows the time\n";
    }));
}

}  // namespace prepay::test
