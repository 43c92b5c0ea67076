#include "meters/app/meter_diagnostics.h"

#include "meters/app/read_error.h"

namespace prepay::metering {

void MeterDiagnostics::add_reply(const WireReply& reply, Instant now) {
    if (!reply.sent_bytes.empty()) {
        keep(reply.sent_time, FrameDirection::kSent, reply.sent_bytes);
    }
    if (!reply.received_bytes.empty()) {
        keep(reply.received_time, FrameDirection::kReceived, reply.received_bytes);
    }
    const ReadError error = error_of(reply);
    if (error.kind.empty()) {
        ++report_.good_count;
    } else {
        add_error(error.kind, error.text, now);
    }
}

// The oldest frame's memory is used again: lines keep frames all the time.
void MeterDiagnostics::keep(Instant time, FrameDirection direction, const Bytes& data) {
    Frame frame;
    if (report_.frames.size() >= kFramesMax) {
        frame = std::move(report_.frames.front());
        report_.frames.pop_front();
    }
    frame.frame_time = time;
    frame.direction = direction;
    frame.data.assign(data.begin(), data.end());
    report_.frames.push_back(std::move(frame));
}

void MeterDiagnostics::add_error(const std::string& kind, const std::string& text, Instant now) {
    report_.last_error_kind = kind;
    report_.last_error_text = text;
    report_.last_error_time = now;
    ++report_.error_counts[kind];
}

std::vector<Frame> MeterDiagnostics::last_frames(std::size_t count) const {
    auto first = report_.frames.end();
    while (first != report_.frames.begin() && count > 0) {
        --first;
        count -= first->direction == FrameDirection::kSent ? 1 : 0;
    }
    return {first, report_.frames.end()};
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
