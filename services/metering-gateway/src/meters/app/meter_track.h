#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "devices/domain/driver_pack.h"
#include "holds/domain/holds.h"
#include "holds/domain/meter_state.h"
#include "meters/app/meter_diagnostics.h"
#include "readings/domain/continuity.h"
#include "readings/domain/plausibility.h"
#include "readings/ports.h"
#include "transports/ports.h"

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
    std::optional<Suspicion> suspicion;
    bool changed = false;      ///< What its register means was changed since the base.
    bool quarantined = false;  ///< Its register waits for a person's decision.
    MeterHolds holds;
    std::optional<LateOrder> late;  ///< An order of ours that may still take effect.
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
    /// Not even an exception came for so many cycles.
    [[nodiscard]] bool is_mute() const { return mute_cycles_ >= kOfflineAfter; }
    [[nodiscard]] const MeterDiagnostics& diagnostics() const { return diagnostics_; }
    [[nodiscard]] MeterDiagnostics& diagnostics() { return diagnostics_; }
    [[nodiscard]] DiagnosticsReport report() const;
    /// The meter said something, good or not.
    ReadError note_reply(const WireReply& reply, Instant now);

    /// Takes new settings; a raised epoch drops the base. Another unit, serial number, pack or CT
    /// ratio makes the next register one that must prove itself.
    void reconfigure(MeterConfig config, std::shared_ptr<const DriverPack> pack,
                     const PlausibilityLimits& settings);

    /// The first block of the pack's plan at or behind index `from` that is to be read in this
    /// sweep. `all` for reads on demand.
    [[nodiscard]] std::optional<std::size_t> next_block(std::size_t from, bool all) const;
    /// The requests that read a block or registers of its own choice, and that write an order.
    [[nodiscard]] Request read_request(const PackBlock& block) const;
    [[nodiscard]] Request read_request(const PackReadBack& expected) const;
    [[nodiscard]] Request order_request(const PackCommand& order) const;
    /// Takes a block's answer: its words, or that the meter has no such registers, which leaves the
    /// block out from then on. False when the read cannot go on.
    [[nodiscard]] bool take_block(std::size_t index, Answer& answer);
    /// Decodes the blocks read so far.
    [[nodiscard]] std::optional<MeterValues> decode_blocks(Instant read_time) const;

    /// Judges values, and appends the reading (or its rejection) and any change of state to
    /// `batch`. Returns the fault. While the time is in doubt nothing is judged or taken.
    ReadingFault accept(const MeterValues& values, Instant now, Instant slot, ReadingSource source,
                        LineBatch& batch, bool is_time_known = true);

    /// The line's address was changed: the next register must prove itself.
    void doubt() { memory_.changed = true; }
    /// A person decided: goes on from `base` if there is a new one.
    void leave_quarantine(const std::optional<ReadingBase>& base,
                          const std::optional<Suspicion>& discarded);
    /// While an order for the meter is under way its contact says nothing about foreign hands.
    void set_switching(bool switching) { switching_ = switching; }
    [[nodiscard]] bool is_switching() const { return switching_; }
    /// The change that an order's end is stored with; taken over by `take_holds` once it is stored.
    [[nodiscard]] MeterStateChange change_holds(const MeterHolds& holds, Instant now) const;
    void take_holds(const MeterStateChange& change);
    /// Remembers an order whose effect may still come.
    void expect_late(const LateOrder& late) { memory_.late = late; }

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
    /// How often the record of a quarantine is told what the meter shows.
    static constexpr std::chrono::minutes kSightPeriod{15};

private:
    void reject(const Continuation& judged, const MeterValues& values, LineBatch& batch);
    void append_readings(const Verdict& verdict, const MeterValues& values, Instant slot,
                         ReadingSource source, LineBatch& batch);
    void set_state(bool online, RelayState relay, Instant now, LineBatch& batch);
    [[nodiscard]] MeterStateChange state_now(Instant now) const;

    MeterConfig config_;
    std::shared_ptr<const DriverPack> pack_;
    PlausibilityLimits limits_;
    MeterMemory memory_;
    BlockWords words_;
    std::vector<int> refused_;  ///< Code of the refusal by block, 0 = not refused.
    MeterDiagnostics diagnostics_;
    std::uint64_t sweep_count_ = 0;
    bool switching_ = false;
    bool asked_ = false;    ///< In the current cycle.
    bool answered_ = true;  ///< In the current cycle; the first cycle has not begun.
    bool spoke_ = true;     ///< In the current cycle, if only to refuse.
    int missed_cycles_ = 0;
    int mute_cycles_ = 0;
    Instant sight_time_{};
    bool sight_fits_ = false;
    std::chrono::steady_clock::time_point retry_at_{};
    ReadingFault reported_fault_ = ReadingFault::kNone;
};

}  // namespace prepay::metering
