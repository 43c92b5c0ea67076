#pragma once

#include <chrono>
#include <vector>

#include "core/status.h"
#include "modbus_frame.h"

namespace prepay::simulator {

/// What can go wrong; the meaning of each is in the control proto.
enum class FaultKind {
    kSilent,
    kSlow,
    kException,
    kBadCrc,
    kBadMbap,
    kRequestLost,
    kAnswerLost,
    kLateAnswer,
    kReboot,
    kContradict,
    kRelayStuck,
    kLateExecution,
};

struct Fault {
    FaultKind kind = FaultKind::kSilent;
    std::chrono::milliseconds delay{0};
    std::uint8_t exception_code = 0;
    int count = 0;          // requests it applies to; 0 = until cleared
    int function_code = 0;  // 0 = all
};

/// What the faults do to one request, all together.
struct FaultEffect {
    bool execute = true;
    bool answer = true;
    bool late = false;                   // the answer waits `delay` without holding the line
    std::chrono::milliseconds delay{0};  // of the answer
    std::uint8_t exception_code = 0;     // 0 = none
    bool bad_crc = false;
    int bad_mbap = 0;  // 0 = none, else 1 transaction id, 2 protocol id, 3 length
    bool contradict = false;
    bool relay_stuck = false;
    std::chrono::milliseconds execute_after{0};
};

/// The faults set on a line or a meter. Not thread-safe.
class FaultList {
public:
    /// Replaces the list. Reason BAD_FAULT for a value out of range or one that the framing cannot
    /// show; the list is then unchanged.
    Status set(const std::vector<Fault>& faults, Framing framing);
    void clear() { faults_.clear(); }

    /// Applies the faults that fit the request and uses up one of each one's count.
    void apply(int function_code, bool relay_write, FaultEffect& effect);

    /// The longest REBOOT of the list; zero when there is none.
    [[nodiscard]] std::chrono::milliseconds reboot() const;

private:
    std::vector<Fault> faults_;
    int bad_mbap_turn_ = 0;
};

}  // namespace prepay::simulator
