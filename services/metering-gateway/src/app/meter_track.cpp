#include "app/meter_track.h"

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

MeterTrack::MeterTrack(MeterConfig config, std::shared_ptr<const DriverPack> pack,
                       const PlausibilityLimits& settings, const MeterMemory& memory)
    : config_(std::move(config)),
      pack_(std::move(pack)),
      limits_(limits_of(config_, *pack_, settings)),
      memory_(memory),
      words_(pack_->blocks.size()) {
    if (memory_.base) {
        config_.register_epoch = std::max(config_.register_epoch, memory_.base->epoch);
    }
}

void MeterTrack::reconfigure(MeterConfig config, std::shared_ptr<const DriverPack> pack,
                             const PlausibilityLimits& settings) {
    const int epoch = std::max(config.register_epoch, config_.register_epoch);
    config_ = std::move(config);
    config_.register_epoch = epoch;
    pack_ = std::move(pack);
    limits_ = limits_of(config_, *pack_, settings);
    words_.assign(pack_->blocks.size(), {});
    missed_cycles_ = 0;
    retry_at_ = {};
}

std::optional<std::size_t> MeterTrack::next_block(std::size_t from, bool all) const {
    for (std::size_t i = from; i < pack_->blocks.size(); ++i) {
        const auto every = static_cast<std::uint64_t>(pack_->blocks[i].every);
        if (all || words_[i].empty() ||
            (sweep_count_ + static_cast<std::uint64_t>(config_.unit_id)) % every == 0) {
            return i;
        }
    }
    return std::nullopt;
}

void MeterTrack::set_block(std::size_t index, std::vector<std::uint16_t> words) {
    words_[index] = std::move(words);
}

std::optional<MeterValues> MeterTrack::decode_blocks(Instant read_time) const {
    return decode(*pack_, std::max(config_.ct_ratio, 1), words_, read_time);
}

ReadingFault MeterTrack::accept(const MeterValues& values, Instant now, Instant slot,
                                ReadingSource source, LineBatch& batch) {
    answered_ = true;
    missed_cycles_ = 0;
    retry_at_ = {};
    memory_.latest = values;
    set_state(true, values.relay == RelayState::kUnknown ? memory_.relay : values.relay, now,
              batch);
    const Verdict verdict = judge(memory_.base, config_.register_epoch, values.register_total,
                                  values.read_time, now, limits_);
    if (verdict.fault != ReadingFault::kNone) {
        // The same trouble in every sweep is one anomaly, until a good reading ends it.
        if (verdict.fault != reported_fault_) {
            batch.rejected.push_back({config_.meter_id, fault_reason(verdict.fault),
                                      memory_.base ? memory_.base->total : RegisterTotal(),
                                      values.register_total, values.read_time});
            reported_fault_ = verdict.fault;
        }
        return verdict.fault;
    }
    reported_fault_ = ReadingFault::kNone;
    append_readings(verdict, values, slot, source, batch);
    config_.register_epoch = verdict.epoch;
    memory_.base = ReadingBase{values.read_time, values.register_total, verdict.epoch};
    return ReadingFault::kNone;
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
        append(RegisterTotal::from_wh(limits_.register_limit), verdict.epoch - 1,
               *verdict.rollover_time);
        append(RegisterTotal(), verdict.epoch, *verdict.rollover_time);
    }
    reading.values = values;
    append(values.register_total, verdict.epoch, values.read_time);
}

void MeterTrack::set_state(bool online, RelayState relay, Instant now, LineBatch& batch) {
    if (online == memory_.online && relay == memory_.relay) {
        return;
    }
    memory_.online = online;
    memory_.relay = relay;
    ++memory_.state_revision;
    batch.state_changes.push_back({config_.meter_no, config_.meter_id, online, relay, now,
                                   memory_.state_revision, config_.driver_pack, config_.resource});
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
