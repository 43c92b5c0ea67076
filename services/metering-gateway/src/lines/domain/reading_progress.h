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

/// Judges whether enabled lines go on, and what was read is stored. An attempt is progress
/// whatever comes of it: meters that do not answer are no fault of this process, and orders may go
/// before reads for long. Pure: time is given. Time in which nobody looked (a stopped process) or
/// the store was away (a check of its own) does not count.
class ReadingProgress {
public:
    using Time = std::chrono::steady_clock::time_point;
    using Span = std::chrono::milliseconds;

    /// An enabled line, and when its next read is due or, if later, when it did something last.
    struct Line {
        std::string line_id;
        Time due;
    };
    struct Late {
        std::string line_id;  ///< The one that stands longest; empty = none does.
        Span time{0};
    };

    explicit ReadingProgress(ReadingProgressOptions options) : options_(options) {}

    /// One look at all lines; `last_stored` = when the store took something last (zero = not yet),
    /// none when nothing waits for it.
    void look(const std::vector<Line>& lines, std::optional<Time> last_stored, bool is_store_up,
              Time now);

    [[nodiscard]] const Late& late() const { return late_; }
    /// For how long readings have waited and the store took none.
    [[nodiscard]] Span storing_time() const { return store_.time; }
    [[nodiscard]] bool is_reading_stalled() const { return late_.time >= options_.stalled_after; }
    [[nodiscard]] bool is_storing_stalled() const { return store_.time >= options_.stalled_after; }
    /// A line stands that a new process would read. A new one would store no better: no reason.
    [[nodiscard]] bool is_hopeless() const {
        return options_.end_after.count() > 0 && late_.time >= options_.end_after;
    }

private:
    struct Watched {
        Time step;
        Span time{0};
    };
    static void count(Watched& watched, Time step, bool is_late, Span passed);

    ReadingProgressOptions options_;
    std::map<std::string, Watched> lines_;
    Watched store_;
    Late late_;
    Time last_look_{};
};

}  // namespace prepay::metering
