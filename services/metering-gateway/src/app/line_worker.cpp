#include "app/line_worker.h"

#include <algorithm>

#include "core/ids.h"
#include "telemetry/log.h"

namespace prepay::metering {
namespace {

constexpr std::chrono::milliseconds kFlushAfter{1000};
constexpr std::chrono::milliseconds kIdleMax{1000};

}  // namespace

LineWorker::LineWorker(LineConfig config, const LineContext& context)
    : context_(context),
      wire_(context.port_factory, config, context.clock, context.metrics),
      runner_(wire_, context.clock, context.commands, context.claims, context.board,
              context.metrics, context.command_settings),
      config_(std::move(config)),
      shown_config_(config_) {
    batch_.line_id = config_.line_id;
    status_.state = config_.enabled ? LineState::kConnecting : LineState::kDisabled;
}

void LineWorker::post(std::function<void()> change) {
    {
        const std::lock_guard lock(mutex_);
        inbox_.push_back(std::move(change));
    }
    changed_.notify_one();
}

void LineWorker::drain_inbox() {
    std::deque<std::function<void()>> changes;
    {
        const std::lock_guard lock(mutex_);
        changes.swap(inbox_);
    }
    for (const auto& change : changes) {
        change();
    }
}

void LineWorker::submit(Command command, bool resolve) {
    post([this, resolve, order = std::move(command)]() mutable {
        if (jobs_.size() >= kJobsMax) {
            telemetry::log_error("a line's command queue is full; the row waits for a restart",
                                 {{"line_id", config_.line_id}});
            return;
        }
        const bool known = std::any_of(jobs_.begin(), jobs_.end(), [&](const CommandJob& other) {
            return other.command.command_id == order.command_id;
        });
        if (known) {
            return;
        }
        CommandJob job;
        job.command = std::move(order);
        // A command of an earlier process: whatever was sent has long settled.
        job.phase = resolve ? CommandJob::Phase::kReadBack : CommandJob::Phase::kSend;
        job.sent_at = resolve ? context_.clock.steady() - context_.command_settings.settle_time
                              : context_.clock.steady();
        jobs_.push_back(std::move(job));
        wire_.urge();
    });
}

void LineWorker::withdraw(const std::string& command_id) {
    post([this, command_id] {
        std::erase_if(jobs_, [&](const CommandJob& job) {
            return job.command.command_id == command_id && job.command.attempt_count == 0 &&
                   job.phase == CommandJob::Phase::kSend;
        });
    });
}

Result<DemandResult> LineWorker::read_now(const std::string& meter_id,
                                          std::chrono::milliseconds timeout) {
    auto promise = std::make_shared<std::promise<Result<DemandResult>>>();
    auto answer = promise->get_future();
    post([this, meter_id, promise] {
        ReadTask task;
        task.promise = promise;
        task.meter = find_meter(meter_id);
        if (task.meter == nullptr) {
            fail(task, not_found("UNKNOWN_METER", "no meter " + meter_id + " on this line"));
            return;
        }
        if (!config_.enabled) {
            fail(task, failed_precondition("LINE_DISABLED", "the line is switched off"));
            return;
        }
        task.blocks = task.meter->due_blocks(true);
        demands_.push_back(std::move(task));
    });
    if (answer.wait_for(timeout) != std::future_status::ready) {
        return make_error(absl::StatusCode::kDeadlineExceeded, "READ_TIMEOUT",
                          "the line did not come to this meter in time");
    }
    return answer.get();
}

void LineWorker::put_meter(const MeterConfig& config, std::shared_ptr<const DriverPack> pack,
                           const MeterMemory& memory) {
    context_.board.update(config.meter_id, memory.online, memory.latest);
    post([this, config, pack, memory] {
        if (MeterTrack* known = find_meter(config.meter_id)) {
            known->reconfigure(config, pack, context_.limits);
        } else {
            meters_[config.meter_id] =
                std::make_unique<MeterTrack>(config, pack, context_.limits, memory);
            next_sweep_ = std::min(next_sweep_, context_.clock.steady());
        }
        update_status();
    });
}

void LineWorker::reconfigure(const LineConfig& config) {
    {
        const std::lock_guard lock(mutex_);
        shown_config_ = config;
    }
    post([this, config] {
        abort_sweep();
        flush();
        wire_.reconfigure(config);
        config_ = config;
        next_sweep_ = context_.clock.steady();
        update_status();
    });
}

void LineWorker::advance_base(const std::string& meter_id, const ReadingBase& base) {
    post([this, meter_id, base] {
        if (MeterTrack* meter = find_meter(meter_id)) {
            meter->advance_base(base);
        }
    });
}

LineStatus LineWorker::status() const {
    const std::lock_guard lock(mutex_);
    return status_;
}

LineConfig LineWorker::config() const {
    const std::lock_guard lock(mutex_);
    return shown_config_;
}

void LineWorker::run(const std::stop_token& stop) {
    next_sweep_ = context_.clock.steady();
    while (!stop.stop_requested()) {
        drain_inbox();
        if (!step()) {
            wait(stop);
        }
    }
    abort_sweep();
    flush();
    wire_.close();
}

// At most one request, of the most urgent lane; false when there is nothing to do now.
bool LineWorker::step() {
    expire_jobs();
    if (!config_.enabled) {
        return false;
    }
    if (CommandJob* job = next_job()) {
        run_job(*job);
        return true;
    }
    if (!demands_.empty()) {
        if (run_task(demands_.front()) == TaskStep::kDone) {
            demands_.pop_front();
            flush();
        }
        return true;
    }
    if (sweeping_) {
        if (sweep_.empty()) {
            end_sweep();
        } else if (run_task(sweep_.front()) == TaskStep::kDone && !sweep_.empty()) {
            sweep_.pop_front();
        }
        if (!batch_.empty() && context_.clock.steady() - batch_start_ > kFlushAfter) {
            flush();
        }
        return true;
    }
    if (context_.clock.steady() >= next_sweep_) {
        begin_sweep(true);
        return true;
    }
    return reconnect();
}

void LineWorker::wait(const std::stop_token& stop) {
    const auto now = context_.clock.steady();
    auto until = now + kIdleMax;
    if (config_.enabled) {
        until = std::min(until, next_sweep_);
        if (wire_.is_unreachable()) {
            until = std::min(until, wire_.next_try());
        }
        for (const CommandJob& job : jobs_) {
            auto due = job.not_before;
            if (job.phase != CommandJob::Phase::kPersist && !wire_.is_ready()) {
                due = std::max(due, wire_.next_try());
            }
            until = std::min(until, std::max(due, now + std::chrono::milliseconds(1)));
        }
    }
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, stop, until, [this] { return !inbox_.empty(); });
}

