#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <optional>

#include "core/status.h"
#include "core/time.h"

namespace prepay {

/// What PostgreSQL's clock says, and whether it is another machine's.
struct DatabaseTime {
    Instant time{};
    bool is_elsewhere = false;
};

/// What the clocks say that a service can ask.
struct ClockFacts {
    Instant anchored{};  ///< What it went by so far.
    Instant machine{};   ///< The machine's wall clock.
    std::optional<DatabaseTime> database;
    bool was_confirmed = false;  ///< The database agreed with the anchored time before.
};

enum class ClockVerdict {
    kRight,   ///< The clocks agree.
    kFollow,  ///< The machine's clock was set right: go by it.
    kKeep,   ///< The machine's clock is wrong, two others know the time: go on by the anchored one.
    kDoubt,  ///< Nobody knows. What depends on the time waits.
};

/// A difference above it between the wall clock and the anchored time is a step.
constexpr Duration kClockStep{std::chrono::seconds(2)};
/// What a correction of the same machine's clock explains.
constexpr Duration kCorrectionMax{std::chrono::minutes(10)};
/// How far the clocks of two machines may be apart.
constexpr Duration kClockSkewMax{std::chrono::seconds(30)};

/// Which clock to go by. Pure. A database on the same machine has the same wall clock: that it
/// agrees with a step says nothing, so only a small one is followed.
ClockVerdict judge_clocks(const ClockFacts& facts);

/// Time that does not jump: the wall clock as it was when last known to be right, plus what has
/// passed since by a clock that nobody sets and that counts a sleeping machine's time too. A step
/// of the wall clock is noticed by the next `now()`; the time is then in doubt until `check()`
/// knows better. Thread-safe.
class AnchoredClock final : public Clock {
public:
    /// Anchors at once. `uptime` counts from any start and is never set.
    explicit AnchoredClock(const Clock& machine, std::function<Duration()> uptime = machine_uptime);

    [[nodiscard]] Instant now() const override;
    [[nodiscard]] std::chrono::steady_clock::time_point steady() const override;

    /// Compares the clocks, goes by the right one, and says which.
    ClockVerdict check(const std::optional<DatabaseTime>& database);
    [[nodiscard]] bool is_in_doubt() const { return in_doubt_; }
    /// By how much the wall clock is ahead of the time gone by.
    [[nodiscard]] Duration step() const;

    static Duration machine_uptime();

private:
    const Clock& machine_;
    const std::function<Duration()> uptime_;
    std::atomic<std::int64_t> anchor_us_;  ///< Wall time at uptime 0.
    mutable std::atomic<bool> in_doubt_{false};
    std::atomic<bool> is_kept_{false};
    std::mutex mutex_;
    bool was_confirmed_ = false;
};

/// Whether a clock is an AnchoredClock that does not know the time now. Who decides something by
/// the time asks first.
bool is_in_doubt(const Clock& clock);
/// UNAVAILABLE / CLOCK_IN_DOUBT while it is, for whoever asked for such a decision.
Status check_time_known(const Clock& clock);

}  // namespace prepay
