#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "devices/domain/meter.h"
#include "readings/domain/continuity.h"

namespace prepay::metering {

enum class AnomalyState { kNoted, kOpen, kDecided };

/// A register that was not allowed to become a base, and what became of it.
struct Anomaly {
    std::int64_t anomaly_id = 0;
    std::int64_t meter_no = 0;
    std::string line_id;
    std::string meter_id;
    Resource resource = Resource::kElectricity;
    std::string reason;  ///< A ReadingFault's word.
    AnomalyState state = AnomalyState::kNoted;
    RegisterTotal previous_total;
    std::optional<Instant> previous_read_time;
    RegisterTotal register_total;
    Instant read_time{};
    std::optional<RegisterTotal> latest_total;  ///< In quarantine.
    std::optional<Instant> latest_read_time;
    bool after_change = false;
    std::optional<QuarantineDecision> decision;
    std::optional<RegisterTotal> opening;
    std::optional<RegisterTotal> closing;
    std::string reason_text;
    std::string decided_by;
    std::optional<Instant> decide_time;
    std::vector<Frame> frames;

    /// The register that a decision is about.
    [[nodiscard]] RegisterTotal seen() const { return latest_total.value_or(register_total); }
    [[nodiscard]] Instant seen_time() const { return latest_read_time.value_or(read_time); }
};

struct AnomalyFilter {
    std::optional<AnomalyState> state;
    std::string meter_id;  ///< Empty = all, as the others.
    std::string line_id;
    std::string reason;
};

const char* anomaly_state_text(AnomalyState state);
AnomalyState anomaly_state_from_text(const std::string& text);

}  // namespace prepay::metering
