#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/status.h"
#include "core/time.h"

namespace prepay::simulator {

/// The park's local time is UTC+8 all year (Asia/Shanghai has no daylight saving).
inline constexpr std::chrono::hours kLocalOffset{8};

/// Loads and rates are constant within a step of this length, aligned to the hour.
inline constexpr std::chrono::minutes kLoadStep{5};

/// Rate codes of the built-in period table.
inline constexpr int kSharp = 1;
inline constexpr int kPeak = 2;
inline constexpr int kFlat = 3;
inline constexpr int kValley = 4;
inline constexpr int kRateCount = 4;

/// A slot of the built-in period table: the rate that starts at the hour.
struct RateSlot {
    int hour;
    int rate;
};

/// The periods of every day, ascending from 0 h.
const std::vector<RateSlot>& rate_slots();

/// Rate in force.
int rate_at(Instant time);

/// The next border of a load step after `time`.
Instant next_load_step(Instant time);

/// A course of power over local time. Immutable, shared by meters, thread-safe.
class LoadProfile {
public:
    /// "dormitory", "office", "shop", "workshop", "tap" (a household's water in mL/h) or the path
    /// of a CSV (line 1 `hour,watts`, then hours 0, 1, 2 … of the day, or of the year when there
    /// are more than 24). Reason BAD_PROFILE, with file:line.
    static Result<std::shared_ptr<const LoadProfile>> load(const std::string& name_or_path);

    /// Watts at a time. Built-in profiles vary by meter (`seed`: 60–140 %) and by step (85–115 %),
    /// the same for the same seed and time; a CSV is taken as it stands.
    [[nodiscard]] std::int64_t watts(Instant time, std::uint64_t seed) const;

    [[nodiscard]] const std::string& name() const { return name_; }

private:
    std::string name_;
    std::vector<std::int64_t> hourly_w_;
    int weekend_percent_ = 100;
    bool exact_ = false;
};

/// A well-spread number from two, for everything that looks random and must repeat.
std::uint64_t mix(std::uint64_t a, std::uint64_t b);

}  // namespace prepay::simulator
