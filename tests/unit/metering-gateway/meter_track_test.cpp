#include "meters/app/meter_track.h"

#include <catch2/catch.hpp>

#include "fakes.h"

using namespace prepay;
using namespace prepay::metering;

namespace {

using Steady = std::chrono::steady_clock::time_point;
const Instant kStart = from_micros(1'790'000'000'000'000);
constexpr std::chrono::milliseconds kInterval{15'000};

MeterTrack make_track(const MeterMemory& memory = {}, int epoch = 0) {
    MeterConfig config;
    config.meter_no = 7;
    config.meter_id = "m-7";
    config.driver_pack = "small";
    config.register_epoch = epoch;
    return MeterTrack(config, test::small_pack(), PlausibilityLimits{}, memory);
}

MeterValues values_at(Instant time, std::int64_t wh, RelayState relay = RelayState::kClosed) {
    MeterValues values;
    values.read_time = time;
    values.register_total = RegisterTotal::from_base_units(wh);
    values.relay = relay;
    return values;
}

}  // namespace

TEST_CASE("A reading's identity: slot and revision, also over a restart") {
    MeterMemory memory;
    memory.base = ReadingBase{kStart, RegisterTotal::from_base_units(100), 0};
    memory.last_slot = kStart;
    memory.last_revision = 1;
    MeterTrack track = make_track(memory);
    LineBatch batch;
    const Instant later = kStart + std::chrono::seconds(5);
    track.accept(values_at(later, 101), later, kStart, ReadingSource::kPoll, batch);
    track.accept(values_at(later, 101), later, kStart, ReadingSource::kOnDemand, batch);
    track.accept(values_at(later, 101), later, later, ReadingSource::kPoll, batch);
    // The clock went back: the slot never goes behind what is stored.
    track.accept(values_at(later, 101), later, kStart, ReadingSource::kPoll, batch);
    REQUIRE(batch.readings.size() == 4);
    CHECK(batch.readings[0].revision == 2);
    CHECK(batch.readings[1].revision == 3);
    CHECK(batch.readings[2].revision == 0);
    CHECK(batch.readings[2].slot_time == later);
    CHECK(batch.readings[3].slot_time == later);
    CHECK(batch.readings[3].revision == 1);
}

TEST_CASE("A dip is reported once and never becomes a base") {
    MeterTrack track = make_track();
    LineBatch batch;
    Instant now = kStart;
    track.accept(values_at(now, 5000), now, now, ReadingSource::kPoll, batch);
    for (int i = 0; i < 2; ++i) {
        now += kInterval;
        CHECK(track.accept(values_at(now, 4000), now, now, ReadingSource::kPoll, batch) ==
              ReadingFault::kRegisterDip);
    }
    CHECK(batch.readings.size() == 1);
    REQUIRE(batch.rejected.size() == 1);
    CHECK(batch.rejected[0].reason == "REGISTER_DIP");
    CHECK(batch.rejected[0].previous_total.base_units() == 5000);
    CHECK(batch.rejected[0].register_total.base_units() == 4000);
    now += kInterval;
    CHECK(track.accept(values_at(now, 5050), now, now, ReadingSource::kPoll, batch) ==
          ReadingFault::kNone);
    CHECK(batch.readings.back().register_total.base_units() == 5050);
    now += kInterval;
    track.accept(values_at(now, 4000), now, now, ReadingSource::kPoll, batch);
    CHECK(batch.rejected.size() == 2);
}

TEST_CASE("In quarantine a meter gives no reading, and its record follows what it shows") {
    MeterTrack track = make_track();
    LineBatch batch;
    Instant now = kStart;
    const auto read = [&](std::int64_t wh, Duration later = kInterval) {
        now += later;
        return track.accept(values_at(now, wh), now, now, ReadingSource::kPoll, batch);
    };
    read(5000);
    WireReply reply;
    reply.outcome = WireOutcome::kReply;
    reply.sent = true;
    reply.sent_bytes = {1, 2};
    reply.received_bytes = {3};
    track.note_reply(reply, now);
    for (int i = 0; i < 3; ++i) {
        CHECK(read(905'000 + i) == ReadingFault::kTooFast);
    }
    CHECK(track.memory().quarantined);
    REQUIRE(batch.rejected.size() == 2);  // The first of the trouble, and the quarantine.
    CHECK_FALSE(batch.rejected[0].quarantine);
    CHECK(batch.rejected[1].quarantine);
    CHECK(batch.rejected[1].register_total.base_units() == 905'002);
    CHECK(batch.rejected[1].previous_total.base_units() == 5000);
    CHECK(batch.rejected[1].frames.size() == 2);
    CHECK(batch.sights.empty());
    read(905'003);
    CHECK(batch.sights.empty());
    read(905'004, std::chrono::minutes(15));
    REQUIRE(batch.sights.size() == 1);
    CHECK(batch.sights[0].register_total.base_units() == 905'004);
    read(100'000);  // A jump is told at once.
    CHECK(batch.sights.size() == 2);
    CHECK(batch.readings.size() == 1);
    CHECK(batch.rejected.size() == 2);
    SECTION("a person takes it for a new beginning: readings go on from there") {
        track.leave_quarantine(ReadingBase{now, RegisterTotal::from_base_units(100'000), 1}, {});
        CHECK(read(100'010) == ReadingFault::kNone);
        CHECK(batch.readings.back().register_epoch == 1);
        CHECK(batch.readings.back().register_total.base_units() == 100'010);
    }
    SECTION("a person discards it: the same register again is in quarantine at once") {
        track.leave_quarantine(
            {}, suspicion_of_discarded(RegisterTotal::from_base_units(100'000), now));
        CHECK_FALSE(track.memory().quarantined);
        CHECK(read(100'010) == ReadingFault::kTooFast);
        CHECK(track.memory().quarantined);
        CHECK(batch.rejected.size() == 3);
    }
    SECTION("a person discards it: the old register goes on") {
        track.leave_quarantine(
            {}, suspicion_of_discarded(RegisterTotal::from_base_units(100'000), now));
        CHECK(read(5100) == ReadingFault::kNone);
        CHECK(batch.readings.back().register_total.base_units() == 5100);
    }
    SECTION("its cause is mended before a person discards it: what was refused stays in doubt") {
        CHECK(read(5100) == ReadingFault::kQuarantined);
        REQUIRE(batch.sights.size() == 3);  // Told at once.
        CHECK(batch.sights.back().register_total.base_units() == 5100);
        CHECK(batch.sights.back().fits_base);
        CHECK(read(5101) == ReadingFault::kQuarantined);
        CHECK(batch.sights.size() == 3);
        REQUIRE(track.memory().suspicion);
        CHECK(track.memory().suspicion->total.base_units() == 100'000);
        SECTION("and the old register goes on") {
            track.leave_quarantine(
                {}, suspicion_of_discarded(RegisterTotal::from_base_units(100'000), now));
            CHECK(read(5110) == ReadingFault::kNone);
            CHECK(batch.readings.back().register_total.base_units() == 5110);
        }
        SECTION("or the refused one comes back, and is told at once") {
            CHECK(read(100'020) == ReadingFault::kTooFast);
            REQUIRE(batch.sights.size() == 4);
            CHECK_FALSE(batch.sights.back().fits_base);
        }
    }
}

TEST_CASE("Another unit, serial number or CT ratio: the next register must continue the old one") {
    for (const int what : {0, 1, 2}) {
        MeterTrack track = make_track();
        LineBatch batch;
        Instant now = kStart;
        track.accept(values_at(now, 5000), now, now, ReadingSource::kPoll, batch);
        MeterConfig config = track.config();
        config.address = MeterAddress(config.address.number() + (what == 0 ? 1 : 0));
        config.serial_number = what == 1 ? "new" : "";
        config.ct_ratio = what == 2 ? 40 : 1;
        track.reconfigure(config, test::small_pack(), PlausibilityLimits{});
        now += kInterval;
        track.accept(values_at(now, 605'000), now, now, ReadingSource::kPoll, batch);
        CHECK(track.memory().quarantined);
        REQUIRE(batch.rejected.size() == 1);
        CHECK(batch.rejected[0].after_change);
        CHECK(batch.readings.size() == 1);
    }
    MeterTrack track = make_track();
    LineBatch batch;
    track.accept(values_at(kStart, 5000), kStart, kStart, ReadingSource::kPoll, batch);
    MeterConfig named = track.config();
    named.display_name = "Li";
    track.reconfigure(named, test::small_pack(), PlausibilityLimits{});
    CHECK_FALSE(track.memory().changed);
    track.doubt();
    const Instant now = kStart + kInterval;
    CHECK(track.accept(values_at(now, 5010), now, now, ReadingSource::kPoll, batch) ==
          ReadingFault::kNone);
    CHECK_FALSE(track.memory().changed);
}

TEST_CASE("A rollover keeps every Wh: differences within the epochs add up") {
    MeterTrack track = make_track();
    LineBatch batch;
    Instant now = kStart;
    track.accept(values_at(now, 999'990), now, now, ReadingSource::kPoll, batch);
    now += std::chrono::seconds(60);
    track.accept(values_at(now, 15), now, now, ReadingSource::kPoll, batch);
    REQUIRE(batch.readings.size() == 4);
    std::int64_t consumed = 0;
    for (std::size_t i = 1; i < batch.readings.size(); ++i) {
        const Reading& before = batch.readings[i - 1];
        const Reading& after = batch.readings[i];
        CHECK(before.read_time <= after.read_time);
        if (before.register_epoch == after.register_epoch) {
            consumed += (after.register_total - before.register_total).base_units();
        }
    }
    CHECK(consumed == 25);
    CHECK(batch.readings.back().register_epoch == 1);
    CHECK(batch.readings.back().revision == 2);
}

TEST_CASE("A rollover within a slot closes the epoch behind the reading before it") {
    MeterTrack track = make_track();
    LineBatch batch;
    track.accept(values_at(kStart, 999'990), kStart, kStart, ReadingSource::kPoll, batch);
    const Instant now = kStart + std::chrono::seconds(60);
    track.accept(values_at(now, 15), now, kStart, ReadingSource::kOnDemand, batch);
    REQUIRE(batch.readings.size() == 4);
    CHECK(batch.readings[1].register_total.base_units() == 1'000'000);
    CHECK(batch.readings[1].slot_time > batch.readings[0].slot_time);
    CHECK(batch.readings[1].revision == 0);
    CHECK(batch.readings[3].revision == 2);
}

TEST_CASE("B21: offline after three cycles without a good reading, then backed off") {
    MeterTrack track = make_track();
    LineBatch batch;
    Steady steady{};
    Instant now = kStart;
    const auto cycle = [&] {
        track.end_cycle(steady, now, kInterval, batch);
        const bool asked = track.begin_cycle(steady);
        steady += kInterval;
        now += kInterval;
        return asked;
    };
    cycle();
    track.accept(values_at(now, 100), now, now, ReadingSource::kPoll, batch);
    REQUIRE(batch.state_changes.size() == 1);
    CHECK(batch.state_changes[0].online);
    CHECK(batch.state_changes[0].revision == 1);
    cycle();
    cycle();
    cycle();
    CHECK(batch.state_changes.size() == 1);
    CHECK_FALSE(track.is_degraded());
    cycle();
    REQUIRE(batch.state_changes.size() == 2);
    CHECK_FALSE(batch.state_changes[1].online);
    CHECK(batch.state_changes[1].revision == 2);
    CHECK(track.is_degraded());
    int asked = 0;
    for (int i = 0; i < 40; ++i) {
        asked += cycle() ? 1 : 0;
    }
    CHECK(asked >= 8);  // At least every minute.
    CHECK(asked <= 16);
    CHECK(batch.state_changes.size() == 2);
    track.accept(values_at(now, 110), now, now, ReadingSource::kPoll, batch);
    CHECK(cycle());
    CHECK(batch.state_changes.size() == 3);
}

TEST_CASE("A change of the contact is a change of state") {
    MeterTrack track = make_track();
    LineBatch batch;
    track.accept(values_at(kStart, 1, RelayState::kClosed), kStart, kStart, ReadingSource::kPoll,
                 batch);
    track.accept(values_at(kStart, 1, RelayState::kUnknown), kStart, kStart, ReadingSource::kPoll,
                 batch);
    track.accept(values_at(kStart, 1, RelayState::kOpen), kStart, kStart, ReadingSource::kPoll,
                 batch);
    REQUIRE(batch.state_changes.size() == 2);
    CHECK(batch.state_changes[1].relay == RelayState::kOpen);
}

TEST_CASE("After a swap the old base does not count") {
    MeterMemory memory;
    memory.base = ReadingBase{kStart, RegisterTotal::from_base_units(900'000), 0};
    MeterTrack track = make_track(memory, 1);
    LineBatch batch;
    const Instant now = kStart + kInterval;
    CHECK(track.accept(values_at(now, 3), now, now, ReadingSource::kPoll, batch) ==
          ReadingFault::kNone);
    CHECK(batch.readings[0].register_epoch == 1);
}

TEST_CASE("An import moves the base forward, never back") {
    MeterTrack track = make_track();
    track.advance_base({kStart, RegisterTotal::from_base_units(500), 0});
    track.advance_base({kStart - kInterval, RegisterTotal::from_base_units(400), 0});
    LineBatch batch;
    const Instant now = kStart + kInterval;
    CHECK(track.accept(values_at(now, 450), now, now, ReadingSource::kPoll, batch) ==
          ReadingFault::kRegisterDip);
}

TEST_CASE("A live reading in the slot of an import is its next revision") {
    MeterTrack track = make_track();
    track.advance_base({kStart, RegisterTotal::from_base_units(500), 0});
    LineBatch batch;
    const Instant now = kStart + std::chrono::seconds(5);
    CHECK(track.accept(values_at(now, 501), now, kStart, ReadingSource::kPoll, batch) ==
          ReadingFault::kNone);
    REQUIRE(batch.readings.size() == 1);
    CHECK(batch.readings[0].slot_time == kStart);
    CHECK(batch.readings[0].revision == 1);
}
