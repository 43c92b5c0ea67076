#include "core/anchored_clock.h"

#include <ctime>

namespace prepay {
namespace {

bool is_within(Instant left, Instant right, Duration most) {
    return left - right <= most && right - left <= most;
}

}  // namespace

ClockVerdict judge_clocks(const ClockFacts& facts) {
    const bool stepped = !is_within(facts.machine, facts.anchored, kClockStep);
    if (!facts.database) {
        return stepped ? ClockVerdict::kDoubt : ClockVerdict::kRight;
    }
    const Instant database = facts.database->time;
    if (!stepped) {
        if (is_within(database, facts.machine, kClockSkewMax)) {
            return ClockVerdict::kRight;
        }
        return facts.was_confirmed ? ClockVerdict::kKeep : ClockVerdict::kDoubt;
    }
    if (is_within(database, facts.anchored, kClockStep)) {
        return ClockVerdict::kKeep;
    }
    const bool counts =
        facts.database->is_elsewhere || is_within(facts.machine, facts.anchored, kCorrectionMax);
    return counts && is_within(database, facts.machine, kClockStep) ? ClockVerdict::kFollow
                                                                    : ClockVerdict::kDoubt;
}

AnchoredClock::AnchoredClock(const Clock& machine, std::function<Duration()> uptime)
    : machine_(machine),
      uptime_(std::move(uptime)),
      anchor_us_(to_micros(machine_.now() - uptime_())) {}

Instant AnchoredClock::now() const {
    const Instant anchored = from_micros(anchor_us_) + uptime_();
    if (!is_kept_ && !is_within(machine_.now(), anchored, kClockStep)) {
        in_doubt_ = true;
    }
    return anchored;
}

std::chrono::steady_clock::time_point AnchoredClock::steady() const { return machine_.steady(); }

Duration AnchoredClock::step() const {
    return machine_.now() - (from_micros(anchor_us_) + uptime_());
}

ClockVerdict AnchoredClock::check(const std::optional<DatabaseTime>& database) {
    const std::lock_guard lock(mutex_);
    ClockFacts facts;
    facts.anchored = from_micros(anchor_us_) + uptime_();
    facts.machine = machine_.now();
    facts.database = database;
    facts.was_confirmed = was_confirmed_;
    const ClockVerdict verdict = judge_clocks(facts);
    const bool agree = verdict == ClockVerdict::kRight || verdict == ClockVerdict::kFollow;
    was_confirmed_ = was_confirmed_ || (agree && database);
    // Small corrections are followed forward only: time never runs back for them.
    if (verdict == ClockVerdict::kFollow ||
        (verdict == ClockVerdict::kRight && facts.machine > facts.anchored)) {
        anchor_us_ = to_micros(from_micros(anchor_us_) + (facts.machine - facts.anchored));
    }
    is_kept_ = verdict == ClockVerdict::kKeep;
    in_doubt_ = verdict == ClockVerdict::kDoubt;
    return verdict;
}

Duration AnchoredClock::machine_uptime() {
    timespec now{};
    clock_gettime(CLOCK_BOOTTIME, &now);
    return std::chrono::seconds(now.tv_sec) +
           std::chrono::duration_cast<Duration>(std::chrono::nanoseconds(now.tv_nsec));
}

bool is_in_doubt(const Clock& clock) {
    const auto* anchored = dynamic_cast<const AnchoredClock*>(&clock);
    if (anchored == nullptr) {
        return false;
    }
    static_cast<void>(anchored->now());  // Notices a step of this moment.
    return anchored->is_in_doubt();
}

Status check_time_known(const Clock& clock) {
    return is_in_doubt(clock)
               ? unavailable("CLOCK_IN_DOUBT", "the clock was stepped; nobody knows the time")
               : absl::OkStatus();
}

}  // namespace prepay
