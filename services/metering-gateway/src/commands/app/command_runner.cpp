#include "commands/app/command_runner.h"

#include <algorithm>

#include "core/anchored_clock.h"
#include "core/crash_point.h"
#include "telemetry/log.h"

namespace prepay::metering {
namespace {

constexpr std::chrono::milliseconds kPauseMin{50};

WriteOutcome outcome_of(const WireReply& reply) {
    if (!reply.sent) {
        return WriteOutcome::kNotSent;
    }
    if (reply.outcome != WireOutcome::kReply) {
        return WriteOutcome::kUnknown;
    }
    switch (reply.answer.kind) {
        case AnswerKind::kValues:
            return WriteOutcome::kAcknowledged;
        case AnswerKind::kBusy:
            return WriteOutcome::kBusy;
        case AnswerKind::kUnknown:
            return WriteOutcome::kUnknown;
        case AnswerKind::kRefused:
            break;
    }
    return WriteOutcome::kRefused;
}

}  // namespace

CommandRunner::CommandRunner(LineLoop& loop, LineWire& wire, const Clock& clock,
                             CommandStore& store, SwitchPermits& permits, LatestBoard& board,
                             const GatewayMetrics& metrics, CommandSettings settings)
    : loop_(loop),
      wire_(wire),
      clock_(clock),
      store_(store),
      permits_(permits),
      board_(board),
      metrics_(metrics),
      settings_(settings) {}

Task<bool> CommandRunner::step(CommandJob& job, MeterTrack& meter, bool superseded,
                               LineBatch& batch) {
    switch (job.phase) {
        case CommandJob::Phase::kLook:
            return look(job, meter);
        case CommandJob::Phase::kSend:
            return send(job, meter);
        case CommandJob::Phase::kReadBack:
            return read_back(job, meter, superseded);
        case CommandJob::Phase::kAfter:
            return read_after(job, meter, batch);
        case CommandJob::Phase::kPersist:
            break;
    }
    return persist(job, &meter);
}

bool CommandRunner::is_expired(const Command& command) const {
    return command.not_after && !is_in_doubt(clock_) && clock_.now() >= *command.not_after;
}

// Nobody knows whether it is too late.
bool CommandRunner::is_time_unknown(const Command& command) const {
    return command.not_after && is_in_doubt(clock_);
}

bool CommandRunner::is_waiting(const CommandJob& job) {
    return job.phase == CommandJob::Phase::kLook || job.phase == CommandJob::Phase::kSend;
}

Task<bool> CommandRunner::expire(CommandJob& job, MeterTrack* meter) {
    return finish(
        job, meter,
        job.command.attempt_count == 0 ? CommandState::kExpired : CommandState::kNotVerified,
        "DEADLINE_PASSED");
}

// The state of the relay decides, with the holds, what is to be done. A meter that has been silent
// must answer first: the order stays QUEUED, and its intent with account, until it is back.
Task<bool> CommandRunner::look(CommandJob& job, MeterTrack& meter) {
    if (is_expired(job.command)) {
        co_return co_await expire(job, &meter);
    }
    if (is_time_unknown(job.command)) {
        pause(job, kPauseMax);
        co_return false;
    }
    const bool stored = co_await store_own(job);
    if (!stored) {
        co_return false;
    }
    // Account answers while the meter does.
    const auto ask_time = clock_.steady();
    std::optional<BlockingCall<ClaimOutcome>> asked;
    if (!is_permitted(job) && !meter.is_degraded()) {
        asked.emplace(loop_, permit_question(job));
    }
    const RelayLook seen = co_await read_relay(job, meter, LookFor::kContact);
    if (asked) {
        bool over = false;
        const ClaimOutcome outcome = co_await asked->result();
        const bool permitted = co_await take_permit(job, meter, outcome, ask_time, over);
        if (!permitted) {
            co_return over;
        }
    }
    if (seen.read_back == ReadBack::kUnreadable && meter.is_degraded()) {
        pause(job, kPauseMax);
        co_return false;
    }
    OrderView view;
    view.relay = seen.contact == RelayState::kUnknown ? meter.memory().relay : seen.contact;
    view.in_force = seen.read_back == ReadBack::kAsOrdered;
    view.late_effect = after_reading(meter.memory().late, clock_.now()).has_value();
    job.plan = plan_order(meter.memory().holds, job.command, view);
    job.phase = CommandJob::Phase::kSend;
    co_return false;
}

Task<bool> CommandRunner::send(CommandJob& job, MeterTrack& meter) {
    if (is_expired(job.command)) {
        co_return co_await expire(job, &meter);
    }
    if (is_time_unknown(job.command)) {
        look_again(job);
        co_return false;
    }
    bool over = false;
    // A yes that has grown old meanwhile will do for now: right before the wire it is asked again.
    if (!job.permit_time) {
        const bool permitted = co_await ask_permit(job, meter, over);
        if (!permitted) {
            co_return over;
        }
    }
    if (job.plan && job.plan->step == OrderStep::kAsWanted) {
        job.phase = CommandJob::Phase::kAfter;
        co_return false;
    }
    if (job.plan && job.plan->step == OrderStep::kStillHeld) {
        const bool foreign_only = job.plan->after.standing.empty();
        co_return co_await finish(job, &meter, CommandState::kStillHeld,
                                  foreign_only ? "FOREIGN_OPEN" : "");
    }
    if (!job.attempt_open) {
        const bool begun = co_await begin_attempt(job, over);
        if (!begun) {
            co_return over;
        }
    }
    // A commit and a connection take time: account's word and the deadline are looked at once more
    // right before the wire.
    co_await wire_.ensure_connected();
    const bool still_permitted = co_await ask_permit(job, meter, over);
    if (!still_permitted) {
        co_return over;
    }
    if (is_expired(job.command)) {
        co_return co_await give_up_unsent(job, meter, CommandState::kExpired, "DEADLINE_PASSED");
    }
    co_await transmit(job, meter);
    co_return false;
}

Task<bool> CommandRunner::give_up_unsent(CommandJob& job, MeterTrack& meter, CommandState unsent,
                                         const char* failure_reason) {
    const int sent = job.command.attempt_count - (job.attempt_open ? 1 : 0);
    return finish(job, &meter, sent == 0 ? unsent : CommandState::kNotVerified, failure_reason);
}

bool CommandRunner::is_permitted(const CommandJob& job) const {
    const Command& command = job.command;
    if (command.intent_id.empty() &&
        (command.action != CommandAction::kTrip || command.override_keep_power)) {
        return true;
    }
    return job.permit_time && clock_.steady() - *job.permit_time < settings_.permit_age_max;
}

// Whether the order may go out; `over` = the job has ended instead.
Task<bool> CommandRunner::ask_permit(CommandJob& job, MeterTrack& meter, bool& over) {
    if (is_permitted(job)) {
        co_return true;
    }
    const auto ask_time = clock_.steady();
    const ClaimOutcome outcome = co_await await_blocking(loop_, permit_question(job));
    co_return co_await take_permit(job, meter, outcome, ask_time, over);
}

std::function<ClaimOutcome()> CommandRunner::permit_question(const CommandJob& job) {
    return [this, &job] {
        const telemetry::TraceScope trace(job.command.trace_id);
        return job.command.intent_id.empty() ? permits_.check_cut(job.command.meter_id).outcome
                                             : permits_.claim(job.command.intent_id);
    };
}

Task<bool> CommandRunner::take_permit(CommandJob& job, MeterTrack& meter, ClaimOutcome outcome,
                                      std::chrono::steady_clock::time_point ask_time, bool& over) {
    switch (outcome) {
        case ClaimOutcome::kGranted:
            job.permit_time = ask_time;
            job.backoff = std::chrono::milliseconds(0);
            co_return true;
        case ClaimOutcome::kDenied:
            over = co_await give_up_unsent(
                job, meter, CommandState::kCancelled,
                job.command.intent_id.empty() ? "KEEP_POWER" : "INTENT_WITHDRAWN");
            co_return false;
        case ClaimOutcome::kUnanswered:
            look_again(job);
            co_return false;
    }
    co_return false;
}

// An order of the line's own has its row before anything else happens.
Task<bool> CommandRunner::store_own(CommandJob& job) {
    if (!job.stored) {
        const auto insert = [this, &job] { return store_.insert_own(job.command); };
        const Status status = co_await await_blocking(loop_, insert);
        job.stored = status.ok();
        if (!status.ok()) {
            pause(job, kPauseMax);
        }
    }
    co_return job.stored;
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
    // Account has already written SENDING for a claimed intent: it goes out although our own row
    // cannot be written just now.
    if (!status.ok() && job.command.intent_id.empty()) {
        telemetry::log_warning("a command waits for PostgreSQL",
                               {{"error", telemetry::describe(status)}});
        // Perhaps the row has this attempt all the same: the next try takes the next number, else
        // it would find its own and be taken for closed.
        if (error_reason(status) == "COMMIT_IN_DOUBT") {
            job.command.attempt_count = next.attempt_count;
            job.command.revision = next.revision;
            job.command.before = next.before;
        }
        look_again(job);
        co_return false;
    }
    job.command = std::move(next);
    job.attempt_open = true;
    co_return true;
}

Task<> CommandRunner::transmit(CommandJob& job, const MeterTrack& meter) {
    const Request request = meter.order_request(meter.pack().commands.at(job.command.action));
    PREPAY_CRASH_POINT("metering.before_send");
    WireReply reply;
    const bool connected = co_await wire_.ensure_connected();
    if (connected) {
        reply = co_await wire_.transact(request);
    }
    PREPAY_CRASH_POINT("metering.after_send");
    job.add_frames(reply);
    job.order_frame_count = job.command.frames.size();
    if (reply.sent && !job.command.send_time) {
        job.command.send_time = reply.sent_time;
        metrics_.command_sent(
            std::chrono::duration<double>(reply.sent_time - job.command.create_time).count());
    }
    job.write = outcome_of(reply);
    job.sent_at = clock_.steady();
    job.backoff = std::chrono::milliseconds(0);
    job.attempt_open = false;
    job.phase = CommandJob::Phase::kReadBack;
    PREPAY_CRASH_POINT("metering.command_sent");
}

// What was seen of the relay grows old while the order waits.
void CommandRunner::look_again(CommandJob& job) {
    if (!job.attempt_open) {
        job.phase = CommandJob::Phase::kLook;
    }
    pause(job, kPauseMax);
}

void CommandRunner::pause(CommandJob& job, std::chrono::milliseconds limit) {
    job.backoff = std::clamp(job.backoff * 2, std::min(kPauseMin, limit), limit);
    job.not_before = clock_.steady() + job.backoff;
}

}  // namespace prepay::metering
