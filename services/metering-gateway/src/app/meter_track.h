#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "domain/driver_pack.h"
#include "domain/plausibility.h"
#include "ports.h"

namespace prepay::metering {

/// What the gateway remembers of a meter over a restart.
struct MeterMemory {
    std::optional<ReadingBase> base;
    Instant last_slot{};
    int last_revision = -1;
    bool online = false;
    RelayState relay = RelayState::kUnknown;
    std::int64_t state_revision = 0;
    std::optional<MeterValues> latest;
};

/// A meter's plausibility limits: its pack's and its own figures over the service's settings.
PlausibilityLimits limits_of(const MeterConfig& config, const DriverPack& pack,
                             const PlausibilityLimits& settings);

/// One meter as its line sees it: bases, slots and revisions, reachability and back-off. Owned by
/// the line; not thread-safe.
class MeterTrack {
public:
    MeterTrack(MeterConfig config, std::shared_ptr<const DriverPack> pack,
               const PlausibilityLimits& settings, const MeterMemory& memory);

    [[nodiscard]] const MeterConfig& config() const { return config_; }
    [[nodiscard]] const DriverPack& pack() const { return *pack_; }
    [[nodiscard]] const MeterMemory& memory() const { return memory_; }
    [[nodiscard]] bool is_degraded() const { return missed_cycles_ >= kOfflineAfter; }

    /// Takes new settings; a raised epoch drops the base.
    void reconfigure(MeterConfig config, std::shared_ptr<const DriverPack> pack,
                     const PlausibilityLimits& settings);

    /// The first block of the pack's plan at or behind index `from` that is to be read in this
    /// sweep. `all` for reads on demand.
    [[nodiscard]] std::optional<std::size_t> next_block(std::size_t from, bool all) const;
    void set_block(std::size_t index, std::vector<std::uint16_t> words);
    /// Decodes the blocks read so far.
    [[nodiscard]] std::optional<MeterValues> decode_blocks(Instant read_time) const;

    /// Judges values, and appends the reading (or its rejection) and any change of state to
    /// `batch`. Returns the fault.
    ReadingFault accept(const MeterValues& values, Instant now, Instant slot, ReadingSource source,
                        LineBatch& batch);

    /// Takes a newer base that came in by import.
    void advance_base(const ReadingBase& base);

    /// Begins a cycle: whether the meter is to be asked in it.
    [[nodiscard]] bool begin_cycle(std::chrono::steady_clock::time_point now);
    /// Ends a cycle: counts a miss unless the meter answered, appends going offline to `batch`, and
    /// sets the back-off of a silent meter.
    void end_cycle(std::chrono::steady_clock::time_point now, Instant wall_now,
                   std::chrono::milliseconds interval, LineBatch& batch);

    static constexpr int kOfflineAfter = 3;
    static constexpr std::chrono::milliseconds kBackoffMax{60'000};

private:
    void append_readings(const Verdict& verdict, const MeterValues& values, Instant slot,
                         ReadingSource source, LineBatch& batch);
    void set_state(bool online, RelayState relay, Instant now, LineBatch& batch);

    MeterConfig config_;
    std::shared_ptr<const DriverPack> pack_;
    PlausibilityLimits limits_;
    MeterMemory memory_;
    BlockWords words_;
    std::uint64_t sweep_count_ = 0;
    bool asked_ = false;    ///< In the current cycle.
    bool answered_ = true;  ///< In the current cycle; the first cycle has not begun.
    int missed_cycles_ = 0;
    std::chrono::steady_clock::time_point retry_at_{};
    ReadingFault reported_fault_ = ReadingFault::kNone;
};

}  // namespace prepay::metering
