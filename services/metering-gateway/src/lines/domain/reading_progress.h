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
    /// Nothing at all goes on: then the process ends; 0 = never.
    std::chrono::milliseconds end_after{180'000};
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

    /// What one look shows. When something was done last is zero while nothing was.
    struct Seen {
        std::vector<Line> lines;
        std::optional<Time> last_stored;  ///< By the store; none when nothing waits for it.
        Time last_call{};  ///< One that may block (name service, account, PostgreSQL) ended.
        bool is_store_up = true;
    };
    void look(const Seen& seen, Time now);

    [[nodiscard]] const Late& late() const { return late_; }
    /// For how long readings have waited and the store took none.
    [[nodiscard]] Span storing_time() const { return store_.time; }
    [[nodiscard]] bool is_reading_stalled() const { return late_.time >= options_.stalled_after; }
    [[nodiscard]] bool is_storing_stalled() const { return store_.time >= options_.stalled_after; }
    /// A line stands and nothing else goes on either: neither another line nor a call, and many
    /// lines may wait for slow calls. A new process would store no better: that is no reason.
    [[nodiscard]] bool is_hopeless() const {
        return options_.end_after.count() > 0 && is_reading_stalled() &&
               standstill_ >= options_.end_after;
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
    Time last_call_{};
    Span standstill_{0};  ///< Of everything.
    Late late_;
    Time last_look_{};
};

}  // namespace prepay::metering
