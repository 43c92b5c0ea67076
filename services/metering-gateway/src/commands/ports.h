#pragma once

#include <string>

#include "commands/domain/command.h"
#include "core/status.h"
#include "holds/domain/meter_state.h"

namespace prepay::metering {

/// The rows of commands as their line changes them. Blocks; called from several threads.
class CommandStore {
public:
    virtual ~CommandStore() = default;
    /// Records attempt `command.attempt_count` before its first byte is sent, and publishes it.
    /// Reasons COMMAND_CLOSED (cancelled meanwhile), DATABASE_UNAVAILABLE.
    virtual Status mark_sending(const Command& command) = 0;
    /// Stores the final state with values and frames, and in the same transaction the meter's holds
    /// if the order changed them; publishes both. Storing it twice changes nothing. Reasons
    /// COMMAND_CLOSED (it ended otherwise meanwhile), DATABASE_UNAVAILABLE.
    virtual Status finish(const Command& command, const MeterStateChange* holds_change) = 0;
    /// Stores an order that a line gives itself. Storing it twice changes nothing.
    virtual Status insert_own(const Command& command) = 0;
};

enum class ClaimOutcome { kGranted, kDenied, kUnanswered };

/// Account's word on cutting a meter.
struct CutAnswer {
    ClaimOutcome outcome = ClaimOutcome::kUnanswered;
    std::string user = {};         ///< Denied: who set keep-power; may be empty.
    std::string reason_text = {};  ///< Denied: and why, in their words; may be empty.
};

/// Account's word on an order right before the wire. Blocks; called from several threads.
class SwitchPermits {
public:
    virtual ~SwitchPermits() = default;
    /// Whether a switch intent still holds, decided under the account's lock.
    virtual ClaimOutcome claim(const std::string& intent_id) = 0;
    /// Whether a meter may be cut at this moment; denied = the account is to keep its power.
    virtual CutAnswer check_cut(const std::string& meter_id) = 0;
};

/// The lines that carry orders out. Thread-safe.
class OrderLines {
public:
    virtual ~OrderLines() = default;
    /// Takes an order whose row is stored. `resolve`: it may have been sent before a crash, so the
    /// relay is read before anything else. One that its line knows already is left alone.
    virtual void submit(const Command& command, bool resolve) = 0;
    /// Forgets an order that was cancelled before its first attempt.
    virtual void withdraw(const std::string& line_id, const std::string& command_id) = 0;
};

}  // namespace prepay::metering
