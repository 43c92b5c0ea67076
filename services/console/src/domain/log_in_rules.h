#pragma once

#include <optional>
#include <string>

#include "core/time.h"

namespace prepay::console {

/// Wrong passwords in a row after which a name is locked, and for how long.
inline constexpr int kFailureMax = 5;
inline constexpr std::chrono::minutes kLockTime{5};
inline constexpr std::size_t kPasswordLengthMin = 10;
inline constexpr std::size_t kPasswordLengthMax = 128;

/// What the store knows of a user's attempts.
struct LogInState {
    bool enabled = true;
    int failure_count = 0;
    std::optional<Instant> locked_until;
};

enum class LogInOutcome { kAccepted, kWrongPassword, kLockedOut, kDisabled };

struct LogInDecision {
    LogInOutcome outcome = LogInOutcome::kWrongPassword;
    LogInState next;
};

/// Decides one attempt. Order: locked out, wrong password, disabled, accepted. The fifth failure in
/// a row locks; an attempt while locked neither counts nor prolongs.
LogInDecision decide_log_in(const LogInState& state, bool password_matches, Instant now);

/// Why a user name or password is not acceptable; nothing when it is.
std::optional<std::string> check_user_name(const std::string& user_name);
std::optional<std::string> check_new_password(const std::string& password);

}  // namespace prepay::console
