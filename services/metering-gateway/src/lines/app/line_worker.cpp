#include "lines/app/line_worker.h"

#include <algorithm>

#include "core/ids.h"
#include "telemetry/log.h"

namespace prepay::metering {
namespace {

constexpr std::chrono::milliseconds kIdleMax{1000};
constexpr std::chrono::seconds kRepairPause{20};
constexpr std::chrono::minutes kRepairTime{15};
constexpr std::chrono::seconds kReleasePauseMin{20};
constexpr std::chrono::seconds kReleasePauseMax{900};

}  // namespace

LineWorker::LineWorker(LineConfig config, const LineContext& context, LineLoop& loop)
    : context_(context),
      loop_(loop),
      wire_(loop, config, context.clock, context.metrics),
      runner_(loop, wire_, context.clock, context.commands, context.permits, context.board,
              context.metrics, context.command_settings),
      timer_(loop.make_timer([this] { woken_.set(); })),
      config_(std::move(config)),
      start_time_(context.clock.now()) {
    batch_.line_id = config_.line_id;
    wire_.watch(
        [this](MeterAddress address, const WireReply& reply) { note_reply(address, reply); });
    status_.state = config_.enabled ? LineState::kConnecting : LineState::kDisabled;
}

void LineWorker::start() {
    loop_.post([this] {
        running_ = true;
        life_ = run();
        life_.start();
    });
}

void LineWorker::stop(std::function<void()> stopped) {
    loop_.post([this, stopped = std::move(stopped)]() mutable {
        if (!running_) {
            stopped();
            return;
        }
        stopped_ = std::move(stopped);
        woken_.set();
    });
}

void LineWorker::post(std::function<void()> change) {
    loop_.post([this, change = std::move(change)]() mutable {
        inbox_.push_back(std::move(change));
        if (ended_) {
            drain_inbox();
            abort_sweep();  // Who wants a reading now is told at once.
        }
        woken_.set();
    });
}

void LineWorker::drain_inbox() {
    while (!inbox_.empty()) {
        const auto change = std::move(inbox_.front());
        inbox_.pop_front();
        change();
    }
}

void LineWorker::submit(Command command, bool resolve) {
    post([this, resolve, order = std::move(command)]() mutable {
        if (jobs_.size() >= kJobsMax) {
            telemetry::log_error(
                "a line's command queue is full; the row is handed over again later",
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
        job.phase = resolve ? CommandJob::Phase::kReadBack : CommandJob::Phase::kLook;
        job.sent_at = resolve ? context_.clock.steady() - context_.command_settings.settle_time
                              : context_.clock.steady();
        if (Meter* meter = find_meter(job.command.meter_id)) {
            meter->track.set_switching(true);
        }
        jobs_.push_back(std::move(job));
        wire_.urge();
    });
}

void LineWorker::withdraw(const std::string& command_id) {
    post([this, command_id] {
        std::string meter_id;
        std::erase_if(jobs_, [&](const CommandJob& job) {
            const bool withdrawn = job.command.command_id == command_id &&
                                   job.command.attempt_count == 0 && CommandRunner::is_waiting(job);
            meter_id = withdrawn ? job.command.meter_id : meter_id;
            return withdrawn;
        });
        update_switching(meter_id);
    });
}

void LineWorker::read_now(const std::string& meter_id, ReadCallback done) {
    post([this, meter_id, done = std::move(done)] {
        ReadTask task;
        task.done = done;
        task.meter = find_meter(meter_id);
        if (task.meter == nullptr) {
            fail(task, not_found("UNKNOWN_METER", "no meter " + meter_id + " on this line"));
        } else if (!config_.enabled) {
            fail(task, failed_precondition("LINE_DISABLED", "the line is switched off"));
        } else {
            demands_.push_back(std::move(task));
        }
    });
}

void LineWorker::put_meter(const MeterConfig& config, std::shared_ptr<const DriverPack> pack,
                           const MeterMemory& memory) {
    LatestBoard::Slot& slot = context_.board.slot(config.meter_id);
    context_.board.update(slot, memory.online, memory.latest);
    post([this, &slot, config, pack, memory] {
        if (Meter* known = find_meter(config.meter_id)) {
            known->track.reconfigure(config, pack, context_.limits);
        } else {
            meters_.push_back(std::make_unique<Meter>(
                Meter{MeterTrack(config, pack, context_.limits, memory), slot}));
            next_sweep_ = std::min(next_sweep_, context_.clock.steady());
        }
        update_status();
    });
}

void LineWorker::reconfigure(const LineConfig& config) {
    post([this, config] {
        if (config == config_) {
            return;
        }
        abort_sweep();
        flush();
        wire_.reconfigure(config);
        if (config.address != config_.address || config.transport != config_.transport) {
            for (const std::unique_ptr<Meter>& meter : meters_) {
                meter->track.doubt();
            }
        }
        heard_ = false;
        config_ = config;
        next_sweep_ = context_.clock.steady();
        update_status();
    });
}

void LineWorker::advance_base(const std::string& meter_id, const ReadingBase& base) {
    post([this, meter_id, base] {
        if (Meter* meter = find_meter(meter_id)) {
            meter->track.advance_base(base);
        }
    });
}

void LineWorker::leave_quarantine(const std::string& meter_id,
                                  const std::optional<ReadingBase>& base,
                                  const std::optional<Suspicion>& discarded) {
    post([this, meter_id, base, discarded] {
        if (Meter* meter = find_meter(meter_id)) {
            meter->track.leave_quarantine(base, discarded);
            update_status();
        }
    });
}

void LineWorker::report(const std::string& meter_id, ReportCallback done) {
    post([this, meter_id, done = std::move(done)] {
        Meter* meter = find_meter(meter_id);
        done(meter == nullptr ? std::nullopt : std::optional(meter->track.report()));
    });
}

LineStatus LineWorker::status() const {
    LineStatus status;
    {
        const std::lock_guard lock(mutex_);
        status = status_;
    }
    const auto due = read_due_.load();
    status.read_due = due == kNoRead ? std::nullopt : std::optional(due);
    return status;
}

Task<> LineWorker::run() {
    next_sweep_ = context_.clock.steady();
    while (!stopped_) {
        drain_inbox();
        show_read_due();
        const bool worked = co_await step();
        last_work_ = worked ? context_.clock.steady() : last_work_;
        if (!worked && inbox_.empty() && !stopped_) {
            timer_->set(next_event());
            co_await woken_;
        }
    }
    drain_inbox();
    abort_sweep();
    flush();
    wire_.close();
    timer_.reset();
    running_ = false;
    show_read_due();
    ended_ = true;
    loop_.post(std::move(stopped_));  // When this coroutine has ended.
}

// At most one request, of the most urgent lane; false when there is nothing to do now.
Task<bool> LineWorker::step() {
    if (!jobs_.empty()) {
        co_await expire_jobs();
    }
    if (!config_.enabled) {
        co_return false;
    }
    CommandJob* const job = next_job();
    // A repeated try takes turns with the reads: meters that do not answer must not keep the others
    // of their line from being read.
    const bool repeated = job != nullptr && job->backoff.count() > 0;
    if (job != nullptr && !(repeated && tried_again_)) {
        tried_again_ = repeated;
        co_await run_job(*job);
        co_return true;
    }
    tried_again_ = false;
    if (!demands_.empty()) {
        const TaskStep done = co_await run_task(demands_.front());
        if (done == TaskStep::kDone) {
            demands_.pop_front();
            flush();
        }
        co_return true;
    }
    if (sweeping_) {
        co_await step_sweep();
        co_return true;
    }
    if (context_.clock.steady() >= next_sweep_) {
        co_await begin_sweep(true);
        co_return true;
    }
    co_return co_await reconnect();
}

// When there may be something to do although nobody posts.
std::chrono::steady_clock::time_point LineWorker::next_event() const {
    const auto now = context_.clock.steady();
    auto until = now + kIdleMax;
    if (!config_.enabled) {
        return until;
    }
    until = std::min(until, next_sweep_);
    if (wire_.is_unreachable()) {
        until = std::min(until, wire_.next_try());
    }
    for (const CommandJob& job : jobs_) {
        if (is_behind(job)) {
            continue;
        }
        auto due = job.not_before;
        if (job.phase != CommandJob::Phase::kPersist && !wire_.is_ready()) {
            due = std::max(due, wire_.next_try());
        }
        until = std::min(until, std::max(due, now + std::chrono::milliseconds(1)));
    }
    return until;
}

// Orders to transmit go before read-backs, of each those that are due longest: meters that do not
// answer never hold up an order to another one. Of one meter strictly in their order.
CommandJob* LineWorker::next_job() {
    const auto now = context_.clock.steady();
    const bool wire_ready = wire_.is_ready();
    const auto rank = [](const CommandJob& job) {
        return std::pair(!CommandRunner::is_waiting(job), job.not_before);
    };
    CommandJob* best = nullptr;
    for (CommandJob& job : jobs_) {
        const bool stored_only = job.phase == CommandJob::Phase::kPersist;
        if (job.not_before > now || (!stored_only && !wire_ready) || is_behind(job)) {
            continue;
        }
        best = best == nullptr || rank(job) < rank(*best) ? &job : best;
    }
    return best;
}

bool LineWorker::is_behind(const CommandJob& job) const {
    for (const CommandJob& other : jobs_) {
        if (&other == &job) {
            break;
        }
        if (other.command.meter_id == job.command.meter_id) {
            return true;
        }
    }
    return false;
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

Task<> LineWorker::run_job(CommandJob& job) {
    Meter* meter = find_meter(job.command.meter_id);
    if (meter == nullptr || meter->track.pack().commands.count(job.command.action) == 0) {
        telemetry::log_error("a command has no meter or no such action",
                             {{"command_id", job.command.command_id}});
        job.not_before = context_.clock.steady() + kIdleMax;
        co_return;
    }
    if (job.phase != CommandJob::Phase::kPersist) {
        const bool connected = co_await wire_.ensure_connected();
        if (!connected) {
            update_status();
            co_return;
        }
    }
    const bool over = co_await runner_.step(job, meter->track, is_superseded(job), batch_);
    if (over) {
        std::erase_if(jobs_, [id = job.command.command_id](const CommandJob& other) {
            return other.command.command_id == id;
        });
        update_switching(meter->track.config().meter_id);
        flush();
    }
}

Task<> LineWorker::expire_jobs() {
    for (std::size_t i = 0; i < jobs_.size();) {
        CommandJob& job = jobs_[i];
        bool over = false;
        if (CommandRunner::is_waiting(job) && runner_.is_expired(job.command)) {
            Meter* meter = find_meter(job.command.meter_id);
            over = co_await runner_.expire(job, meter == nullptr ? nullptr : &meter->track);
            last_work_ = context_.clock.steady();
            show_read_due();
        }
        if (over) {
            const std::string meter_id = job.command.meter_id;
            jobs_.erase(jobs_.begin() + static_cast<std::ptrdiff_t>(i));
            update_switching(meter_id);
        } else {
            ++i;
        }
    }
}

bool LineWorker::has_job(const std::string& meter_id) const {
    return std::any_of(jobs_.begin(), jobs_.end(),
                       [&](const CommandJob& job) { return job.command.meter_id == meter_id; });
}

void LineWorker::update_switching(const std::string& meter_id) {
    if (Meter* meter = find_meter(meter_id)) {
        meter->track.set_switching(has_job(meter_id));
    }
}

// Called when a meter was read: what an order of ours did too late is undone by an order of its
// own, with a row and evidence like any other.
void LineWorker::repair_late_effect(Meter& meter) {
    const MeterMemory& memory = meter.track.memory();
    if (meter.track.is_switching() || context_.clock.steady() < meter.next_repair) {
        return;
    }
    const std::optional<Repair> repair = repair_of(memory.holds, memory.relay, memory.late);
    if (!repair || meter.track.pack().commands.count(repair->action) == 0) {
        return;
    }
    meter.next_repair = context_.clock.steady() + kRepairPause;
    add_own_order(meter, *repair, "an earlier order took effect late");
}

// Called when a meter was read: a hold whose time is over ends by a CLOSE of its holder's, which
// takes the way of every order. Tried again with growing pauses while the meter does not obey.
void LineWorker::release_expired_hold(Meter& meter, bool is_time_known) {
    const auto now = context_.clock.steady();
    if (!is_time_known || meter.track.is_switching() || now < meter.next_release) {
        return;
    }
    const std::optional<Hold> hold = due_release(meter.track.memory().holds, context_.clock.now());
    if (!hold || meter.track.pack().commands.count(CommandAction::kClose) == 0) {
        meter.release_pause = {};
        return;
    }
    meter.release_pause = std::clamp(meter.release_pause * 2, kReleasePauseMin, kReleasePauseMax);
    meter.next_release = now + meter.release_pause;
    add_own_order(meter, {CommandAction::kClose, hold->holder, false},
                  "the time of the hold is over");
}

void LineWorker::add_own_order(Meter& meter, const Repair& order, const std::string& reason_text) {
    CommandJob job;
    job.stored = false;
    Command& command = job.command;
    command.command_id = new_id(context_.clock);
    command.meter_id = meter.track.config().meter_id;
    command.line_id = config_.line_id;
    command.action = order.action;
    command.holder = order.holder;
    command.override_keep_power = order.override_keep_power;
    command.reason_text = reason_text;
    command.initiator = kOwnInitiator;
    command.create_time = context_.clock.now();
    command.not_after = command.create_time + kRepairTime;
    command.trace_id = telemetry::new_trace_id();
    meter.track.set_switching(true);
    jobs_.push_back(std::move(job));
}

LineWorker::Meter* LineWorker::find_meter(const std::string& meter_id) {
    const auto found = std::find_if(meters_.begin(), meters_.end(), [&](const auto& meter) {
        return meter->track.config().meter_id == meter_id;
    });
    return found == meters_.end() ? nullptr : found->get();
}

// Most likely the one of last time or the one after it; to look at all of them for every reply
// would cost more than the reply.
LineWorker::Meter* LineWorker::find_meter(MeterAddress address) {
    for (std::size_t i = 0; i < meters_.size(); ++i) {
        const std::size_t index = (heard_index_ + i) % meters_.size();
        if (meters_[index]->track.config().address == address) {
            heard_index_ = index;
            return meters_[index].get();
        }
    }
    return nullptr;
}

}  // namespace prepay::metering
