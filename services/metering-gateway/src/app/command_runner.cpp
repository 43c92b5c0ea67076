#include "app/command_runner.h"

#include <algorithm>

#include "core/anchored_clock.h"
#include "core/crash_point.h"
#include "telemetry/log.h"

namespace prepay::metering {
namespace {

constexpr std::chrono::milliseconds kPauseMin{50};
constexpr std::chrono::milliseconds kPauseMax{2000};
constexpr std::chrono::milliseconds kReadBackPauseMax{200};
constexpr std::chrono::milliseconds kMissingPause{2};
constexpr int kMissingMax = 1000;
// Modbus exceptions that do not say that the meter refused.
constexpr int kGatewayPathException = 10;    // A serial server's own: it may have
constexpr int kGatewayTargetException = 11;  // lost the request or the meter's answer.
constexpr std::size_t kFramesMax = 64;
constexpr std::size_t kReadBackFramesMin = 8;  // Two read-backs of two blocks.

void add_frames(Command& command, const WireReply& reply) {
    if (!reply.sent_bytes.empty()) {
        command.frames.push_back(
            {reply.sent_time, FrameDirection::kSent, reply.sent_bytes, command.attempt_count});
    }
    if (!reply.received_bytes.empty()) {
        command.frames.push_back({reply.received_time, FrameDirection::kReceived,
                                  reply.received_bytes, command.attempt_count});
    }
}

// Beyond the limit the oldest read-backs since the last order go: the orders and what was read last
// are the evidence.
void add_read_back(CommandJob& job, const WireReply& reply) {
    std::vector<Frame>& frames = job.command.frames;
    const std::size_t ordered = std::min(job.order_frame_count, frames.size());
    if (frames.size() + 2 > kFramesMax && frames.size() - ordered >= kReadBackFramesMin) {
        const auto oldest = frames.begin() + static_cast<std::ptrdiff_t>(ordered);
        frames.erase(oldest, oldest + 2);
    }
    add_frames(job.command, reply);
}

WriteOutcome outcome_of(const WireReply& reply) {
    if (!reply.sent) {
        return WriteOutcome::kNotSent;
    }
    if (reply.outcome != WireOutcome::kReply) {
        return WriteOutcome::kUnknown;
    }
    if (reply.reply.ok()) {
        return WriteOutcome::kAcknowledged;
    }
    switch (reply.reply.exception_code) {
        case kBusyException:
            return WriteOutcome::kBusy;
        case kAcknowledgeException:
        case kGatewayPathException:
        case kGatewayTargetException:
            return WriteOutcome::kUnknown;
        default:
            return WriteOutcome::kRefused;
    }
}

}  // namespace

CommandRunner::CommandRunner(LineLoop& loop, LineWire& wire, const Clock& clock,
                             CommandStore& store, IntentClaims& claims, LatestBoard& board,
                             const GatewayMetrics& metrics, CommandSettings settings)
    : loop_(loop),
      wire_(wire),
      clock_(clock),
      store_(store),
      claims_(claims),
      board_(board),
      metrics_(metrics),
      settings_(settings) {}

Task<bool> CommandRunner::step(CommandJob& job, MeterTrack& meter, bool superseded,
                               LineBatch& batch) {
    switch (job.phase) {
        case CommandJob::Phase::kSend:
            return send(job, meter);
        case CommandJob::Phase::kReadBack:
            return read_back(job, meter, superseded);
        case CommandJob::Phase::kAfter:
            return read_after(job, meter, batch);
        case CommandJob::Phase::kPersist:
            break;
    }
    return persist(job);
}

bool CommandRunner::is_expired(const Command& command) const {
    return command.not_after && !is_in_doubt(clock_) && clock_.now() >= *command.not_after;
}

Task<bool> CommandRunner::expire(CommandJob& job) {
    return finish(
        job, job.command.attempt_count == 0 ? CommandState::kExpired : CommandState::kNotVerified,
        "DEADLINE_PASSED");
}

Task<bool> CommandRunner::send(CommandJob& job, MeterTrack& meter) {
    if (is_expired(job.command)) {
        co_return co_await expire(job);
    }
    if (job.command.not_after && is_in_doubt(clock_)) {
        pause(job, kPauseMax);  // Nobody knows whether it is too late.
        co_return false;
    }
    // A meter that has been silent is asked something harmless first: the order stays QUEUED, and
    // its intent with account, until the meter is back.
    if (meter.is_degraded()) {
        const ReadBack found = co_await read_relay(job, meter);
        if (found == ReadBack::kUnreadable) {
            pause(job, kPauseMax);
            co_return false;
        }
    }
    bool over = false;
    const bool claimed = co_await claim(job, over);
    if (!claimed) {
        co_return over;
    }
    const bool begun = co_await begin_attempt(job, over);
    if (!begun) {
        co_return over;
    }
    // Claim and commit take time: the deadline is looked at once more right before the wire.
    if (is_expired(job.command)) {
        co_return co_await finish(
            job,
            job.command.attempt_count == 1 ? CommandState::kExpired : CommandState::kNotVerified,
            "DEADLINE_PASSED");
    }
    co_await transmit(job, meter);
    co_return false;
}

// Whether the order may go out; `over` = the job has ended instead.
Task<bool> CommandRunner::claim(CommandJob& job, bool& over) {
    if (job.command.intent_id.empty() || job.claimed) {
        co_return true;
    }
    const auto ask = [this, &job] {
        const telemetry::TraceScope trace(job.command.trace_id);
        return claims_.claim(job.command.intent_id);
    };
    const ClaimOutcome outcome = co_await await_blocking(loop_, ask);
    switch (outcome) {
        case ClaimOutcome::kGranted:
            job.claimed = true;
            co_return true;
        case ClaimOutcome::kDenied:
            over = co_await finish(job,
                                   job.command.attempt_count == 0 ? CommandState::kCancelled
                                                                  : CommandState::kNotVerified,
                                   "INTENT_WITHDRAWN");
            co_return false;
        case ClaimOutcome::kUnanswered:
            pause(job, kPauseMax);
            co_return false;
    }
    co_return false;
}

Task<bool> CommandRunner::begin_attempt(CommandJob& job, bool& over) {
    Command next = job.command;
    ++next.attempt_count;
    ++next.revision;
    next.state = CommandState::kSending;
    if (next.attempt_count == 1 && !next.send_time) {
        if (const auto latest = board_.find(next.meter_id)) {
            next.before = latest->values;
        }
    }
    const auto mark = [this, &next] {
        const telemetry::TraceScope trace(next.trace_id);
        return store_.mark_sending(next);
    };
    const Status status = co_await await_blocking(loop_, mark);
    PREPAY_CRASH_POINT("metering.command_sending");
    if (error_reason(status) == "COMMAND_CLOSED") {
        over = true;
        co_return false;
    }
    // The transaction that brings the row has not committed yet.
    if (error_reason(status) == "COMMAND_NOT_STORED") {
        over = ++job.missing_count > kMissingMax;
        job.not_before = clock_.steady() + kMissingPause;
        co_return false;
    }
    // Account has already written SENDING for a claimed intent: it goes out although our own row
    // cannot be written just now.
    if (!status.ok() && !job.claimed) {
        telemetry::log_warning("a command waits for PostgreSQL",
                               {{"error", telemetry::describe(status)}});
        // Perhaps the row has this attempt all the same: the next try takes the next number, else
        // it would find its own and be taken for closed.
        if (error_reason(status) == "COMMIT_IN_DOUBT") {
            job.command.attempt_count = next.attempt_count;
            job.command.revision = next.revision;
            job.command.before = next.before;
        }
        pause(job, kPauseMax);
        co_return false;
    }
    job.command = std::move(next);
    co_return true;
}

Task<> CommandRunner::transmit(CommandJob& job, const MeterTrack& meter) {
    const PackCommand& order = meter.pack().commands.at(job.command.action);
    const Bytes request =
        write_registers_pdu(static_cast<std::uint16_t>(order.address), order.words);
    PREPAY_CRASH_POINT("metering.before_send");
    WireReply reply;
    const bool connected = co_await wire_.ensure_connected();
    if (connected) {
        reply = co_await wire_.transact(meter.config().unit_id, request);
    }
    PREPAY_CRASH_POINT("metering.after_send");
    add_frames(job.command, reply);
    job.order_frame_count = job.command.frames.size();
    if (reply.sent && !job.command.send_time) {
        job.command.send_time = reply.sent_time;
        metrics_.command_sent(
            std::chrono::duration<double>(reply.sent_time - job.command.create_time).count());
    }
    job.write = outcome_of(reply);
    job.sent_at = clock_.steady();
    job.backoff = std::chrono::milliseconds(0);
    job.phase = CommandJob::Phase::kReadBack;
    PREPAY_CRASH_POINT("metering.command_sent");
}

Task<ReadBack> CommandRunner::read_relay(CommandJob& job, const MeterTrack& meter) {
    const PackCommand& order = meter.pack().commands.at(job.command.action);
    ReadBack result = ReadBack::kAsOrdered;
    for (const PackReadBack& expected : order.read_back) {
        const bool connected = co_await wire_.ensure_connected();
        if (!connected) {
            co_return ReadBack::kUnreadable;
        }
        const Bytes request = read_registers_pdu(static_cast<std::uint16_t>(expected.address),
                                                 static_cast<int>(expected.words.size()));
        const WireReply reply = co_await wire_.transact(meter.config().unit_id, request);
        if (reply.outcome != WireOutcome::kReply || !reply.reply.ok()) {
            co_return ReadBack::kUnreadable;
        }
        add_read_back(job, reply);
        if (!matches(expected, reply.reply.words)) {
            result = ReadBack::kOtherwise;
        }
    }
    co_return result;
}

Task<bool> CommandRunner::read_back(CommandJob& job, MeterTrack& meter, bool superseded) {
    CommandFacts facts;
    facts.write = job.write;
    facts.read_back = co_await read_relay(job, meter);
    PREPAY_CRASH_POINT("metering.command_read_back");
    const auto waited = clock_.steady() - job.sent_at;
    // What never left needs no time to act; a busy meter needs it to become free.
    facts.settled = waited >= settings_.settle_time || job.write == WriteOutcome::kNotSent;
    facts.superseded = superseded;
    facts.attempts_left =
        job.command.attempt_count < settings_.attempts_max && !is_expired(job.command);
    facts.verify_expired = job.command.intent_id.empty() && waited >= settings_.verify_window;
    const bool unreadable = facts.read_back == ReadBack::kUnreadable;
    switch (decide_step(facts)) {
        case CommandStep::kVerified:
            job.phase = CommandJob::Phase::kAfter;
            job.not_before = {};
            co_return false;
        case CommandStep::kContradicted:
            co_return co_await finish(job, CommandState::kContradicted, "RELAY_SHOWS_OTHERWISE");
        case CommandStep::kRefused:
            co_return co_await finish(job, CommandState::kRefused, "METER_EXCEPTION");
        case CommandStep::kSendAgain:
            job.phase = CommandJob::Phase::kSend;
            job.claimed = false;
            job.not_before = {};
            job.backoff = std::chrono::milliseconds(0);
            co_return false;
        case CommandStep::kReadAgain:
            pause(job, unreadable ? kPauseMax : kReadBackPauseMax);
            co_return false;
        case CommandStep::kNotVerified:
            break;
    }
    const char* reason = unreadable ? "NO_READ_BACK" : "ATTEMPTS_USED_UP";
    co_return co_await finish(job, CommandState::kNotVerified, superseded ? "SUPERSEDED" : reason);
}

// All blocks of the meter, as evidence of the command and as a reading.
Task<bool> CommandRunner::read_after(CommandJob& job, MeterTrack& meter, LineBatch& batch) {
    const std::vector<PackBlock>& blocks = meter.pack().blocks;
    bool complete = true;
    for (std::size_t i = 0; complete && i < blocks.size(); ++i) {
        complete = co_await wire_.ensure_connected();
        if (!complete) {
            break;
        }
        const Bytes request =
            read_registers_pdu(static_cast<std::uint16_t>(blocks[i].address), blocks[i].count);
        WireReply reply = co_await wire_.transact(meter.config().unit_id, request);
        complete = reply.outcome == WireOutcome::kReply && meter.take_block(i, reply.reply);
    }
    if (complete) {
        job.command.after = accept(meter, batch);
    }
    co_return co_await finish(job, CommandState::kVerified, "");
}

std::optional<MeterValues> CommandRunner::accept(MeterTrack& meter, LineBatch& batch) {
    const bool is_time_known = !is_in_doubt(clock_);
    const Instant now = clock_.now();
    const auto values = meter.decode_blocks(now);
    if (values) {
        // Within the slot of the last poll; a meter never polled has none yet.
        const Instant last = meter.memory().last_slot;
        const Instant slot =
            last == Instant() ? std::chrono::floor<std::chrono::seconds>(now) : last;
        const ReadingFault fault =
            meter.accept(*values, now, slot, ReadingSource::kOnDemand, batch, is_time_known);
        if (fault != ReadingFault::kNone) {
            metrics_.reading_rejected(fault);
        }
        board_.update(board_.slot(meter.config().meter_id), true, values, fault);
    }
    return values;
}

Task<bool> CommandRunner::finish(CommandJob& job, CommandState state, const char* failure_reason) {
    job.command.state = state;
    job.command.failure_reason = failure_reason;
    job.command.finish_time = clock_.now();
    ++job.command.revision;
    job.phase = CommandJob::Phase::kPersist;
    job.backoff = std::chrono::milliseconds(0);
    metrics_.command_finished(state);
    return persist(job);
}

Task<bool> CommandRunner::persist(CommandJob& job) {
    const auto write = [this, &job] {
        const telemetry::TraceScope trace(job.command.trace_id);
        return store_.finish(job.command);
    };
    const Status status = co_await await_blocking(loop_, write);
    const telemetry::TraceScope trace(job.command.trace_id);
    PREPAY_CRASH_POINT("metering.command_marked");
    if (status.code() == absl::StatusCode::kUnavailable ||
        status.code() == absl::StatusCode::kAborted) {
        pause(job, kPauseMax);
        co_return false;
    }
    if (!status.ok()) {
        telemetry::log_error(
            "a command's result could not be stored",
            {{"command_id", job.command.command_id}, {"error", telemetry::describe(status)}});
    }
    co_return true;
}

void CommandRunner::pause(CommandJob& job, std::chrono::milliseconds limit) {
    job.backoff = std::clamp(job.backoff * 2, kPauseMin, limit);
    job.not_before = clock_.steady() + job.backoff;
}

}  // namespace prepay::metering
