#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include <algorithm>

#include "meters/app/meter_track.h"
#include "protocols/modbus/domain/modbus_frame.h"
#include "unit/metering-gateway/fakes.h"

using namespace prepay;
using namespace prepay::metering;

namespace {

const Instant kStart = from_micros(1'790'000'000'000'000);

Bytes any_bytes(int size_max) {
    const int size = *rc::gen::inRange(0, size_max);
    return *rc::gen::container<Bytes>(static_cast<std::size_t>(size),
                                      rc::gen::arbitrary<std::uint8_t>());
}

}  // namespace

TEST_CASE("I-25: no bytes crash the frame decoders, and every frame is complete, bad or awaited") {
    CHECK(rc::check([] {
        const Bytes bytes = any_bytes(300);
        const FrameProgress progress = inspect_tcp(bytes, 7, 17);
        RC_ASSERT(!progress.complete || progress.fault == FrameFault::kNone);
        RC_ASSERT(!progress.complete || progress.frame_size == bytes.size());
        inspect_rtu(bytes, 17);
        const Reply reply = parse_reply(read_registers_pdu(0, 4), bytes);
        RC_ASSERT(!reply.ok() || reply.words.size() == 4);
    }));
}

TEST_CASE("A frame of ours is taken back whole, and no single changed byte passes the CRC") {
    CHECK(rc::check([] {
        const int unit = *rc::gen::inRange(1, 248);
        const Bytes pdu =
            read_registers_pdu(*rc::gen::arbitrary<std::uint16_t>(), *rc::gen::inRange(1, 126));
        const auto transaction = *rc::gen::arbitrary<std::uint16_t>();
        const Bytes tcp = tcp_frame(transaction, unit, pdu);
        RC_ASSERT(inspect_tcp(tcp, transaction, unit).complete);
        Bytes rtu = rtu_frame(unit, pdu);
        RC_ASSERT(inspect_rtu(rtu, unit) == FrameFault::kNone);
        const auto place =
            static_cast<std::size_t>(*rc::gen::inRange(0, static_cast<int>(rtu.size())));
        rtu[place] = static_cast<std::uint8_t>(rtu[place] ^ *rc::gen::inRange(1, 256));
        RC_ASSERT(inspect_rtu(rtu, unit) == FrameFault::kBadCrc);
    }));
}

TEST_CASE("I-4: over dips, silences and rollovers the differences add up to what was consumed") {
    CHECK(rc::check([] {
        constexpr std::int64_t kLimit = 1'000'000;  // Of the small pack.
        MeterConfig config;
        config.meter_id = "m";
        MeterTrack track(config, test::small_pack(), PlausibilityLimits{}, {});
        LineBatch batch;
        Instant now = kStart;
        std::int64_t truth = *rc::gen::inRange<std::int64_t>(990'000, 999'999);
        const std::int64_t begin = truth;
        std::int64_t last_good = truth;
        const int steps = *rc::gen::inRange(2, 60);
        for (int i = 0; i < steps; ++i) {
            if (i > 0) {
                now += std::chrono::minutes(1);
                truth += *rc::gen::inRange(0, 240);  // 10 kW x 1.5 in a minute = 250 Wh.
            }
            const int event = i == 0 ? 9 : *rc::gen::inRange(0, 10);
            MeterValues values;
            values.read_time = now;
            if (event == 0) {
                continue;  // Silent.
            }
            // A dip by more than doubt, but not so far that it could be a rollover.
            const std::int64_t shown = truth % kLimit;
            const bool dip = event == 1 && shown > 3000 && shown < 900'000;
            values.register_total = RegisterTotal::from_base_units(dip ? shown - 2900 : shown);
            const ReadingFault fault = track.accept(values, now, now, ReadingSource::kPoll, batch);
            if (!dip) {
                RC_ASSERT(fault == ReadingFault::kNone);
                last_good = truth;
            }
        }
        std::int64_t consumed = 0;
        for (std::size_t i = 1; i < batch.readings.size(); ++i) {
            const Reading& before = batch.readings[i - 1];
            const Reading& after = batch.readings[i];
            RC_ASSERT(before.read_time <= after.read_time);
            if (before.register_epoch == after.register_epoch) {
                RC_ASSERT(before.register_total <= after.register_total);
                consumed += (after.register_total - before.register_total).base_units();
            }
        }
        RC_ASSERT(consumed == last_good - begin);
    }));
}

TEST_CASE("Import: however the rows are ordered, an honest history is taken whole") {
    CHECK(rc::check([] {
        PlausibilityLimits limits;
        limits.max_per_hour = 10'000;
        limits.resolution = 10;
        limits.register_limit = 1'000'000'000;
        std::vector<ImportCandidate> rows;
        std::int64_t wh = 1000;
        const int count = *rc::gen::inRange(1, 60);
        for (int i = 0; i < count; ++i) {
            rows.push_back({static_cast<std::size_t>(i), kStart + std::chrono::hours(i),
                            RegisterTotal::from_base_units(wh)});
            wh += *rc::gen::inRange(0, 10'000);
        }
        const auto seed = *rc::gen::arbitrary<std::uint32_t>();
        std::shuffle(rows.begin(), rows.end(), std::minstd_rand(seed));
        const Instant now = kStart + std::chrono::hours(count);
        for (const ImportVerdict& verdict : judge_import({}, rows, 0, now, limits)) {
            RC_ASSERT(verdict.fault == ReadingFault::kNone);
            RC_ASSERT(!verdict.duplicate);
        }
    }));
}
