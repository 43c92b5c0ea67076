#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "devices/domain/meter.h"
#include "devices/domain/relay.h"
#include "holds/domain/hold.h"

namespace prepay::metering {

/// kVerified and all after it are final.
enum class CommandState {
    kQueued,
    kSending,
    kVerified,
    kNotVerified,
    kContradicted,
    kExpired,
    kCancelled,
    kRefused,
    kStillHeld,  ///< The hold is released, others keep the relay open.
};

constexpr bool is_final(CommandState state) {
    return state != CommandState::kQueued && state != CommandState::kSending;
}

/// Of orders that the gateway makes by itself.
inline constexpr const char* kOwnInitiator = "prepay-metering";

/// A relay command with its evidence. `command_id` is the initiator's key.
struct Command {
    std::string command_id;
    std::string meter_id;
    std::string line_id;
    CommandAction action = CommandAction::kTrip;
    CommandState state = CommandState::kQueued;
    std::string reason_text;
    std::string initiator;
    std::string intent_id;                    ///< Account's switch intent, or empty.
    Holder holder = Holder::kOperator;        ///< Whose hold it places or releases.
    bool override_keep_power = false;         ///< Goes out although account says to keep the power.
    std::optional<Instant> hold_expire_time;  ///< Of a trip: when its hold releases itself.
    Instant create_time{};
    std::optional<Instant> not_after;  ///< Absent for intents: they wait for their line.
    std::optional<Instant> send_time;  ///< First attempt's last byte handed to the wire.
    std::optional<Instant> finish_time;
    int attempt_count = 0;
    std::optional<MeterValues> before;
    std::optional<MeterValues> after;
    std::vector<Frame> frames;
    std::vector<Hold> remaining_holds;  ///< Of others, when it was carried out.
    std::string failure_reason;         ///< Stable word where the state is not kVerified.
    std::int64_t revision = 1;          ///< Grows with each change.
    std::string trace_id;               ///< Of the call or message that ordered it.
};

/// What the wire said to a write.
enum class WriteOutcome { kAcknowledged, kUnknown, kNotSent, kRefused, kBusy };

/// What the relay said when it was read back.
enum class ReadBack { kAsOrdered, kOtherwise, kUnreadable };

/// What to do with a command after a write and a read-back.
enum class CommandStep { kVerified, kContradicted, kRefused, kSendAgain, kReadAgain, kNotVerified };

/// Facts that decide a command's next step.
struct CommandFacts {
    WriteOutcome write = WriteOutcome::kUnknown;
    ReadBack read_back = ReadBack::kUnreadable;
    bool settled = false;         ///< The relay had the time it needs to act.
    bool attempts_left = false;   ///< Another numbered attempt is allowed.
    bool superseded = false;      ///< A newer order for the same meter waits behind this one.
    bool verify_expired = false;  ///< The time for reading back is over.
};

/// The rule, in order of precedence: an effect that was read back counts whatever the write said; a
/// refused write is final; a write that nobody saw arrive is repeated only after a read-back showed
/// that it had no effect, never while the outcome is unknown; a meter that acknowledged and shows
/// otherwise after its settling time contradicts.
CommandStep decide_step(const CommandFacts& facts);

const char* state_text(CommandState state);
std::optional<CommandState> state_from_text(const std::string& text);

}  // namespace prepay::metering
