#include "domain/log_in_rules.h"

namespace prepay::console {

LogInDecision decide_log_in(const LogInState& state, bool password_matches, Instant now) {
    if (state.locked_until && *state.locked_until > now) {
        return {LogInOutcome::kLockedOut, state};
    }
    LogInState next = state;
    next.locked_until.reset();
    if (!password_matches) {
        ++next.failure_count;
        if (next.failure_count >= kFailureMax) {
            next.failure_count = 0;
            next.locked_until = now + kLockTime;
        }
        return {LogInOutcome::kWrongPassword, next};
    }
    next.failure_count = 0;
    return {state.enabled ? LogInOutcome::kAccepted : LogInOutcome::kDisabled, next};
}

std::optional<std::string> check_user_name(const std::string& user_name) {
    const bool fits = !user_name.empty() && user_name.size() <= 32;
    if (!fits || user_name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789._-") !=
                     std::string::npos) {
        return "a user name has 1 to 32 of a-z, 0-9, '.', '_' and '-'";
    }
    return std::nullopt;
}

std::optional<std::string> check_new_password(const std::string& password) {
    if (password.size() < kPasswordLengthMin || password.size() > kPasswordLengthMax) {
        return "a password has " + std::to_string(kPasswordLengthMin) + " to " +
               std::to_string(kPasswordLengthMax) + " characters";
    }
    return std::nullopt;
}

}  // namespace prepay::console
