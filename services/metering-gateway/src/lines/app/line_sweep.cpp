// The polling side of LineWorker: sweeps, reads and their results.
#include <algorithm>

#include "core/anchored_clock.h"
#include "core/ids.h"
#include "lines/app/line_worker.h"
#include "meters/app/read_error.h"
#include "telemetry/log.h"

namespace prepay::metering {
namespace {

constexpr std::chrono::milliseconds kFlushAfter{1000};
constexpr const char* kDecodeFailed = "the registers do not fit the driver pack";

}  // namespace

Task<> LineWorker::begin_sweep(bool is_new_cycle) {
    const auto now = context_.clock.steady();
    const Instant wall_now = context_.clock.now();
    sweep_start_ = now;
    sweep_.clear();
    sweep_task_ = {};
    for (const std::unique_ptr<Meter>& meter : meters_) {
        MeterTrack& track = meter->track;
        const bool was_online = track.memory().online;
        if (is_new_cycle) {
            track.end_cycle(now, wall_now, config_.poll_interval, batch_);
        }
        if (was_online && !track.memory().online) {
            context_.board.set_online(meter->slot, false);
        }
        if (track.begin_cycle(now)) {
            sweep_.push_back(meter.get());
        }
    }
    batch_.readings.reserve(batch_.readings.size() + sweep_.size());
    batch_start_ = now;
    sweeping_ = true;
    if (!sweep_.empty()) {
        const bool connected = co_await wire_.ensure_connected();
        if (!connected) {
            abort_sweep();
            schedule_sweep();
            flush();
            update_status();
        }
    }
}

// One request of the sweep.
Task<> LineWorker::step_sweep() {
    if (sweep_task_.meter == nullptr && sweep_.empty()) {
        end_sweep();
        co_return;
    }
    if (sweep_task_.meter == nullptr) {
        sweep_task_.meter = sweep_.front();
        sweep_.pop_front();
    }
    const TaskStep done = co_await run_task(sweep_task_);
    if (done == TaskStep::kDone) {
        sweep_task_ = {};
    }
    if (!batch_.empty() && context_.clock.steady() - batch_start_ > kFlushAfter) {
        flush();
    }
}

// An unreachable line is tried between its sweeps; when it is back its meters are read at once,
// within the cycle that is going on.
Task<bool> LineWorker::reconnect() {
    if (!wire_.is_unreachable() || !wire_.is_ready()) {
        co_return false;
    }
    const bool connected = co_await wire_.ensure_connected();
    if (connected) {
        co_await begin_sweep(false);
    }
    update_status();
    co_return true;
}

void LineWorker::end_sweep() {
    sweeping_ = false;
    context_.metrics.sweep_done(
        std::chrono::duration<double>(context_.clock.steady() - sweep_start_).count());
    flush();
    schedule_sweep();
    update_status();
}

void LineWorker::abort_sweep() {
    sweep_.clear();
    sweep_task_ = {};
    sweeping_ = false;
    for (ReadTask& task : demands_) {
        fail(task, unavailable("LINE_LOST", "the line is not reachable"));
    }
    demands_.clear();
}

// Sweeps start at whole intervals of wall time plus an offset of the line's own, so that lines do
// not all start at once.
void LineWorker::schedule_sweep() {
    const std::int64_t interval = Duration(config_.poll_interval).count();
    const auto offset = static_cast<std::int64_t>(stable_hash(config_.line_id) %
                                                  static_cast<std::uint64_t>(interval));
    const std::int64_t now = to_micros(context_.clock.now());
    const std::int64_t next = ((now - offset) / interval + 1) * interval + offset;
    next_sweep_ = context_.clock.steady() + Duration(next - now);
}

// One request of a meter's read; orders may go out between two of them.
Task<LineWorker::TaskStep> LineWorker::run_task(ReadTask& task) {
    bool connected = wire_.is_connected();
    if (!connected) {
        connected = co_await wire_.ensure_connected();
    }
    if (!connected) {
        abort_sweep();  // `task` is gone with it.
        schedule_sweep();
        co_return TaskStep::kMore;
    }
    MeterTrack& meter = task.meter->track;
    const bool all = task.done != nullptr;
    const std::size_t index = meter.next_block(task.from, all).value_or(0);
    const PackBlock& block = meter.pack().blocks[index];
    const Request request = meter.read_request(block);
    WireReply reply = co_await wire_.transact(request);
    if (task.done) {
        task.frames.push_back({reply.sent_time, FrameDirection::kSent, reply.sent_bytes, 0});
        if (!reply.received_bytes.empty()) {
            task.frames.push_back(
                {reply.received_time, FrameDirection::kReceived, reply.received_bytes, 0});
        }
    }
    if (reply.outcome == WireOutcome::kReply && meter.take_block(index, reply.answer)) {
        task.from = index + 1;
        if (meter.next_block(task.from, all)) {
            co_return TaskStep::kMore;
        }
        complete(task);
        co_return TaskStep::kDone;
    }
    // A lost request, or one to a busy meter, is repeated once; a meter that has been silent costs
    // one time-out only.
    if (is_worth_repeating(reply) && !task.retried && !meter.is_degraded()) {
        task.retried = true;
        co_return TaskStep::kMore;
    }
    fail(task, read_status(reply, block));
    co_return TaskStep::kDone;
}

void LineWorker::complete(ReadTask& task) {
    MeterTrack& meter = task.meter->track;
    const bool is_time_known = !is_in_doubt(context_.clock);
    const Instant now = context_.clock.now();
    const auto values = meter.decode_blocks(now);
    if (!values) {
        meter.diagnostics().add_error("DECODE_FAILED", kDecodeFailed, now);
        log_error(*task.meter, "DECODE_FAILED", kDecodeFailed);
        fail(task, internal_error("DECODE_FAILED", kDecodeFailed));
        return;
    }
    const ReadingSource source = task.done ? ReadingSource::kOnDemand : ReadingSource::kPoll;
    if (batch_.empty()) {
        batch_start_ = context_.clock.steady();
    }
    DemandResult result;
    result.fault = meter.accept(*values, now, slot_of(now), source, batch_, is_time_known);
    if (result.fault != ReadingFault::kNone) {
        context_.metrics.reading_rejected(result.fault);
        log_error(*task.meter, fault_reason(result.fault), fault_message(result.fault));
    }
    last_good_time_ = now;
    context_.board.update(task.meter->slot, true, values, result.fault);
    repair_late_effect(*task.meter);
    release_expired_hold(*task.meter, is_time_known);
    if (task.done) {
        result.values = values;
        result.frames = std::move(task.frames);
        task.done(std::move(result));
    }
}

// Every reply, of sweeps, reads and orders alike.
void LineWorker::note_reply(MeterAddress address, const WireReply& reply) {
    heard_ = heard_ || reply.outcome == WireOutcome::kReply;
    Meter* const meter = find_meter(address);
    if (meter == nullptr) {
        return;
    }
    const ReadError error = meter->track.note_reply(reply, context_.clock.now());
    if (!error.kind.empty()) {
        log_error(*meter, error.kind, error.text);
    }
}

void LineWorker::log_error(Meter& meter, const std::string& kind, const std::string& text) {
    std::int64_t count = 0;
    if (meter.track.diagnostics().is_log_due(kind, context_.clock.steady(), count)) {
        telemetry::log_warning("a meter is in trouble",
                               {{"meter_id", meter.track.config().meter_id},
                                {"line_id", config_.line_id},
                                {"kind", kind},
                                {"error", text},
                                {"count", std::to_string(count)}});
    }
}

void LineWorker::fail(ReadTask& task, const Status& status) {
    if (task.done) {
        task.done(status);
    }
}

void LineWorker::flush() {
    if (batch_.empty()) {
        return;
    }
    LineBatch batch;
    std::swap(batch, batch_);
    batch.line_id = config_.line_id;
    batch.trace_id = telemetry::new_trace_id();
    context_.spool.push(std::move(batch));
}

void LineWorker::update_status() {
    LineStatus status;
    status.last_good_time = last_good_time_;
    int enabled = 0;
    int mute = 0;
    for (const std::unique_ptr<Meter>& meter : meters_) {
        if (!meter->track.config().enabled) {
            continue;
        }
        ++enabled;
        status.lost_meter_count += meter->track.memory().online ? 0 : 1;
        status.quarantined_count += meter->track.memory().quarantined ? 1 : 0;
        mute += meter->track.is_mute() ? 1 : 0;
    }
    status.meter_count = static_cast<int>(meters_.size());
    if (config_.enabled && enabled > 0) {
        status.silent_since = last_good_time_.value_or(start_time_);
    }
    if (!config_.enabled) {
        status.state = LineState::kDisabled;
    } else if (wire_.is_unreachable() || (enabled > 0 && mute == enabled)) {
        status.state = LineState::kLost;
    } else if (last_good_time_ || heard_) {
        status.state = LineState::kOnline;
    }
    const std::lock_guard lock(mutex_);
    status_ = status;
}

// For those who watch that lines go on: a line that hangs shows what it showed last.
void LineWorker::show_read_due() {
    if (running_ && config_.enabled) {
        read_due_ = sweeping_ ? last_work_ : std::max(next_sweep_, last_work_);
    } else {
        read_due_ = kNoRead;
    }
}

Instant LineWorker::slot_of(Instant instant) const {
    const std::int64_t interval = Duration(config_.poll_interval).count();
    return from_micros(to_micros(instant) / interval * interval);
}

}  // namespace prepay::metering
