#pragma once

#include <chrono>
#include <functional>

#include "commands/domain/order_plan.h"
#include "commands/ports.h"
#include "meters/app/latest_board.h"
#include "meters/app/meter_track.h"
#include "metrics.h"
#include "readings/ports.h"
#include "transports/app/line_wire.h"
#include "transports/ports.h"

namespace prepay::metering {

struct CommandSettings {
    int attempts_max = 3;
    /// A relay that does not show the order after this time contradicts it.
    std::chrono::milliseconds settle_time{2000};
    /// How long a user's command is read back before it is "not verified". Intents of account are
    /// read back until the meter answers: a payment must know whether the trip may be on the wire.
    std::chrono::milliseconds verify_window{30'000};
    /// Account's word counts no longer than this: older right before the wire, it is asked again.
    std::chrono::milliseconds permit_age_max{1000};
    /// How long after an order of unknown outcome an effect counts as its.
    std::chrono::milliseconds late_horizon{15 * 60'000};
};

/// How much of the relay's state a read is to bring.
enum class LookFor {
    kContact,  ///< Whether it is open; once that contradicts the order, no more is read.
    kProof,    ///< All that proves the order.
};

/// What the relay said to a read.
struct RelayLook {
    ReadBack read_back = ReadBack::kUnreadable;
    RelayState contact = RelayState::kUnknown;
};

/// A command in its line's hands.
struct CommandJob {
    enum class Phase {
        kLook,      ///< The relay is to be read before anything is decided.
        kSend,      ///< The order is to be transmitted.
        kReadBack,  ///< The relay is to be read.
        kAfter,     ///< Proven; the values afterwards are to be read.
        kPersist,   ///< Final, but PostgreSQL does not know yet.
    };
    Command command;
    Phase phase = Phase::kLook;
    std::chrono::steady_clock::time_point not_before{};
    std::chrono::steady_clock::time_point sent_at{};
    std::chrono::milliseconds backoff{0};
    bool stored = true;  ///< Its row was written; an order of the line's own has none at first.
    std::optional<std::chrono::steady_clock::time_point> permit_time;  ///< Of account's last yes.
    std::optional<OrderPlan> plan;
    std::optional<MeterHolds> holds_after;  ///< What the end of the order leaves.
    bool attempt_open = false;              ///< Numbered and recorded, not transmitted yet.
    WriteOutcome write = WriteOutcome::kUnknown;
    void add_frames(const WireReply& reply);
    std::size_t order_frame_count = 0;  ///< Frames up to the last order, its answer included.
};

/// Takes a command from its row to its proof, at most one request on the wire a step (a read-back
/// of n blocks is n requests). PostgreSQL and account are asked off the line's loop, so other lines
/// go on. Used on the line's loop only; job, meter and batch must stay until a step is over.
class CommandRunner {
public:
    CommandRunner(LineLoop& loop, LineWire& wire, const Clock& clock, CommandStore& store,
                  SwitchPermits& permits, LatestBoard& board, const GatewayMetrics& metrics,
                  CommandSettings settings);

    /// One step; true when the job is over and its row is final. `superseded`: a newer order for
    /// the same meter waits behind. Readings go to `batch`.
    Task<bool> step(CommandJob& job, MeterTrack& meter, bool superseded, LineBatch& batch);

    /// Ends a job whose deadline passed before anything was sent; true when its row is final.
    Task<bool> expire(CommandJob& job, MeterTrack* meter);
    [[nodiscard]] bool is_expired(const Command& command) const;
    /// Nothing of it was transmitted, and nothing decided that would have to be undone.
    static bool is_waiting(const CommandJob& job);

private:
    static constexpr std::chrono::milliseconds kPauseMax{2000};

    [[nodiscard]] bool is_time_unknown(const Command& command) const;
    Task<bool> send(CommandJob& job, MeterTrack& meter);
    Task<bool> store_own(CommandJob& job);
    Task<bool> look(CommandJob& job, MeterTrack& meter);
    Task<bool> ask_permit(CommandJob& job, MeterTrack& meter, bool& over);
    /// Account's question for the job, which must stay until it is answered.
    std::function<ClaimOutcome()> permit_question(const CommandJob& job);
    Task<bool> take_permit(CommandJob& job, MeterTrack& meter, ClaimOutcome outcome,
                           std::chrono::steady_clock::time_point ask_time, bool& over);
    Task<bool> begin_attempt(CommandJob& job, bool& over);
    Task<> transmit(CommandJob& job, const MeterTrack& meter);
    Task<bool> give_up_unsent(CommandJob& job, MeterTrack& meter, CommandState unsent,
                              const char* failure_reason);
    [[nodiscard]] bool is_permitted(const CommandJob& job) const;
    Task<bool> read_back(CommandJob& job, MeterTrack& meter, bool superseded);
    Task<bool> read_after(CommandJob& job, MeterTrack& meter, LineBatch& batch);
    std::optional<MeterValues> accept(MeterTrack& meter, LineBatch& batch);
    Task<RelayLook> read_relay(CommandJob& job, const MeterTrack& meter, LookFor purpose);
    Task<bool> finish(CommandJob& job, MeterTrack* meter, CommandState state,
                      const char* failure_reason);
    void settle_holds(CommandJob& job, const MeterTrack& meter) const;
    Task<bool> persist(CommandJob& job, MeterTrack* meter);
    void look_again(CommandJob& job);
    void pause(CommandJob& job, std::chrono::milliseconds limit);

    LineLoop& loop_;
    LineWire& wire_;
    const Clock& clock_;
    CommandStore& store_;
    SwitchPermits& permits_;
    LatestBoard& board_;
    const GatewayMetrics& metrics_;
    CommandSettings settings_;
};

}  // namespace prepay::metering
