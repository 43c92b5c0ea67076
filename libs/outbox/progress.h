#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace prepay::outbox {

/// When waiting work counts as standing still.
struct ProgressOptions {
    std::chrono::milliseconds ask_interval{5'000};    ///< Between two questions to the owners.
    std::chrono::milliseconds grace{5'000};           ///< Then the missing tail is fetched.
    std::chrono::milliseconds stalled_after{15'000};  ///< Then not ready, and a new client.
    std::chrono::milliseconds end_after{180'000};     ///< Then the process ends; 0 = never.
};

/// Judges whether a consumer gets on, by its positions against its owners' high-water marks. Pure:
/// time is given; time in which nobody looked (a stopped process) does not count.
class Progress {
public:
    using Time = std::chrono::steady_clock::time_point;
    using Place = std::pair<std::string, int>;  ///< Topic and partition.

    struct Seen {
        std::int64_t position = 0;  ///< Last sequence applied.
        std::int64_t published =
            0;                      ///< Last sequence that the broker acknowledged; -1 = as before.
        std::int64_t numbered = 0;  ///< Last sequence that the owner gave; -1 = as before.
        bool ours = true;           ///< This process reads it, or nobody that it knows of.
        bool busy = false;          ///< A snapshot is being applied: that is progress.
        bool went_back = false;     ///< Noted before, or the owner is another one than before.
    };
    struct Stall {
        Place place;
        Seen seen;
        std::chrono::milliseconds time{0};
    };

    explicit Progress(ProgressOptions options) : options_(options) {}

    /// One look at everything that is known.
    void look(const std::map<Place, Seen>& places, Time now);

    /// Where messages have been missing for longer than the grace, with the last one published.
    [[nodiscard]] std::vector<std::pair<Place, std::int64_t>> tails() const;
    /// The longest standstill of ours; its time is 0 when everything moves.
    [[nodiscard]] Stall worst() const;
    [[nodiscard]] bool is_stalled() const;
    /// True at once, then after growing pauses: joining a group takes its time.
    [[nodiscard]] bool is_rebuild_due() const { return rebuild_due_; }
    [[nodiscard]] bool is_hopeless() const;
    /// Places of owners whose sequences ended below what was applied, for longer than the stalled
    /// time, or who have another outbox than before. Empty when all is well.
    [[nodiscard]] std::vector<Place> places_back() const;

    [[nodiscard]] std::int64_t lag() const;
    /// Age of the oldest message that waits, as far as it was seen.
    [[nodiscard]] std::chrono::milliseconds lag_age() const;

private:
    struct Watched {
        Seen seen;
        std::chrono::milliseconds waited{0};  // Behind, without a step.
        std::chrono::milliseconds ahead{0};   // Beyond what the owner gave.
        std::int64_t target = 0;              // Published when the age began.
        std::chrono::milliseconds age{0};
    };

    ProgressOptions options_;
    std::map<Place, Watched> watched_;
    Time last_look_{};
    std::chrono::milliseconds since_rebuild_{0};
    std::chrono::milliseconds rebuild_pause_{0};
    bool rebuild_due_ = false;
};

}  // namespace prepay::outbox
