#include "metrics.h"

namespace prepay::scheduler {

SchedulerMetrics::SchedulerMetrics(telemetry::Metrics& metrics)
    : answered_(metrics.counter("prepay_scheduler_submits_total", "Items handed to the gateway.",
                                {{"outcome", "answered"}})),
      unanswered_(metrics.counter("prepay_scheduler_submits_total", "Items handed to the gateway.",
                                  {{"outcome", "unanswered"}})),
      submit_duration_(metrics.histogram("prepay_scheduler_submit_duration_seconds",
                                         "Time of handing one item to the gateway.")),
      stale_(metrics.counter("prepay_scheduler_refused_updates_total",
                             "Item updates that came too late to count.",
                             {{"why", "stale_fence"}})),
      late_(metrics.counter("prepay_scheduler_refused_updates_total",
                            "Item updates that came too late to count.", {{"why", "final"}})),
      started_(metrics.counter("prepay_scheduler_tasks_started_total",
                               "Tasks started at their set time.")) {
    for (const auto& [state, word] :
         {std::pair(ItemState::kVerified, "verified"), std::pair(ItemState::kFailed, "failed"),
          std::pair(ItemState::kCancelled, "cancelled")}) {
        finished_.emplace(state,
                          metrics.counter("prepay_scheduler_items_finished_total",
                                          "Items that reached a final state.", {{"state", word}}));
    }
}

}  // namespace prepay::scheduler
