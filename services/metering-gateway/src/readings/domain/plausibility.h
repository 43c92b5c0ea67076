#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/time.h"
#include "quantity/quantity.h"

namespace prepay::metering {

/// Why a reading is not allowed to become a base.
enum class ReadingFault {
    kNone,
    kRegisterDip,       ///< REGISTER_DIP: below the last one and no rollover.
    kTooFast,           ///< TOO_FAST: more than rated power or flow × time × margin.
    kFutureTime,        ///< FUTURE_TIME: later than the clock allows.
    kTooOld,            ///< TOO_OLD: before the time history is taken from.
    kNotInOrder,        ///< NOT_IN_ORDER: read before the last one, live readings only.
    kNegativeRegister,  ///< NEGATIVE_REGISTER
    kOverLimit,         ///< OVER_LIMIT: the register cannot show this much.
    kValueConflict,     ///< VALUE_CONFLICT: the same time has another value already.
    kUnknownMeter,      ///< UNKNOWN_METER, imports only.
    kQuarantined,       ///< QUARANTINED: its meter's register waits for a person's decision.
    kClockInDoubt,      ///< CLOCK_IN_DOUBT: nobody knows the time of the reading.
};
const char* fault_reason(ReadingFault fault);
/// A sentence for people.
const char* fault_message(ReadingFault fault);

/// What a meter can physically do, and how much doubt is allowed.
struct PlausibilityLimits {
    std::int64_t max_per_hour = 0;    ///< Most Wh or mL in an hour, CT included.
    std::int64_t resolution = 1;      ///< Wh or mL per register step, CT included.
    std::int64_t register_limit = 0;  ///< Wh or mL at which the register starts again, CT included.
    int margin_percent = 150;         ///< Of max_per_hour × time.
    /// The longest outage that a live reading may explain: time beyond it gives no more room.
    Duration gap_max{std::chrono::hours(24 * 31)};
    Duration future_max{std::chrono::seconds(120)};
    Duration age_max{std::chrono::hours(24 * 7305)};
};

/// The last reading that was taken: what the next one is compared with.
struct ReadingBase {
    Instant read_time{};
    RegisterTotal total;
    int epoch = 0;
};

/// What becomes of a candidate.
struct Verdict {
    ReadingFault fault = ReadingFault::kNone;
    int epoch = 0;
    /// Set when the register went over its limit: the estimated moment. The old epoch is then
    /// closed with `register_limit` and the new one opened with 0 at that moment, so that the
    /// energy of the interval is kept.
    std::optional<Instant> rollover_time;
};

/// Judges a live reading. Pure; the result does not depend on anything but the arguments.
/// `epoch` is the meter's current epoch; a base of an older epoch (swap) is not compared with.
Verdict judge(const std::optional<ReadingBase>& base, int epoch, RegisterTotal total,
              Instant read_time, Instant now, const PlausibilityLimits& limits);

/// Whether so much energy can flow in the time given.
bool is_reachable(std::int64_t energy, Duration elapsed, const PlausibilityLimits& limits);

/// One row of an import, of one meter.
struct ImportCandidate {
    std::size_t index = 0;  ///< In the request.
    Instant read_time{};
    RegisterTotal total;
};

struct ImportVerdict {
    std::size_t index = 0;
    ReadingFault fault = ReadingFault::kNone;
    bool duplicate = false;  ///< Stored before with the same value.
    int epoch = 0;
};

/// Judges rows of one meter against the stored readings around them (ascending by time) and each
/// other: a row must fit between its neighbours in time. `epoch` is for a meter without readings.
/// The answer has one verdict per candidate, in the candidates' order.
std::vector<ImportVerdict> judge_import(std::vector<ReadingBase> stored,
                                        const std::vector<ImportCandidate>& candidates, int epoch,
                                        Instant now, const PlausibilityLimits& limits);

}  // namespace prepay::metering
