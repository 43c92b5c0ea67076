#include "fault.h"

#include <algorithm>

namespace prepay::simulator {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kFaultsMax = 64;
constexpr std::chrono::milliseconds kDelayMax = 1h;

bool needs_delay(FaultKind kind) {
    return kind == FaultKind::kSlow || kind == FaultKind::kLateAnswer ||
           kind == FaultKind::kReboot || kind == FaultKind::kLateExecution;
}

Status check(const Fault& fault, Framing framing) {
    if (fault.delay < 0ms || fault.delay > kDelayMax) {
        return invalid_argument("BAD_FAULT", "delay_ms must be 0 to 3600000");
    }
    if (needs_delay(fault.kind) && fault.delay == 0ms) {
        return invalid_argument(
            "BAD_FAULT", "SLOW, LATE_ANSWER, REBOOT and LATE_EXECUTION need a delay_ms above 0");
    }
    if (fault.kind == FaultKind::kException && fault.exception_code == 0) {
        return invalid_argument("BAD_FAULT", "EXCEPTION needs an exception_code of 1 to 255");
    }
    if (fault.count < 0 || fault.function_code < 0 || fault.function_code > 127) {
        return invalid_argument("BAD_FAULT", "count must be >= 0 and function_code 0 to 127");
    }
    if (fault.kind == FaultKind::kBadCrc && framing != Framing::kRtu) {
        return invalid_argument("BAD_FAULT", "BAD_CRC needs a line with RTU framing");
    }
    if (fault.kind == FaultKind::kBadMbap && framing != Framing::kMbap) {
        return invalid_argument("BAD_FAULT", "BAD_MBAP needs a line with MBAP framing");
    }
    return absl::OkStatus();
}

void merge(const Fault& fault, int& bad_mbap_turn, FaultEffect& effect) {
    switch (fault.kind) {
        case FaultKind::kSilent:
        case FaultKind::kRequestLost:
            effect.execute = false;
            effect.answer = false;
            return;
        case FaultKind::kSlow:
            effect.delay = std::max(effect.delay, fault.delay);
            return;
        case FaultKind::kException:
            effect.execute = false;
            effect.exception_code = fault.exception_code;
            return;
        case FaultKind::kBadCrc:
            effect.bad_crc = true;
            return;
        case FaultKind::kBadMbap:
            effect.bad_mbap = 1 + bad_mbap_turn;
            bad_mbap_turn = (bad_mbap_turn + 1) % 3;
            return;
        case FaultKind::kAnswerLost:
            effect.answer = false;
            return;
        case FaultKind::kLateAnswer:
            effect.late = true;
            effect.delay = std::max(effect.delay, fault.delay);
            return;
        case FaultKind::kReboot:
            return;  // a state with an end, kept by its owner
        case FaultKind::kContradict:
            effect.contradict = true;
            return;
        case FaultKind::kRelayStuck:
            effect.relay_stuck = true;
            return;
        case FaultKind::kLateExecution:
            effect.execute_after = std::max(effect.execute_after, fault.delay);
            return;
    }
}

}  // namespace

Status FaultList::set(const std::vector<Fault>& faults, Framing framing) {
    if (faults.size() > kFaultsMax) {
        return invalid_argument("BAD_FAULT", "at most 64 faults on one meter or line");
    }
    for (const Fault& fault : faults) {
        PREPAY_RETURN_IF_ERROR(check(fault, framing));
    }
    faults_ = faults;
    bad_mbap_turn_ = 0;
    return absl::OkStatus();
}

void FaultList::apply(int function_code, bool relay_write, FaultEffect& effect) {
    if (faults_.empty()) {
        return;
    }
    std::erase_if(faults_, [&](Fault& fault) {
        const bool relay_only = fault.kind == FaultKind::kContradict ||
                                fault.kind == FaultKind::kRelayStuck ||
                                fault.kind == FaultKind::kLateExecution;
        const bool fits = (fault.function_code == 0 || fault.function_code == function_code) &&
                          (!relay_only || relay_write) && fault.kind != FaultKind::kReboot;
        if (!fits) {
            return false;
        }
        merge(fault, bad_mbap_turn_, effect);
        return fault.count > 0 && --fault.count == 0;
    });
}

std::chrono::milliseconds FaultList::reboot() const {
    auto longest = 0ms;
    for (const Fault& fault : faults_) {
        if (fault.kind == FaultKind::kReboot) {
            longest = std::max(longest, fault.delay);
        }
    }
    return longest;
}

}  // namespace prepay::simulator
