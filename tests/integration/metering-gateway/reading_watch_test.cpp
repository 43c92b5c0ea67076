// Reading that stands still, over real lines.
#include "lines/app/reading_watch.h"

#include <latch>

#include "core/pause.h"
#include "gateway_fixture.h"
#include "support/until.h"

using namespace prepay;
using namespace prepay::metering;
using namespace prepay::metering::test;

TEST_CASE("I-28 a line that reads nothing is told and at last ends all; lost lines are none") {
    SKIP_WITHOUT_POSTGRES();
    using std::chrono::milliseconds;
    Simulator park;
    Fixture fixture;
    Gateway& gateway = *fixture.gateway;
    const int port = park.add_line("line-good");
    park.add_meter("m-good", "line-good", 1, sim::FAMILY_DDSY1352, 50'000, 3'600);
    gateway.add_line("line-good", "127.0.0.1:" + std::to_string(port));
    gateway.add_meter("m-good", "line-good", 1, "acrel-ddsy1352");
    gateway.add_line("line-lost", "127.0.0.1:1");
    gateway.add_meter("m-lost", "line-lost", 1, "acrel-ddsy1352");
    gateway.add_line("line-mute", "127.0.0.1:" + std::to_string(park.add_line("line-mute")));
    gateway.add_meter("m-mute", "line-mute", 9, "acrel-ddsy1352");

    const ReadingProgressOptions options{milliseconds(50), milliseconds(1000), milliseconds(2000)};
    int given_up = 0;
    std::string what;
    ReadingWatch watch({gateway.clock, gateway.gauges, gateway.park, gateway.spool,
                        [] { return true; }, [&] { return gateway.loops.last_call(); },
                        [&](const std::string& text) {
                            ++given_up;
                            what = text;
                        }},
                       options);
    // Looks until a condition holds, or for the whole time.
    const auto look = [&](milliseconds time, const std::function<bool()>& condition) {
        const auto end = std::chrono::steady_clock::now() + time;
        while (!condition() && std::chrono::steady_clock::now() < end) {
            watch.look();
            pause(std::stop_token(), options.look_interval);
        }
        return condition();
    };
    const auto reason = [&] { return error_reason(watch.readiness()); };
    const auto state = [&](const std::string& line) {
        return gateway.park.line_status(line).state;
    };
    REQUIRE(look(milliseconds(20'000), [&] {
        return state("line-good") == LineState::kOnline && state("line-lost") == LineState::kLost &&
               state("line-mute") == LineState::kLost;
    }));
    CHECK_FALSE(look(2 * options.end_after, [&] { return !reason().empty() || given_up > 0; }));

    // The threads of the lines hang.
    std::latch released(1);
    struct Release {
        std::latch& latch;
        ~Release() {
            if (!latch.try_wait()) {
                latch.count_down();
            }
        }
    } const at_the_end{released};
    for (LineLoop* loop : gateway.loops.all()) {
        loop->post([&released] { released.wait(); });
    }
    CHECK(look(milliseconds(20'000), [&] { return reason() == "READINGS_STALLED"; }));
    CHECK(given_up == 0);
    CHECK(look(milliseconds(20'000), [&] { return given_up > 0; }));
    CHECK(what.find("line line-") == 0);
    const std::string metrics = gateway.metrics.render();
    const auto value = [&](const std::string& name) {
        const auto at = metrics.find("\n" + name + " ");
        REQUIRE(at != std::string::npos);
        return std::stod(metrics.substr(at + name.size() + 2));
    };
    CHECK(value("prepay_metering_read_late_seconds") >= 2);
    CHECK(value("prepay_metering_oldest_reading_age_seconds") >= 2);
    CHECK(value("prepay_metering_spool_oldest_age_seconds") < 2);
    released.count_down();
    CHECK(look(milliseconds(20'000), [&] { return reason().empty(); }));
}

TEST_CASE("I-28 readings that PostgreSQL does not take are told by their age") {
    class Refusing final : public BatchStore {
    public:
        Status write(const std::vector<LineBatch>&) override {
            ++tries;
            return is_up ? absl::OkStatus() : unavailable("DATABASE_UNAVAILABLE", "away");
        }
        std::atomic<int> tries{0};
        std::atomic<bool> is_up{false};
    } store;
    telemetry::Metrics metrics;
    const GatewayMetrics gauges(metrics);
    ReadingSpool spool(store, gauges, 1);
    CHECK_FALSE(spool.waiting());
    LineBatch batch;
    batch.line_id = "line";
    batch.readings.resize(1);
    batch.readings.front().values.emplace();
    const auto before = std::chrono::steady_clock::now();
    spool.push(batch);
    const auto first = spool.waiting();
    REQUIRE(first);
    CHECK(first->oldest >= before);
    const auto never = std::chrono::steady_clock::time_point{};
    CHECK(first->last_done == never);
    spool.push(batch);  // There is room for one: the older one is thinned out.
    const auto second = spool.waiting();
    REQUIRE(second);
    CHECK(second->oldest > first->oldest);
    CHECK(second->last_done == never);
    std::jthread writer([&](const std::stop_token& stop) { spool.run(stop); });
    REQUIRE(prepay::test::until(std::chrono::seconds(20), [&] { return store.tries > 2; }));
    const auto third = spool.waiting();  // While it is written, or when it was put back.
    REQUIRE(third);
    CHECK(third->oldest == second->oldest);
    CHECK(third->last_done == never);
    store.is_up = true;
    CHECK(prepay::test::until(std::chrono::seconds(20), [&] { return !spool.waiting(); }));
}