// Orders to transmit go before read-backs; of one meter strictly in their order.
CommandJob* LineWorker::next_job() {
    const auto now = context_.clock.steady();
    const bool wire_ready = wire_.is_ready();
    CommandJob* second = nullptr;
    std::vector<const std::string*> busy;
    for (CommandJob& job : jobs_) {
        const std::string& meter_id = job.command.meter_id;
        const bool behind = std::any_of(
            busy.begin(), busy.end(), [&](const std::string* other) { return *other == meter_id; });
        busy.push_back(&meter_id);
        const bool stored_only = job.phase == CommandJob::Phase::kPersist;
        if (behind || job.not_before > now || (!stored_only && !wire_ready)) {
            continue;
        }
        if (job.phase == CommandJob::Phase::kSend) {
            return &job;
        }
        second = second == nullptr ? &job : second;
    }
    return second;
}

bool LineWorker::is_superseded(const CommandJob& job) const {
    bool after = false;
    for (const CommandJob& other : jobs_) {
        if (&other == &job) {
            after = true;
        } else if (after && other.command.meter_id == job.command.meter_id) {
            return true;
        }
    }
    return false;
}

void LineWorker::run_job(CommandJob& job) {
    MeterTrack* meter = find_meter(job.command.meter_id);
    if (meter == nullptr || meter->pack().commands.count(job.command.action) == 0) {
        telemetry::log_error("a command has no meter or no such action",
                             {{"command_id", job.command.command_id}});
        job.not_before = context_.clock.steady() + kIdleMax;
        return;
    }
    if (job.phase != CommandJob::Phase::kPersist && !wire_.ensure_connected()) {
        update_status();
        return;
    }
    if (runner_.step(job, *meter, is_superseded(job), batch_)) {
        const std::string command_id = job.command.command_id;
        std::erase_if(
            jobs_, [&](const CommandJob& other) { return other.command.command_id == command_id; });
        flush();
    }
}

void LineWorker::expire_jobs() {
    for (std::size_t i = 0; i < jobs_.size();) {
        CommandJob& job = jobs_[i];
        const bool waiting = job.phase == CommandJob::Phase::kSend;
        if (waiting && runner_.is_expired(job.command) && runner_.expire(job)) {
            jobs_.erase(jobs_.begin() + static_cast<std::ptrdiff_t>(i));
        } else {
            ++i;
        }
    }
}

MeterTrack* LineWorker::find_meter(const std::string& meter_id) {
    const auto found = meters_.find(meter_id);
    return found == meters_.end() ? nullptr : found->second.get();
}

}  // namespace prepay::metering
