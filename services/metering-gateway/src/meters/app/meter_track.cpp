#include "meters/app/meter_track.h"

#include <algorithm>

namespace prepay::metering {

PlausibilityLimits limits_of(const MeterConfig& config, const DriverPack& pack,
                             const PlausibilityLimits& settings) {
    const std::int64_t ratio = std::max(config.ct_ratio, 1);
    PlausibilityLimits limits = settings;
    limits.max_per_hour =
        config.rated_power_w > 0 ? config.rated_power_w : max_per_hour(pack) * ratio;
    limits.resolution = pack.register_resolution * ratio;
    limits.register_limit = pack.register_limit * ratio;
    return limits;
}

namespace {

// Where and how a meter is read: when that changes, its register may be another one.
bool means_another_register(const MeterConfig& before, const MeterConfig& after) {
    return before.address != after.address || before.serial_number != after.serial_number ||
           before.driver_pack != after.driver_pack || before.ct_ratio != after.ct_ratio;
}

}  // namespace

MeterTrack::MeterTrack(MeterConfig config, std::shared_ptr<const DriverPack> pack,
                       const PlausibilityLimits& settings, const MeterMemory& memory)
    : config_(std::move(config)),
      pack_(std::move(pack)),
      limits_(limits_of(config_, *pack_, settings)),
      memory_(memory),
      words_(pack_->blocks.size()),
      refused_(pack_->blocks.size()) {
    if (memory_.base) {
        config_.register_epoch = std::max(config_.register_epoch, memory_.base->epoch);
    }
}

void MeterTrack::reconfigure(MeterConfig config, std::shared_ptr<const DriverPack> pack,
                             const PlausibilityLimits& settings) {
    const int epoch = std::max(config.register_epoch, config_.register_epoch);
    memory_.changed = memory_.changed || means_another_register(config_, config);
    config_ = std::move(config);
    config_.register_epoch = epoch;
    pack_ = std::move(pack);
    limits_ = limits_of(config_, *pack_, settings);
    words_.assign(pack_->blocks.size(), {});
    refused_.assign(pack_->blocks.size(), 0);
    missed_cycles_ = 0;
    retry_at_ = {};
}

std::optional<std::size_t> MeterTrack::next_block(std::size_t from, bool all) const {
    for (std::size_t i = from; i < pack_->blocks.size(); ++i) {
        if (refused_[i] != 0 && !all) {
            continue;
        }
        const auto every = static_cast<std::uint64_t>(pack_->blocks[i].every);
        if (all || words_[i].empty() ||
            (sweep_count_ + static_cast<std::uint64_t>(config_.address.number())) % every == 0) {
            return i;
        }
    }
    return std::nullopt;
}

Request MeterTrack::read_request(const PackBlock& block) const {
    return protocol_of(pack_->protocol).read(config_.address, block.address, block.count);
}

Request MeterTrack::read_request(const PackReadBack& expected) const {
    return protocol_of(pack_->protocol)
        .read(config_.address, expected.address, static_cast<int>(expected.words.size()));
}

Request MeterTrack::order_request(const PackCommand& order) const {
    return protocol_of(pack_->protocol).write(config_.address, order.address, order.words);
}

bool MeterTrack::take_block(std::size_t index, Answer& answer) {
    if (answer.ok()) {
        words_[index] = std::move(answer.words);
        refused_[index] = 0;
        return true;
    }
    if (!may_be_left_out(*pack_, index, answer)) {
        return false;
    }
    words_[index].clear();
    refused_[index] = answer.code;
    return true;
}

DiagnosticsReport MeterTrack::report() const {
    DiagnosticsReport report = diagnostics_.report();
    for (std::size_t i = 0; i < refused_.size(); ++i) {
        if (refused_[i] != 0) {
            const PackBlock& block = pack_->blocks[i];
            report.refused_blocks.push_back({block.address, block.count, refused_[i]});
        }
    }
    return report;
}

ReadError MeterTrack::note_reply(const WireReply& reply, Instant now) {
    if (reply.outcome == WireOutcome::kReply) {
        spoke_ = true;
        mute_cycles_ = 0;
    }
    return diagnostics_.add_reply(reply, now);
}

std::optional<MeterValues> MeterTrack::decode_blocks(Instant read_time) const {
    return decode(*pack_, std::max(config_.ct_ratio, 1), words_, read_time);
}

ReadingFault MeterTrack::accept(const MeterValues& values, Instant now, Instant slot,
                                ReadingSource source, LineBatch& batch, bool is_time_known) {
    answered_ = true;
    missed_cycles_ = 0;
    retry_at_ = {};
    memory_.latest = values;
    memory_.late = after_reading(memory_.late, now);
    set_state(true, values.relay == RelayState::kUnknown ? memory_.relay : values.relay, now,
              batch);
    if (!is_time_known) {
        return ReadingFault::kClockInDoubt;
    }
    const Continuation judged =
        continue_register({memory_.base, config_.register_epoch, memory_.suspicion, memory_.changed,
                           memory_.quarantined},
                          values.register_total, values.read_time, now, limits_);
    const Verdict& verdict = judged.verdict;
    if (verdict.fault != ReadingFault::kNone) {
        diagnostics_.add_error(fault_reason(verdict.fault), fault_message(verdict.fault), now);
        reject(judged, values, batch);
    } else {
        reported_fault_ = ReadingFault::kNone;
        append_readings(verdict, values, slot, source, batch);
        config_.register_epoch = verdict.epoch;
        memory_.base = judged.next.base;
    }
    memory_.suspicion = judged.next.suspicion;
    memory_.changed = judged.next.changed;
    memory_.quarantined = judged.next.quarantined;
    return verdict.fault;
}

// The same trouble in every sweep is one anomaly, until a good reading ends it. In quarantine the
// record follows what the meter shows.
void MeterTrack::reject(const Continuation& judged, const MeterValues& values, LineBatch& batch) {
    if (memory_.quarantined) {
        const bool fits = judged.verdict.fault == ReadingFault::kQuarantined;
        const bool refused = judged.next.suspicion != memory_.suspicion;
        const bool jumped = fits != sight_fits_ || (refused && judged.next.suspicion &&
                                                    judged.next.suspicion->chain_count == 1);
        if ((fits || refused) && (jumped || values.read_time - sight_time_ >= kSightPeriod)) {
            batch.sights.push_back(
                {config_.meter_id, values.register_total, values.read_time, fits});
            sight_time_ = values.read_time;
            sight_fits_ = fits;
        }
        return;
    }
    const ReadingFault fault = judged.verdict.fault;
    if (fault == reported_fault_ && !judged.quarantine_begins) {
        return;
    }
    reported_fault_ = fault;
    sight_time_ = values.read_time;
    sight_fits_ = false;
    RejectedReading rejected;
    rejected.meter_id = config_.meter_id;
    rejected.reason = fault_reason(fault);
    rejected.register_total = values.register_total;
    rejected.read_time = values.read_time;
    if (memory_.base) {
        rejected.previous_total = memory_.base->total;
        rejected.previous_read_time = memory_.base->read_time;
    }
    rejected.quarantine = judged.quarantine_begins;
    rejected.after_change = memory_.changed;
    rejected.frames = diagnostics_.last_frames(pack_->blocks.size());
    batch.rejected.push_back(std::move(rejected));
}

void MeterTrack::leave_quarantine(const std::optional<ReadingBase>& base,
                                  const std::optional<Suspicion>& discarded) {
    if (!memory_.quarantined) {
        return;  // Told before.
    }
    memory_.quarantined = false;
    memory_.changed = false;
    memory_.suspicion = discarded;
    reported_fault_ = ReadingFault::kNone;
    if (base) {
        memory_.base = base;
        config_.register_epoch = base->epoch;
    }
}

void MeterTrack::append_readings(const Verdict& verdict, const MeterValues& values, Instant slot,
                                 ReadingSource source, LineBatch& batch) {
    if (slot <= memory_.last_slot && !verdict.rollover_time) {
        slot = memory_.last_slot;  // A clock set back never goes behind what is stored.
    } else {
        // The closing reading of an epoch is a slot of its own: billing takes a later revision of
        // a slot for one it knows, and the energy up to the limit would be lost.
        slot = std::max(slot, memory_.last_slot + Duration(1));
        memory_.last_slot = slot;
        memory_.last_revision = -1;
    }
    Reading reading;
    reading.meter_no = config_.meter_no;
    reading.meter_id = config_.meter_id;
    reading.resource = config_.resource;
    reading.slot_time = slot;
    reading.source = source;
    const auto append = [&](RegisterTotal total, int epoch, Instant read_time) {
        reading.revision = ++memory_.last_revision;
        reading.register_total = total;
        reading.register_epoch = epoch;
        reading.read_time = read_time;
        batch.readings.push_back(reading);
    };
    if (verdict.rollover_time) {
        append(RegisterTotal::from_base_units(limits_.register_limit), verdict.epoch - 1,
               *verdict.rollover_time);
        append(RegisterTotal(), verdict.epoch, *verdict.rollover_time);
    }
    reading.values = values;
    append(values.register_total, verdict.epoch, values.read_time);
}

void MeterTrack::set_state(bool online, RelayState relay, Instant now, LineBatch& batch) {
    const MeterHolds holds =
        online && !switching_ ? observe_relay(memory_.holds, relay, memory_.late) : memory_.holds;
    if (online == memory_.online && relay == memory_.relay && holds == memory_.holds) {
        return;
    }
    memory_.online = online;
    memory_.relay = relay;
    memory_.holds = holds;
    ++memory_.state_revision;
    batch.state_changes.push_back(state_now(now));
}

MeterStateChange MeterTrack::state_now(Instant now) const {
    return {config_.meter_no,       config_.meter_id,    memory_.online,   memory_.relay, now,
            memory_.state_revision, config_.driver_pack, config_.resource, memory_.holds};
}

MeterStateChange MeterTrack::change_holds(const MeterHolds& holds, Instant now) const {
    MeterStateChange change = state_now(now);
    change.holds = holds;
    ++change.revision;
    return change;
}

void MeterTrack::take_holds(const MeterStateChange& change) {
    memory_.holds = change.holds;
    memory_.state_revision = change.revision;
}

void MeterTrack::advance_base(const ReadingBase& base) {
    if (!memory_.base || memory_.base->read_time < base.read_time) {
        memory_.base = base;
        config_.register_epoch = std::max(config_.register_epoch, base.epoch);
        // An import's slot is its time: a live reading of the same slot is its next revision.
        if (base.read_time > memory_.last_slot) {
            memory_.last_slot = base.read_time;
            memory_.last_revision = 0;
        }
    }
}

bool MeterTrack::begin_cycle(std::chrono::steady_clock::time_point now) {
    asked_ = config_.enabled && now >= retry_at_;
    return asked_;
}

void MeterTrack::end_cycle(std::chrono::steady_clock::time_point now, Instant wall_now,
                           std::chrono::milliseconds interval, LineBatch& batch) {
    ++sweep_count_;
    mute_cycles_ = spoke_ || !asked_ ? mute_cycles_ : mute_cycles_ + 1;
    spoke_ = false;
    if (answered_ || !config_.enabled) {
        answered_ = false;
        return;
    }
    ++missed_cycles_;
    if (missed_cycles_ < kOfflineAfter) {
        return;
    }
    set_state(false, memory_.relay, wall_now, batch);
    if (asked_) {
        const int doubling = std::min(missed_cycles_ - kOfflineAfter + 1, 5);
        retry_at_ = now + std::min(interval * (1 << doubling), kBackoffMax);
    }
}

}  // namespace prepay::metering
