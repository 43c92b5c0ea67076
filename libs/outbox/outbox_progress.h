#pragma once

#include <chrono>
#include <cstdint>

#include "outbox/progress.h"

namespace prepay::outbox {

/// Judges whether an outbox is emptied: committed messages wait, and the broker acknowledges none.
/// Whoever looks judges the outbox, so a standby is ready exactly while the leader publishes; only
/// the leader, whose task it is, tries a new client, gives the lead away or ends. Pure: time is
/// given; time in which nobody looked (a stopped process) does not count, nor does time in which
/// the broker is away: that is no fault of any process, and a new one would wait as well.
class OutboxProgress {
public:
    using Time = Progress::Time;

    struct Seen {
        std::int64_t waiting = 0;    ///< Committed and not acknowledged.
        std::int64_t published = 0;  ///< Acknowledged so far; what grows is progress.
        bool leads = false;          ///< It is for this process to publish.
        bool broker_away = false;    ///< The broker answers nobody here.
        bool hindered = false;       ///< By the database: an older transaction, or its refusal.
    };

    explicit OutboxProgress(ProgressOptions options) : options_(options) {}

    /// One look at everything that is known.
    void look(const Seen& seen, Time now);

    /// For how long none of what waits was acknowledged.
    [[nodiscard]] std::chrono::milliseconds waited() const { return waited_; }
    /// Long enough to ask the broker whether it is there at all.
    [[nodiscard]] bool is_doubtful() const { return waited_ >= options_.grace; }
    [[nodiscard]] bool is_stalled() const { return waited_ >= options_.stalled_after; }
    /// Once a standstill, at the look that finds it.
    [[nodiscard]] bool is_rebuild_due() const { return rebuild_due_; }
    /// This leader hears nothing of the broker: another replica may. Again and again while it
    /// lasts.
    [[nodiscard]] bool is_lead_to_be_given_up() const { return give_lead_up_; }
    /// This process has tried for long enough, also with a new client, and nothing is in its way.
    [[nodiscard]] bool is_hopeless() const;

private:
    ProgressOptions options_;
    Seen seen_;
    Time last_look_{};
    std::chrono::milliseconds waited_{0};
    std::chrono::milliseconds tried_{0};    // As leader, with nothing in the way.
    std::chrono::milliseconds cut_off_{0};  // As leader, without the broker.
    bool rebuilt_ = false;                  // In this standstill.
    bool rebuild_due_ = false;
    bool give_lead_up_ = false;
};

}  // namespace prepay::outbox
