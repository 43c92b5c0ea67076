#include "lines/app/reading_watch.h"

#include "telemetry/log.h"

namespace prepay::metering {
namespace {

std::string whole_seconds(std::chrono::milliseconds time) {
    return std::to_string(time.count() / 1000) + " s";
}

double gauge_seconds(std::chrono::milliseconds time) {
    return static_cast<double>(time.count()) / 1000.0;
}

std::string describe_late(const ReadingProgress::Late& late) {
    return "line " + late.line_id + " has a read due and has done nothing for " +
           whole_seconds(late.time);
}

}  // namespace

Status ReadingWatch::judge() const {
    if (progress_.is_reading_stalled()) {
        return unavailable("READINGS_STALLED", describe_late(progress_.late()));
    }
    if (progress_.is_storing_stalled()) {
        return unavailable("READINGS_STALLED", "readings have waited to be stored for " +
                                                   whole_seconds(progress_.storing_time()));
    }
    return absl::OkStatus();
}

void ReadingWatch::look() {
    const auto now = context_.clock.steady();
    const LinePark::Reads reads = context_.park.reads();
    const auto waiting = context_.spool.waiting();
    progress_.look(reads.due, waiting ? std::optional(waiting->last_done) : std::nullopt,
                   context_.is_store_up(), now);
    const auto span = [now](std::chrono::steady_clock::time_point since) {
        return gauge_seconds(std::chrono::duration_cast<std::chrono::milliseconds>(now - since));
    };
    context_.metrics.read_late(gauge_seconds(progress_.late().time));
    context_.metrics.spool_age(waiting ? span(waiting->oldest) : 0);
    context_.metrics.reading_age(
        reads.oldest_good
            ? static_cast<double>((context_.clock.now() - *reads.oldest_good).count()) / 1e6
            : 0);
    const Status found = judge();
    {
        const std::lock_guard lock(mutex_);
        const bool was_standing = !standing_.ok();
        standing_ = found;
        if (!found.ok() && !was_standing) {
            telemetry::log_error("reading stands still", {{"error", telemetry::describe(found)}});
        } else if (found.ok() && was_standing) {
            telemetry::log_info("reading goes on");
        }
    }
    if (progress_.is_hopeless()) {
        context_.give_up(describe_late(progress_.late()));
    }
}

Status ReadingWatch::readiness() const {
    const std::lock_guard lock(mutex_);
    return standing_;
}

}  // namespace prepay::metering
