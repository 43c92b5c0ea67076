// The side of CommandRunner that proves an order: reading back, and the end in its row.
#include <algorithm>

#include "commands/app/command_runner.h"
#include "core/anchored_clock.h"
#include "core/crash_point.h"
#include "telemetry/log.h"

namespace prepay::metering {
namespace {

constexpr std::chrono::milliseconds kReadBackPauseMax{200};
constexpr std::size_t kFramesMax = 64;
constexpr std::size_t kReadBackFramesMin = 8;  // Two read-backs of two blocks.

// Beyond the limit the oldest read-backs since the last order go: the orders and what was read last
// are the evidence.
void add_read_back(CommandJob& job, const WireReply& reply) {
    std::vector<Frame>& frames = job.command.frames;
    const std::size_t ordered = std::min(job.order_frame_count, frames.size());
    if (frames.size() + 2 > kFramesMax && frames.size() - ordered >= kReadBackFramesMin) {
        const auto oldest = frames.begin() + static_cast<std::ptrdiff_t>(ordered);
        frames.erase(oldest, oldest + 2);
    }
    job.add_frames(reply);
}

}  // namespace

void CommandJob::add_frames(const WireReply& reply) {
    if (!reply.sent_bytes.empty()) {
        command.frames.push_back(
            {reply.sent_time, FrameDirection::kSent, reply.sent_bytes, command.attempt_count});
    }
    if (!reply.received_bytes.empty()) {
        command.frames.push_back({reply.received_time, FrameDirection::kReceived,
                                  reply.received_bytes, command.attempt_count});
    }
}

Task<RelayLook> CommandRunner::read_relay(CommandJob& job, const MeterTrack& meter,
                                          LookFor purpose) {
    const PackCommand& order = meter.pack().commands.at(job.command.action);
    const std::optional<PackRelay>& relay = meter.pack().relay;
    RelayLook result;
    result.read_back = ReadBack::kAsOrdered;
    for (const PackReadBack& expected : order.read_back) {
        const bool connected = co_await wire_.ensure_connected();
        if (!connected) {
            co_return RelayLook{};
        }
        const Request request = meter.read_request(expected);
        const WireReply reply = co_await wire_.transact(request);
        if (reply.outcome != WireOutcome::kReply || !reply.answer.ok()) {
            co_return RelayLook{};
        }
        add_read_back(job, reply);
        if (!matches(expected, reply.answer.words)) {
            result.read_back = ReadBack::kOtherwise;
        }
        const int offset = relay ? relay->address - expected.address : -1;
        if (offset >= 0 && offset < static_cast<int>(reply.answer.words.size())) {
            result.contact =
                contact_of(*relay, reply.answer.words[static_cast<std::size_t>(offset)]);
        }
        if (purpose == LookFor::kContact && result.contact != RelayState::kUnknown &&
            result.read_back == ReadBack::kOtherwise) {
            break;
        }
    }
    co_return result;
}

Task<bool> CommandRunner::read_back(CommandJob& job, MeterTrack& meter, bool superseded) {
    CommandFacts facts;
    facts.write = job.write;
    // Before the first answer: what is read while the relay may still be moving proves nothing.
    const auto waited = clock_.steady() - job.sent_at;
    const RelayLook seen = co_await read_relay(job, meter, LookFor::kProof);
    facts.read_back = seen.read_back;
    PREPAY_CRASH_POINT("metering.command_read_back");
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
            co_return co_await finish(job, &meter, CommandState::kContradicted,
                                      "RELAY_SHOWS_OTHERWISE");
        case CommandStep::kRefused:
            co_return co_await finish(job, &meter, CommandState::kRefused, "METER_EXCEPTION");
        case CommandStep::kSendAgain:
            job.phase = CommandJob::Phase::kSend;
            job.permit_time.reset();
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
    co_return co_await finish(job, &meter, CommandState::kNotVerified,
                              superseded ? "SUPERSEDED" : reason);
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
        const Request request = meter.read_request(blocks[i]);
        WireReply reply = co_await wire_.transact(request);
        complete = reply.outcome == WireOutcome::kReply && meter.take_block(i, reply.answer);
    }
    if (complete) {
        job.command.after = accept(meter, batch);
    }
    co_return co_await finish(job, &meter, CommandState::kVerified, "");
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

Task<bool> CommandRunner::finish(CommandJob& job, MeterTrack* meter, CommandState state,
                                 const char* failure_reason) {
    job.command.state = state;
    job.command.failure_reason = failure_reason;
    job.command.finish_time = clock_.now();
    ++job.command.revision;
    job.phase = CommandJob::Phase::kPersist;
    job.backoff = std::chrono::milliseconds(0);
    if (meter != nullptr) {
        settle_holds(job, *meter);
    }
    metrics_.command_finished(state);
    return persist(job, meter);
}

// What a carried out order leaves; any other leaves the holds as they were.
void CommandRunner::settle_holds(CommandJob& job, const MeterTrack& meter) const {
    Command& command = job.command;
    if (command.state != CommandState::kVerified && command.state != CommandState::kStillHeld) {
        return;
    }
    if (!job.plan) {  // Sent by an earlier process.
        job.plan = plan_order(meter.memory().holds, command, {});
    }
    job.holds_after = job.plan->after;
    if (command.action == CommandAction::kRelease && command.state == CommandState::kVerified) {
        job.holds_after = after_release(*std::move(job.holds_after), command,
                                        command.after ? command.after->relay : RelayState::kUnknown,
                                        clock_.now());
    }
    command.remaining_holds = job.holds_after->standing;
    std::erase_if(command.remaining_holds,
                  [&](const Hold& hold) { return hold.holder == command.holder; });
}

// Row, frames and holds in one transaction; the line takes the holds over once they are stored.
Task<bool> CommandRunner::persist(CommandJob& job, MeterTrack* meter) {
    std::optional<MeterStateChange> change;
    if (meter != nullptr && job.holds_after && *job.holds_after != meter->memory().holds) {
        change = meter->change_holds(*job.holds_after, clock_.now());
    }
    const auto write = [this, &job, &change] {
        const telemetry::TraceScope trace(job.command.trace_id);
        return store_.finish(job.command, change ? &*change : nullptr);
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
        co_return true;
    }
    if (change) {
        meter->take_holds(*change);
    }
    if (meter != nullptr && may_act_late(job.command)) {
        meter->expect_late({job.command.action, job.command.holder, job.command.create_time,
                            clock_.now(), std::nullopt, settings_.late_horizon});
    }
    co_return true;
}

}  // namespace prepay::metering
