#pragma once

#include <catch2/catch.hpp>

#include "fakes.h"

namespace prepay::metering::test {

// A line with units 1 .. n on a loop without a thread, over fakes.
class Bench {
public:
    explicit Bench(int unit_count, std::chrono::milliseconds interval = std::chrono::hours(1),
                   const std::shared_ptr<const DriverPack>& pack = test::small_pack()) {
        config.line_id = "line-1";
        config.poll_interval = interval;
        worker = std::make_unique<LineWorker>(config, context(), loop);
        for (int unit = 1; unit <= unit_count; ++unit) {
            bus.units[unit] = {};
            MeterConfig meter;
            meter.meter_no = unit;
            meter.meter_id = "m-" + std::to_string(unit);
            meter.line_id = "line-1";
            meter.address = MeterAddress(unit);
            worker->put_meter(meter, pack, {});
        }
        worker->start();
    }
    ~Bench() {
        bool stopped = false;
        loop.hold_blocking = false;
        for (const auto& call : std::exchange(loop.held, {})) {
            call();
        }
        worker->stop([&stopped] { stopped = true; });
        loop.run_until([&stopped] { return stopped; });
    }

    LineContext context() {
        return {clock, gauges, stores, stores, spool, board, PlausibilityLimits{}, {}};
    }

    Command order(const std::string& id, int unit, CommandAction action) const {
        Command command;
        command.command_id = id;
        command.meter_id = "m-" + std::to_string(unit);
        command.line_id = "line-1";
        command.action = action;
        command.create_time = clock.now();
        command.not_after = clock.now() + std::chrono::seconds(60);
        return command;
    }

    Command intent(const std::string& id, int unit, CommandAction action) const {
        Command command = order(id, unit, action);
        command.intent_id = id;
        command.not_after.reset();
        return command;
    }

    Command result(const std::string& id) {
        REQUIRE(loop.run_until([&] { return stores.finished.count(id) == 1; }));
        return stores.finished.at(id);
    }

    bool wait_requests(std::size_t count) {
        return loop.run_until([&] { return bus.requests.size() >= count; });
    }

    Result<DemandResult> read_now(const std::string& meter_id) {
        std::optional<Result<DemandResult>> answer;
        worker->read_now(meter_id, [&answer](Result<DemandResult> result) {
            answer.emplace(std::move(result));
        });
        REQUIRE(loop.run_until([&answer] { return answer.has_value(); }));
        return *std::move(answer);
    }

    FakeClock clock;
    FakeBus bus;
    FakeLoop loop{clock, bus};
    FakeStores stores;
    telemetry::Metrics metrics;
    GatewayMetrics gauges{metrics};
    ReadingSpool spool{stores, gauges, 1000};
    LatestBoard board;
    LineConfig config;
    std::unique_ptr<LineWorker> worker;
};

}  // namespace prepay::metering::test
