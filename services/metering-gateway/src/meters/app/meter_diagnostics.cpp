#include "meters/app/meter_diagnostics.h"

namespace prepay::metering {

ReadError MeterDiagnostics::add_reply(const WireReply& reply, Instant now) {
    if (!reply.sent_bytes.empty()) {
        frames_.keep(reply.sent_time, FrameDirection::kSent, reply.sent_bytes);
    }
    if (!reply.received_bytes.empty()) {
        frames_.keep(reply.received_time, FrameDirection::kReceived, reply.received_bytes);
    }
    ReadError error = error_of(reply);
    if (error.kind.empty()) {
        ++report_.good_count;
    } else {
        add_error(error.kind, error.text, now);
    }
    return error;
}

void MeterDiagnostics::add_error(const std::string& kind, const std::string& text, Instant now) {
    report_.last_error_kind = kind;
    report_.last_error_text = text;
    report_.last_error_time = now;
    ++report_.error_counts[kind];
}

DiagnosticsReport MeterDiagnostics::report() const {
    DiagnosticsReport report = report_;
    report.frames = frames_.frames();
    return report;
}

std::vector<Frame> MeterDiagnostics::last_frames(std::size_t count) const {
    const std::vector<Frame> frames = frames_.frames();
    auto first = frames.end();
    while (first != frames.begin() && count > 0) {
        --first;
        count -= first->direction == FrameDirection::kSent ? 1 : 0;
    }
    return {first, frames.end()};
}

bool MeterDiagnostics::is_log_due(const std::string& kind,
                                  std::chrono::steady_clock::time_point now, std::int64_t& count) {
    const auto [state, first] = logs_.try_emplace(kind);
    LogState& log = state->second;
    ++log.waiting;
    if (!first && now - log.log_time < kLogPeriod) {
        return false;
    }
    count = log.waiting;
    log = {now, 0};
    return true;
}

}  // namespace prepay::metering
