#include "readings/app/reading_spool.h"

#include <chrono>

#include "core/crash_point.h"
#include "telemetry/log.h"

namespace prepay::metering {
namespace {

constexpr std::chrono::milliseconds kRetryPause{250};

}  // namespace

ReadingSpool::ReadingSpool(BatchStore& store, const GatewayMetrics& metrics,
                           std::size_t readings_max)
    : store_(store), metrics_(metrics), readings_max_(readings_max) {}

void ReadingSpool::push(LineBatch batch) {
    if (batch.empty()) {
        return;
    }
    batch.spool_time = std::chrono::steady_clock::now();
    {
        const std::lock_guard lock(mutex_);
        reading_count_ += batch.readings.size();
        queue_.push_back(std::move(batch));
        thin();
        metrics_.spool_size(reading_count_);
    }
    changed_.notify_one();
}

// Oldest first; the closing and opening pair of a rollover (no values) is never dropped.
void ReadingSpool::thin() {
    std::size_t dropped = 0;
    auto batch = queue_.begin();
    while (batch != queue_.end() && reading_count_ > readings_max_) {
        const std::size_t before = batch->readings.size();
        std::erase_if(batch->readings,
                      [](const Reading& reading) { return reading.values.has_value(); });
        dropped += before - batch->readings.size();
        reading_count_ -= before - batch->readings.size();
        batch = batch->empty() ? queue_.erase(batch) : std::next(batch);
    }
    if (dropped > 0) {
        metrics_.spool_dropped(dropped);
    }
}

std::vector<LineBatch> ReadingSpool::take() {
    std::vector<LineBatch> batches;
    if (!queue_.empty()) {
        writing_ = queue_.front().spool_time;
    }
    while (!queue_.empty() && batches.size() < kBatchesPerWrite) {
        reading_count_ -= queue_.front().readings.size();
        batches.push_back(std::move(queue_.front()));
        queue_.pop_front();
    }
    metrics_.spool_size(reading_count_);
    return batches;
}

void ReadingSpool::put_back(std::vector<LineBatch> batches) {
    const std::lock_guard lock(mutex_);
    for (auto batch = batches.rbegin(); batch != batches.rend(); ++batch) {
        reading_count_ += batch->readings.size();
        queue_.push_front(std::move(*batch));
    }
    metrics_.spool_size(reading_count_);
    PREPAY_CRASH_POINT("metering.spool_rotated");
}

// One bad batch must not hold up the others for ever.
void ReadingSpool::write_singly(std::vector<LineBatch> batches) {
    for (std::size_t i = 0; i < batches.size(); ++i) {
        const Status status = store_.write({batches[i]});
        if (status.code() == absl::StatusCode::kUnavailable) {
            put_back({std::make_move_iterator(batches.begin() + static_cast<std::ptrdiff_t>(i)),
                      std::make_move_iterator(batches.end())});
            return;
        }
        note_done();
        if (!status.ok()) {
            metrics_.spool_dropped(batches[i].readings.size());
            telemetry::log_error(
                "a sweep could not be stored",
                {{"line_id", batches[i].line_id}, {"error", telemetry::describe(status)}});
        } else {
            metrics_.readings_stored(batches[i].readings.size());
        }
    }
}

bool ReadingSpool::write(std::vector<LineBatch> batches) {
    const Status status = store_.write(batches);
    if (status.ok()) {
        std::size_t count = 0;
        for (const LineBatch& batch : batches) {
            count += batch.readings.size();
        }
        note_done();
        metrics_.readings_stored(count);
        PREPAY_CRASH_POINT("metering.event_stored");
        return true;
    }
    telemetry::log_warning("readings wait for PostgreSQL",
                           {{"error", telemetry::describe(status)}});
    if (status.code() == absl::StatusCode::kUnavailable ||
        status.code() == absl::StatusCode::kAborted) {
        put_back(std::move(batches));
        return false;
    }
    write_singly(std::move(batches));
    return true;
}

void ReadingSpool::run(const std::stop_token& stop) {
    bool healthy = true;
    while (true) {
        std::vector<LineBatch> batches;
        {
            std::unique_lock lock(mutex_);
            if (!healthy) {
                changed_.wait_for(lock, stop, kRetryPause, [] { return false; });
            }
            changed_.wait(lock, stop, [this] { return !queue_.empty(); });
            batches = take();
        }
        if (batches.empty()) {
            return;  // Stopped, and nothing is left.
        }
        healthy = write(std::move(batches));
        {
            const std::lock_guard lock(mutex_);
            writing_.reset();
        }
        if (!healthy && stop.stop_requested()) {
            return;  // The registers hold what could not be stored.
        }
    }
}

std::optional<ReadingSpool::Waiting> ReadingSpool::waiting() const {
    const std::lock_guard lock(mutex_);
    if (!writing_ && queue_.empty()) {
        return std::nullopt;
    }
    return Waiting{writing_ ? *writing_ : queue_.front().spool_time, last_done_};
}

void ReadingSpool::note_done() {
    const std::lock_guard lock(mutex_);
    last_done_ = std::chrono::steady_clock::now();
}

std::size_t ReadingSpool::size() const {
    const std::lock_guard lock(mutex_);
    return reading_count_;
}

}  // namespace prepay::metering
