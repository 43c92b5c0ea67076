#include "lines/app/line_park.h"

#include <future>
#include <latch>

#include "telemetry/log.h"

namespace prepay::metering {
namespace {

Status no_meter(const std::string& meter_id) {
    return not_found("UNKNOWN_METER", "no meter " + meter_id + " is registered");
}

Status read_timeout() {
    return make_error(absl::StatusCode::kDeadlineExceeded, "READ_TIMEOUT",
                      "the line did not come to this meter in time");
}

// What a line says when it comes to it; nothing when the time is over. `ask` gets the function that
// takes the answer.
template <typename Answer, typename Ask>
std::optional<Answer> wait_for(std::chrono::milliseconds timeout, Ask ask) {
    const auto promise = std::make_shared<std::promise<Answer>>();
    auto answer = promise->get_future();
    ask([promise](Answer said) { promise->set_value(std::move(said)); });
    if (answer.wait_for(timeout) != std::future_status::ready) {
        return std::nullopt;
    }
    return answer.get();
}

}  // namespace

LinePark::LinePark(const LineContext& context, const PackLibrary& packs,
                   std::vector<LineLoop*> loops)
    : context_(context), packs_(packs), loops_(std::move(loops)) {}

LinePark::~LinePark() { stop(); }

void LinePark::put_line(const LineConfig& config) {
    const std::unique_lock lock(mutex_);
    LineLoop& loop = *loops_[lines_.size() % loops_.size()];
    std::unique_ptr<LineWorker>& line = lines_[config.line_id];
    if (line) {
        line->reconfigure(config);
        return;
    }
    line = std::make_unique<LineWorker>(config, context_, loop);
    if (started_) {
        line->start();
    }
}

void LinePark::put_meter(const MeterConfig& config, const MeterMemory& memory) {
    const std::unique_lock lock(mutex_);
    const auto line = lines_.find(config.line_id);
    const auto pack = packs_.find(config.driver_pack);
    if (line == lines_.end() || pack == packs_.end()) {
        telemetry::log_error("a stored meter has no line or no driver pack here",
                             {{"meter_id", config.meter_id}, {"driver_pack", config.driver_pack}});
        return;
    }
    meters_[config.meter_id] = config;
    line->second->put_meter(config, pack->second, memory);
}

void LinePark::start() {
    const std::unique_lock lock(mutex_);
    started_ = true;
    for (auto& [line_id, line] : lines_) {
        line->start();
    }
}

void LinePark::stop() {
    const std::unique_lock lock(mutex_);
    started_ = false;
    const auto ended =
        std::make_shared<std::latch>(static_cast<std::ptrdiff_t>(lines_.size() + loops_.size()));
    for (auto& [line_id, line] : lines_) {
        line->stop([ended] { ended->count_down(); });
    }
    // Nothing that was posted for a line may run when the line is gone.
    for (LineLoop* loop : loops_) {
        loop->post([ended] { ended->count_down(); });
    }
    ended->wait();
}

std::optional<MeterConfig> LinePark::find_meter(const std::string& meter_id) const {
    const std::shared_lock lock(mutex_);
    const auto found = meters_.find(meter_id);
    return found == meters_.end() ? std::nullopt : std::optional(found->second);
}

bool LinePark::has_line(const std::string& line_id) const { return worker_of(line_id) != nullptr; }

// Workers live as long as the park, so the pointer stays good without the lock.
LineWorker* LinePark::worker_of(const std::string& line_id) const {
    const std::shared_lock lock(mutex_);
    const auto found = lines_.find(line_id);
    return found == lines_.end() ? nullptr : found->second.get();
}

LineWorker* LinePark::worker_of_meter(const std::string& meter_id) const {
    const auto meter = find_meter(meter_id);
    return meter ? worker_of(meter->line_id) : nullptr;
}

LineStatus LinePark::line_status(const std::string& line_id) const {
    const LineWorker* worker = worker_of(line_id);
    return worker == nullptr ? LineStatus{} : worker->status();
}

PlausibilityLimits LinePark::limits(const MeterConfig& config) const {
    return limits_of(config, *packs_.at(config.driver_pack), context_.limits);
}

const DriverPack* LinePark::pack_of(const MeterConfig& config) const {
    const auto found = packs_.find(config.driver_pack);
    return found == packs_.end() ? nullptr : found->second.get();
}

void LinePark::submit(const Command& command, bool resolve) {
    if (LineWorker* worker = worker_of(command.line_id)) {
        worker->submit(command, resolve);
    }
}

void LinePark::withdraw(const std::string& line_id, const std::string& command_id) {
    if (LineWorker* worker = worker_of(line_id)) {
        worker->withdraw(command_id);
    }
}

Result<DemandResult> LinePark::read_now(const std::string& meter_id,
                                        std::chrono::milliseconds timeout) {
    LineWorker* worker = worker_of_meter(meter_id);
    if (worker == nullptr) {
        return no_meter(meter_id);
    }
    auto answer = wait_for<Result<DemandResult>>(
        timeout, [&](auto done) { worker->read_now(meter_id, std::move(done)); });
    return answer ? *std::move(answer) : Result<DemandResult>(read_timeout());
}

void LinePark::advance_base(const std::string& meter_id, const ReadingBase& base) {
    if (LineWorker* worker = worker_of_meter(meter_id)) {
        worker->advance_base(meter_id, base);
    }
}

void LinePark::leave_quarantine(const std::string& meter_id, const std::optional<ReadingBase>& base,
                                const std::optional<Suspicion>& discarded) {
    if (LineWorker* worker = worker_of_meter(meter_id)) {
        worker->leave_quarantine(meter_id, base, discarded);
    }
}

Result<DiagnosticsReport> LinePark::report(const std::string& meter_id,
                                           std::chrono::milliseconds timeout) {
    LineWorker* worker = worker_of_meter(meter_id);
    if (worker == nullptr) {
        return no_meter(meter_id);
    }
    auto answer = wait_for<std::optional<DiagnosticsReport>>(
        timeout, [&](auto done) { worker->report(meter_id, std::move(done)); });
    if (!answer) {
        return read_timeout();
    }
    if (!*answer) {
        return no_meter(meter_id);
    }
    return **std::move(answer);
}

LinePark::Reads LinePark::reads() const {
    Reads reads;
    const std::shared_lock lock(mutex_);
    for (const auto& [line_id, line] : lines_) {
        const LineStatus status = line->status();
        if (status.read_due) {
            reads.due.push_back({line_id, *status.read_due});
        }
        if (status.silent_since &&
            (!reads.oldest_good || *status.silent_since < *reads.oldest_good)) {
            reads.oldest_good = status.silent_since;
        }
    }
    return reads;
}

void LinePark::publish_metrics() const {
    int lines_online = 0;
    int lines_lost = 0;
    int meters = 0;
    int meters_lost = 0;
    int quarantined = 0;
    const std::shared_lock lock(mutex_);
    for (const auto& [line_id, line] : lines_) {
        const LineStatus status = line->status();
        lines_online += status.state == LineState::kOnline ? 1 : 0;
        lines_lost += status.state == LineState::kLost ? 1 : 0;
        meters += status.meter_count;
        meters_lost += status.lost_meter_count;
        quarantined += status.quarantined_count;
    }
    context_.metrics.quarantined(quarantined);
    context_.metrics.lines(lines_online, lines_lost);
    context_.metrics.meters(meters - meters_lost, meters_lost);
}

}  // namespace prepay::metering
