#include "app/command_runner.h"

#include <algorithm>

#include "core/crash_point.h"
#include "telemetry/log.h"

namespace prepay::metering {
namespace {

constexpr std::chrono::milliseconds kPauseMin{50};
constexpr std::chrono::milliseconds kPauseMax{2000};
constexpr std::chrono::milliseconds kReadBackPauseMax{200};
constexpr std::chrono::milliseconds kMissingPause{2};
constexpr int kMissingMax = 1000;
constexpr int kBusyException = 6;
constexpr int kAcknowledgeException = 5;
constexpr std::size_t kFramesMax = 64;

void add_frames(Command& command, const WireReply& reply) {
    if (command.frames.size() + 2 > kFramesMax) {
        return;
    }
    if (!reply.sent_bytes.empty()) {
        command.frames.push_back(
            {reply.sent_time, FrameDirection::kSent, reply.sent_bytes, command.attempt_count});
    }
    if (!reply.received_bytes.empty()) {
        command.frames.push_back({reply.received_time, FrameDirection::kReceived,
                                  reply.received_bytes, command.attempt_count});
    }
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
    return reply.reply.exception_code == kBusyException ||
                   reply.reply.exception_code == kAcknowledgeException
               ? WriteOutcome::kBusy
               : WriteOutcome::kRefused;
}

}  // namespace

CommandRunner::CommandRunner(LineWire& wire, const Clock& clock, CommandStore& store,
                             IntentClaims& claims, LatestBoard& board,
                             const GatewayMetrics& metrics, CommandSettings settings)
    : wire_(wire),
      clock_(clock),
      store_(store),
      claims_(claims),
      board_(board),
      metrics_(metrics),
      settings_(settings) {}

bool CommandRunner::step(CommandJob& job, MeterTrack& meter, bool superseded, LineBatch& batch) {
    switch (job.phase) {
        case CommandJob::Phase::kSend:
            return send(job, meter);
        case CommandJob::Phase::kReadBack:
            return read_back(job, meter, superseded);
        case CommandJob::Phase::kAfter:
            job.command.after = read_values(meter, batch);
            return finish(job, CommandState::kVerified, "");
        case CommandJob::Phase::kPersist:
            return persist(job);
    }
    return true;
}

bool CommandRunner::is_expired(const Command& command) const {
    return command.not_after && clock_.now() >= *command.not_after;
}

bool CommandRunner::expire(CommandJob& job) {
    return job.command.attempt_count == 0
               ? finish(job, CommandState::kExpired, "DEADLINE_PASSED")
               : finish(job, CommandState::kNotVerified, "DEADLINE_PASSED");
}

bool CommandRunner::send(CommandJob& job, MeterTrack& meter) {
    bool over = false;
    if (is_expired(job.command)) {
        return expire(job);
    }
    // A meter that has been silent is asked something harmless first: the order stays QUEUED, and
    // its intent with account, until the meter is back.
    if (meter.is_degraded() && read_relay(job, meter) == ReadBack::kUnreadable) {
        pause(job, kPauseMax);
        return false;
    }
    if (!claim(job, over) || !begin_attempt(job, over)) {
        return over;
    }
    // Claim and commit take time: the deadline is looked at once more right before the wire.
    if (is_expired(job.command)) {
        return finish(
            job,
            job.command.attempt_count == 1 ? CommandState::kExpired : CommandState::kNotVerified,
            "DEADLINE_PASSED");
    }
    transmit(job, meter);
    return false;
}

// Whether the order may go out; `over` = the job has ended instead.
bool CommandRunner::claim(CommandJob& job, bool& over) {
    if (job.command.intent_id.empty() || job.claimed) {
        return true;
    }
    switch (claims_.claim(job.command.intent_id)) {
        case ClaimOutcome::kGranted:
            job.claimed = true;
            return true;
        case ClaimOutcome::kDenied:
            over = job.command.attempt_count == 0
                       ? finish(job, CommandState::kCancelled, "INTENT_WITHDRAWN")
                       : finish(job, CommandState::kNotVerified, "INTENT_WITHDRAWN");
            return false;
        case ClaimOutcome::kUnanswered:
            pause(job, kPauseMax);
            return false;
    }
    return false;
}

bool CommandRunner::begin_attempt(CommandJob& job, bool& over) {
    Command next = job.command;
    ++next.attempt_count;
    ++next.revision;
    next.state = CommandState::kSending;
    if (next.attempt_count == 1 && !next.send_time) {
        if (const auto latest = board_.find(next.meter_id)) {
            next.before = latest->values;
        }
    }
    const Status status = store_.mark_sending(next);
    PREPAY_CRASH_POINT("metering.command_sending");
    if (error_reason(status) == "COMMAND_CLOSED") {
        over = true;
        return false;
    }
    // The transaction that brings the row has not committed yet.
    if (error_reason(status) == "COMMAND_NOT_STORED") {
        over = ++job.missing_count > kMissingMax;
        job.not_before = clock_.steady() + kMissingPause;
        return false;
    }
    // Account has already written SENDING for a claimed intent: it goes out although our own row
    // cannot be written just now.
    if (!status.ok() && !job.claimed) {
        telemetry::log_warning("a command waits for PostgreSQL",
                               {{"error", telemetry::describe(status)}});
        pause(job, kPauseMax);
        return false;
    }
    job.command = std::move(next);
    return true;
}

void CommandRunner::transmit(CommandJob& job, const MeterTrack& meter) {
    const PackCommand& order = meter.pack().commands.at(job.command.action);
    PREPAY_CRASH_POINT("metering.before_send");
    WireReply reply;
    if (wire_.ensure_connected()) {
        reply = wire_.transact(
            meter.config().unit_id,
            write_registers_pdu(static_cast<std::uint16_t>(order.address), order.words));
    }
    PREPAY_CRASH_POINT("metering.after_send");
    add_frames(job.command, reply);
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

ReadBack CommandRunner::read_relay(CommandJob& job, const MeterTrack& meter) {
    const PackCommand& order = meter.pack().commands.at(job.command.action);
    ReadBack result = ReadBack::kAsOrdered;
    for (const PackReadBack& expected : order.read_back) {
        if (!wire_.ensure_connected()) {
            return ReadBack::kUnreadable;
        }
        const WireReply reply = wire_.transact(
            meter.config().unit_id, read_registers_pdu(static_cast<std::uint16_t>(expected.address),
                                                       static_cast<int>(expected.words.size())));
        if (reply.outcome != WireOutcome::kReply || !reply.reply.ok()) {
            return ReadBack::kUnreadable;
        }
        add_frames(job.command, reply);
        if (!matches(expected, reply.reply.words)) {
            result = ReadBack::kOtherwise;
        }
    }
    return result;
}

bool CommandRunner::read_back(CommandJob& job, MeterTrack& meter, bool superseded) {
    CommandFacts facts;
    facts.write = job.write;
    facts.read_back = read_relay(job, meter);
    PREPAY_CRASH_POINT("metering.command_read_back");
    const auto waited = clock_.steady() - job.sent_at;
    // What never left, or met a busy meter, needs no time to act.
    facts.settled = waited >= settings_.settle_time || job.write == WriteOutcome::kNotSent ||
                    job.write == WriteOutcome::kBusy;
    facts.superseded = superseded;
    facts.attempts_left =
        job.command.attempt_count < settings_.attempts_max && !is_expired(job.command);
    facts.verify_expired = job.command.intent_id.empty() && waited >= settings_.verify_window;
    switch (decide_step(facts)) {
        case CommandStep::kVerified:
            job.phase = CommandJob::Phase::kAfter;
            job.not_before = {};
            return false;
        case CommandStep::kContradicted:
            return finish(job, CommandState::kContradicted, "RELAY_SHOWS_OTHERWISE");
        case CommandStep::kRefused:
            return finish(job, CommandState::kRefused, "METER_EXCEPTION");
        case CommandStep::kSendAgain:
            job.phase = CommandJob::Phase::kSend;
            job.claimed = false;
            job.not_before = {};
            return false;
        case CommandStep::kReadAgain:
            pause(job, facts.read_back == ReadBack::kUnreadable ? kPauseMax : kReadBackPauseMax);
            return false;
        case CommandStep::kNotVerified:
            return finish(job, CommandState::kNotVerified,
                          superseded
                              ? "SUPERSEDED"
                              : (facts.read_back == ReadBack::kUnreadable ? "NO_READ_BACK"
                                                                          : "ATTEMPTS_USED_UP"));
    }
    return true;
}

std::optional<MeterValues> CommandRunner::read_values(MeterTrack& meter, LineBatch& batch) {
    const std::vector<PackBlock>& blocks = meter.pack().blocks;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        if (!wire_.ensure_connected()) {
            return std::nullopt;
        }
        WireReply reply = wire_.transact(
            meter.config().unit_id,
            read_registers_pdu(static_cast<std::uint16_t>(blocks[i].address), blocks[i].count));
        if (reply.outcome != WireOutcome::kReply || !reply.reply.ok()) {
            return std::nullopt;
        }
        meter.set_block(i, std::move(reply.reply.words));
    }
    const Instant now = clock_.now();
    const auto values = meter.decode_blocks(now);
    if (values) {
        const ReadingFault fault =
            meter.accept(*values, now, meter.memory().last_slot, ReadingSource::kOnDemand, batch);
        if (fault != ReadingFault::kNone) {
            metrics_.reading_rejected(fault);
        }
        board_.update(meter.config().meter_id, true, values);
    }
    return values;
}

bool CommandRunner::finish(CommandJob& job, CommandState state, const std::string& failure_reason) {
    job.command.state = state;
    job.command.failure_reason = failure_reason;
    job.command.finish_time = clock_.now();
    ++job.command.revision;
    job.phase = CommandJob::Phase::kPersist;
    job.backoff = std::chrono::milliseconds(0);
    metrics_.command_finished(state);
    return persist(job);
}

bool CommandRunner::persist(CommandJob& job) {
    const Status status = store_.finish(job.command);
    PREPAY_CRASH_POINT("metering.command_marked");
    if (status.code() == absl::StatusCode::kUnavailable ||
        status.code() == absl::StatusCode::kAborted) {
        pause(job, kPauseMax);
        return false;
    }
    if (!status.ok()) {
        telemetry::log_error(
            "a command's result could not be stored",
            {{"command_id", job.command.command_id}, {"error", telemetry::describe(status)}});
    }
    return true;
}

void CommandRunner::pause(CommandJob& job, std::chrono::milliseconds limit) {
    job.backoff = std::clamp(job.backoff * 2, kPauseMin, limit);
    job.not_before = clock_.steady() + job.backoff;
}

}  // namespace prepay::metering
