#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace prepay::metering {

/// When reading counts as standing still.
struct ReadingProgressOptions {
    std::chrono::milliseconds look_interval{2'000};
    std::chrono::milliseconds stalled_after{60'000};  ///< Then not ready.
    std::chrono::milliseconds end_after{180'000};     ///< Then the process ends; 0 = never.
};

/// Judges whether an enabled line is read, and what was read is stored. An attempt is progress
/// whatever comes of it: meters that do not answer are no fault of this process. Pure: time is
/// given; time in which nobody looked (a stopped process) does not count.
class ReadingProgress {
public:
    using Time = std::chrono::steady_clock::time_point;
    using Span = std::chrono::milliseconds;

    /// An enabled line that works, and the time of its next attempt, or of its last one while more
    /// are to follow at once.
    struct Line {
        std::string line_id;
        Time due;
    };
    struct Late {
        std::string line_id;  ///< The one that stands longest; empty = none does.
        Span time{0};
    };

    explicit ReadingProgress(ReadingProgressOptions options) : options_(options) {}

    /// One look at all lines; `spooled` = when the oldest reading that waits was read.
    void look(const std::vector<Line>& lines, std::optional<Time> spooled, Time now);

    [[nodiscard]] const Late& late() const { return late_; }
    /// For how long the oldest reading has waited for the store without a step.
    [[nodiscard]] Span spool_time() const { return spool_.time; }
    [[nodiscard]] bool is_reading_stalled() const { return late_.time >= options_.stalled_after; }
    [[nodiscard]] bool is_storing_stalled() const { return spool_.time >= options_.stalled_after; }
    /// A line stands that a new process would read. Stores are PostgreSQL's: no reason to end.
    [[nodiscard]] bool is_hopeless() const {
        return options_.end_after.count() > 0 && late_.time >= options_.end_after;
    }

private:
    struct Watched {
        Time due;
        Span time{0};
    };
    void count(Watched& watched, Time due, bool is_late, Span passed) const;

    ReadingProgressOptions options_;
    std::map<std::string, Watched> lines_;
    Watched spool_;
    Late late_;
    Time last_look_{};
};

}  // namespace prepay::metering
