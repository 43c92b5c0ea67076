#include "adapters/log_in_watch.h"

#include "telemetry/log.h"

namespace prepay::console {
namespace {

void write(const RefusalLine& line) {
    std::int64_t count = 0;
    std::string outcomes;
    for (const auto& [outcome, times] : line.counts) {
        count += times;
        outcomes += (outcomes.empty() ? "" : ", ") + outcome + " " + std::to_string(times);
    }
    const auto span = std::chrono::duration_cast<std::chrono::seconds>(line.span);
    telemetry::log_warning("log-in refused", {{"client", line.client},
                                              {"outcomes", outcomes},
                                              {"count", std::to_string(count)},
                                              {"span_s", std::to_string(span.count())}});
}

}  // namespace

void LogInWatch::accepted() { metrics_.count_log_in("accepted"); }

void LogInWatch::refused(const std::string& client, const std::string& outcome) {
    metrics_.count_log_in(outcome);
    const std::lock_guard lock(mutex_);
    if (const auto line = sums_.add(client, outcome, clock_.now())) {
        write(*line);
    }
}

void LogInWatch::sweep(bool everything) {
    const std::lock_guard lock(mutex_);
    for (const RefusalLine& line : sums_.sweep(clock_.now(), everything)) {
        write(line);
    }
}

}  // namespace prepay::console
