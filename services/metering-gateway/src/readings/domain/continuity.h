#pragma once

#include <optional>
#include <vector>

#include "readings/domain/plausibility.h"

namespace prepay::metering {

/// Registers in a row that do not continue the last good one.
struct Suspicion {
    RegisterTotal total;  ///< The latest of them.
    Instant read_time{};
    int chain_count = 0;    ///< So many, up to the latest, continue each other.
    int refused_count = 0;  ///< So many in all.
    bool operator==(const Suspicion&) const = default;
};

/// What is known of a meter's register before it is read again.
struct RegisterState {
    std::optional<ReadingBase> base;
    int epoch = 0;
    std::optional<Suspicion> suspicion;
    bool changed = false;      ///< Address, unit, serial number, pack or CT ratio, since the base.
    bool quarantined = false;  ///< Until a person decides.
};

/// So many registers that continue each other, and not the base, are another truth.
constexpr int kChainMax = 3;
/// So many registers in a row that fit nothing are no glitch.
constexpr int kRefusedMax = 10;
/// A change of the meter explains no longer gap than this.
constexpr Duration kChangeGapMax{std::chrono::hours(24)};

struct Continuation {
    Verdict verdict;  ///< Without a fault: the reading is taken and becomes the base.
    RegisterState next;
    bool quarantine_begins = false;
};

/// Judges the next register of a live reading. What takes none becomes no base:
///  - A register that continues the base is taken, and ends any suspicion.
///  - One that does not is refused. The next one that continues the base heals it: a single wrong
///    value costs nothing. One that continues the *refused* one is refused as well, however much
///    time has passed since the base: waiting makes nothing true.
///  - kChainMax refused registers that continue each other, or kRefusedMax in a row, put the meter
///    into quarantine; after a change of the meter the first one does.
///  - In quarantine nothing is taken: kQuarantined says that the register would have healed.
/// "No value" patterns (negative, above the limit), a zero and wrong times are refused and say
/// nothing about the register.
Continuation continue_register(const RegisterState& state, RegisterTotal total, Instant read_time,
                               Instant now, const PlausibilityLimits& limits);

enum class QuarantineDecision { kAccept, kNewEpoch, kDiscard };

enum class DecisionFault {
    kNone,
    kBelowPrevious,  ///< ACCEPT: a register below the last good one is no consumption.
    kBadOpening,     ///< NEW_EPOCH: the opening register is negative or above the register seen.
    kBadClosing,     ///< NEW_EPOCH: the closing register is below the last good one, or too high.
};

/// A register that a decision makes a reading.
struct DecidedRegister {
    int epoch = 0;
    RegisterTotal total;
};

/// What a decision makes of a register `seen` in quarantine: the readings to store, in their order.
struct Decided {
    DecisionFault fault = DecisionFault::kNone;
    std::vector<DecidedRegister> registers;
};
Decided decide_quarantine(QuarantineDecision decision, const ReadingBase& base, int epoch,
                          RegisterTotal seen, std::optional<RegisterTotal> opening,
                          std::optional<RegisterTotal> closing, std::int64_t register_limit);

/// The suspicion that is left after DISCARD: the discarded register must not come back unseen.
Suspicion suspicion_of_discarded(RegisterTotal seen, Instant read_time);

const char* decision_text(QuarantineDecision decision);
std::optional<QuarantineDecision> decision_from_text(const std::string& text);

}  // namespace prepay::metering
