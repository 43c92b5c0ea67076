#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "meters/app/frame_ring.h"
#include "meters/app/read_error.h"
#include "transports/ports.h"

namespace prepay::metering {

struct RefusedBlock {
    int address = 0;
    int count = 0;
    int code = 0;  ///< Of the refusal.
};

/// What a meter did since the start, for people who look for a fault.
struct DiagnosticsReport {
    std::string last_error_kind;  ///< Empty = none.
    std::string last_error_text;
    Instant last_error_time{};
    std::map<std::string, std::int64_t> error_counts;  ///< By kind.
    std::int64_t good_count = 0;
    std::vector<Frame> frames;  ///< The last ones, oldest first.
    std::vector<RefusedBlock> refused_blocks;
};

/// Keeps that report for one meter; bounded, in memory. Used on the line's loop only.
class MeterDiagnostics {
public:
    /// Counts a reply and keeps its frames; what was wrong with it.
    ReadError add_reply(const WireReply& reply, Instant now);
    void add_error(const std::string& kind, const std::string& text, Instant now);

    [[nodiscard]] DiagnosticsReport report() const;
    /// The frames of the last `count` requests.
    [[nodiscard]] std::vector<Frame> last_frames(std::size_t count) const;

    /// Whether an error of this kind is to be logged now: the first of a kind at once, those after
    /// it once a minute; `count` becomes how many the line stands for.
    bool is_log_due(const std::string& kind, std::chrono::steady_clock::time_point now,
                    std::int64_t& count);

    static constexpr std::chrono::seconds kLogPeriod{60};

private:
    struct LogState {
        std::chrono::steady_clock::time_point log_time{};
        std::int64_t waiting = 0;
    };
    DiagnosticsReport report_;  ///< Without frames.
    FrameRing frames_;
    std::map<std::string, LogState> logs_;
};

}  // namespace prepay::metering
