#include "readings/app/reading_spool.h"

#include <catch2/catch.hpp>
#include <thread>

#include "fakes.h"

using namespace prepay;
using namespace prepay::metering;

namespace {

LineBatch batch_of(int first, int count) {
    LineBatch batch;
    batch.line_id = "line-1";
    for (int i = 0; i < count; ++i) {
        Reading reading;
        reading.reading_id = first + i;
        reading.values = MeterValues{};
        batch.readings.push_back(reading);
    }
    return batch;
}

}  // namespace

TEST_CASE("Readings wait in order while PostgreSQL is away, and none is lost") {
    test::FakeStores store;
    telemetry::Metrics metrics;
    const GatewayMetrics gauges(metrics);
    ReadingSpool spool(store, gauges, 1000);
    store.database_up = false;
    std::jthread writer([&](const std::stop_token& stop) { spool.run(stop); });
    for (int i = 0; i < 100; ++i) {
        spool.push(batch_of(i * 2, 2));
    }
    {
        const std::lock_guard lock(store.mutex);
        store.database_up = true;
    }
    REQUIRE(store.wait([&] { return store.batches.size() == 100; }));
    int expected = 0;
    for (const LineBatch& batch : store.batches) {
        for (const Reading& reading : batch.readings) {
            CHECK(reading.reading_id == expected++);
        }
    }
    CHECK(expected == 200);
}

TEST_CASE("A full spool thins out the oldest readings and keeps states and epoch borders") {
    test::FakeStores store;
    telemetry::Metrics metrics;
    const GatewayMetrics gauges(metrics);
    ReadingSpool spool(store, gauges, 1000);
    LineBatch first = batch_of(0, 2);
    first.readings[0].values.reset();  // The closing reading of an epoch.
    first.state_changes.push_back({1, "m-1", true, RelayState::kClosed, {}, 1, "small", {}, {}});
    spool.push(first);
    for (int i = 0; i < 1100; ++i) {
        spool.push(batch_of(10 + i, 1));
    }
    CHECK(spool.size() == 1000);
    std::jthread writer([&](const std::stop_token& stop) { spool.run(stop); });
    REQUIRE(store.wait([&] {
        return !store.batches.empty() && !store.batches.back().readings.empty() &&
               store.batches.back().readings.back().reading_id == 1109;
    }));
    CHECK(store.batches[0].state_changes.size() == 1);
    REQUIRE(store.batches[0].readings.size() == 1);
    CHECK_FALSE(store.batches[0].readings[0].values);
}

TEST_CASE("A stop writes what is left") {
    test::FakeStores store;
    telemetry::Metrics metrics;
    const GatewayMetrics gauges(metrics);
    ReadingSpool spool(store, gauges, 1000);
    for (int i = 0; i < 200; ++i) {
        spool.push(batch_of(i, 1));
    }
    std::jthread writer([&](const std::stop_token& stop) { spool.run(stop); });
    writer.request_stop();
    writer.join();
    CHECK(store.batches.size() == 200);
}

TEST_CASE("A long outage leaves no more sweeps in the spool than it has readings") {
    test::FakeStores store;
    telemetry::Metrics metrics;
    const GatewayMetrics gauges(metrics);
    ReadingSpool spool(store, gauges, 1000);
    for (int i = 0; i < 20'000; ++i) {
        spool.push(batch_of(i, 1));
    }
    CHECK(spool.size() == 1000);
    std::jthread writer([&](const std::stop_token& stop) { spool.run(stop); });
    writer.request_stop();
    writer.join();
    CHECK(store.batches.size() == 1000);
}
