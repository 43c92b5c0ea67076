// The relay's judgement of itself, beside its rounds.
#include "core/pause.h"
#include "outbox/outbox.h"
#include "telemetry/log.h"

namespace prepay::outbox {
namespace {

constexpr std::chrono::milliseconds kBrokerThereTimeout{3000};

std::string describe(const OutboxProgress& progress, const OutboxProgress::Seen& seen) {
    return std::to_string(seen.waiting) + " messages wait, none was acknowledged for " +
           std::to_string(progress.waited().count() / 1000) + " s";
}

}  // namespace

// What the database refuses it refuses to a new process too; what the broker refuses may be the
// client's fault.
void Relay::note_round(const Status& status) {
    const std::string reason = error_reason(status);
    const std::lock_guard lock(mutex_);
    trouble_ = status;
    hindered_ = blocked_ || (!status.ok() && reason != "BROKER_UNAVAILABLE" && reason != "FENCED");
}

Status Relay::readiness() const {
    const std::lock_guard lock(mutex_);
    return standing_;
}

OutboxState Relay::state() const {
    const std::lock_guard lock(mutex_);
    return shown_;
}

std::string Relay::look(OutboxProgress& progress) {
    OutboxProgress::Seen seen;
    const auto now = std::chrono::steady_clock::now();
    {
        const std::lock_guard lock(mutex_);
        if (measured_ == looked_at_) {
            return "";  // Readiness knows of the database by itself.
        }
        looked_at_ = measured_;
        const bool hangs = now > round_time_ + kRelayRoundMax;
        seen = {backlog_.message_count, backlog_.published_count, lease_.is_fresh() || hangs, false,
                hindered_ && !hangs};
    }
    if (progress.is_doubtful() && seen.waiting > 0) {
        seen.broker_away = !kafka::check_broker(options_.brokers, kBrokerThereTimeout).ok();
    }
    progress.look(seen, now);
    judge(progress, seen);
    return progress.is_hopeless() ? describe(progress, seen) : "";
}

void Relay::judge(const OutboxProgress& progress, const OutboxProgress::Seen& seen) {
    const std::lock_guard lock(mutex_);
    const bool was_stalled = std::exchange(shown_.stalled, progress.is_stalled());
    standing_ = absl::OkStatus();
    if (shown_.stalled) {
        std::string text = describe(progress, seen);
        if (!trouble_.ok()) {
            text += ": " + telemetry::describe(trouble_);
        } else if (hindered_) {
            text += ": an older transaction is open";
        }
        standing_ = unavailable("OUTBOX_STALLED", text);
    }
    if (shown_.stalled && !was_stalled) {
        telemetry::log_error("the outbox stands still",
                             {{"error", telemetry::describe(standing_)}});
    } else if (was_stalled && !shown_.stalled) {
        telemetry::log_info("the outbox moves again");
    }
    if (progress.is_rebuild_due()) {
        renew_wanted_ = true;
        ++shown_.rebuild_count;
        telemetry::log_error("publishing with a new client");
    }
    if (progress.is_lead_to_be_given_up()) {
        rest_until_ = std::chrono::steady_clock::now() + 2 * options_.lease_time;
        telemetry::log_warning("the broker is silent: another relay may lead");
    }
}

void Relay::watch_progress(const std::stop_token& stop,
                           const std::function<void(const std::string&)>& give_up) {
    OutboxProgress progress(options_.progress);
    while (!stop.stop_requested()) {
        if (const std::string what = look(progress); !what.empty()) {
            telemetry::log_error("the outbox stands still for good", {{"what", what}});
            give_up(what);
        }
        pause(stop, options_.progress.ask_interval);
    }
}

}  // namespace prepay::outbox
