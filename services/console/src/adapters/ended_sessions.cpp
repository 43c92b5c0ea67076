#include "adapters/ended_sessions.h"

#include "core/pause.h"
#include "telemetry/log.h"

namespace prepay::console {
namespace {

constexpr std::chrono::seconds kInterval{5};
constexpr std::chrono::hours kHousekeepingInterval{1};
constexpr std::chrono::minutes kClockSkewMax{1};  ///< Of replicas and the database.

}  // namespace

Status EndedSessions::look() {
    PREPAY_ASSIGN_OR_RETURN(
        std::set<std::string> ended,
        store_.ended_sessions(clock_.now() - config_.access_token_time - kClockSkewMax));
    access_.refuse_sessions(std::move(ended));
    return absl::OkStatus();
}

void EndedSessions::run(const std::stop_token& stop) {
    auto next_housekeeping = clock_.steady();
    while (!stop.stop_requested()) {
        if (const Status status = look(); !status.ok()) {
            telemetry::log_warning("ended sessions could not be read",
                                   {{"error", telemetry::describe(status)}});
        }
        if (clock_.steady() >= next_housekeeping) {
            if (const Status status = store_.forget_sessions(clock_.now()); !status.ok()) {
                telemetry::log_warning("old sessions are deleted later",
                                       {{"error", telemetry::describe(status)}});
            }
            next_housekeeping = clock_.steady() + kHousekeepingInterval;
        }
        pause(stop, kInterval);
    }
}

}  // namespace prepay::console
