#pragma once

#include <chrono>

#include "app/latest_board.h"
#include "app/line_wire.h"
#include "app/meter_track.h"
#include "metrics.h"
#include "ports.h"

namespace prepay::metering {

struct CommandSettings {
    int attempts_max = 3;
    /// A relay that does not show the order after this time contradicts it.
    std::chrono::milliseconds settle_time{2000};
    /// How long a user's command is read back before it is "not verified". Intents of account are
    /// read back until the meter answers: a payment must know whether the trip may be on the wire.
    std::chrono::milliseconds verify_window{30'000};
};

/// A command in its line's hands.
struct CommandJob {
    enum class Phase {
        kSend,      ///< The order is to be transmitted.
        kReadBack,  ///< The relay is to be read.
        kAfter,     ///< Proven; the values afterwards are to be read.
        kPersist,   ///< Final, but PostgreSQL does not know yet.
    };
    Command command;
    Phase phase = Phase::kSend;
    std::chrono::steady_clock::time_point not_before{};
    std::chrono::steady_clock::time_point sent_at{};
    std::chrono::milliseconds backoff{0};
    bool claimed = false;
    int missing_count = 0;  ///< Tries at which the row was not there yet.
    WriteOutcome write = WriteOutcome::kUnknown;
    std::size_t order_frame_count = 0;  ///< Frames up to the last order, its answer included.
};

/// Takes a command from its row to its proof, at most one request on the wire a step (a read-back
/// of n blocks is n requests). PostgreSQL and account are asked off the line's loop, so other lines
/// go on. Used on the line's loop only; job, meter and batch must stay until a step is over.
class CommandRunner {
public:
    CommandRunner(LineLoop& loop, LineWire& wire, const Clock& clock, CommandStore& store,
                  IntentClaims& claims, LatestBoard& board, const GatewayMetrics& metrics,
                  CommandSettings settings);

    /// One step; true when the job is over and its row is final. `superseded`: a newer order for
    /// the same meter waits behind. Readings go to `batch`.
    Task<bool> step(CommandJob& job, MeterTrack& meter, bool superseded, LineBatch& batch);

    /// Ends a job whose deadline passed before anything was sent; true when its row is final.
    Task<bool> expire(CommandJob& job);
    [[nodiscard]] bool is_expired(const Command& command) const;

private:
    Task<bool> send(CommandJob& job, MeterTrack& meter);
    Task<bool> claim(CommandJob& job, bool& over);
    Task<bool> begin_attempt(CommandJob& job, bool& over);
    Task<> transmit(CommandJob& job, const MeterTrack& meter);
    Task<bool> read_back(CommandJob& job, MeterTrack& meter, bool superseded);
    Task<bool> read_after(CommandJob& job, MeterTrack& meter, LineBatch& batch);
    std::optional<MeterValues> accept(MeterTrack& meter, LineBatch& batch);
    Task<ReadBack> read_relay(CommandJob& job, const MeterTrack& meter);
    Task<bool> finish(CommandJob& job, CommandState state, const char* failure_reason);
    Task<bool> persist(CommandJob& job);
    void pause(CommandJob& job, std::chrono::milliseconds limit);

    LineLoop& loop_;
    LineWire& wire_;
    const Clock& clock_;
    CommandStore& store_;
    IntentClaims& claims_;
    LatestBoard& board_;
    const GatewayMetrics& metrics_;
    CommandSettings settings_;
};

}  // namespace prepay::metering
