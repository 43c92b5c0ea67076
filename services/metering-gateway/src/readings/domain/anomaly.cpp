#include "readings/domain/anomaly.h"

namespace prepay::metering {

const char* anomaly_state_text(AnomalyState state) {
    switch (state) {
        case AnomalyState::kNoted:
            return "noted";
        case AnomalyState::kOpen:
            return "open";
        case AnomalyState::kDecided:
            return "decided";
    }
    return "noted";
}

AnomalyState anomaly_state_from_text(const std::string& text) {
    return text == "open"      ? AnomalyState::kOpen
           : text == "decided" ? AnomalyState::kDecided
                               : AnomalyState::kNoted;
}

}  // namespace prepay::metering
