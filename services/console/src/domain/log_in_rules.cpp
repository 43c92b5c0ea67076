#include "domain/log_in_rules.h"

#include <algorithm>

namespace prepay::console {

namespace {

constexpr Duration kFirstPause = std::chrono::seconds(2);

Duration pause(int failure_count, int free_failures, Duration longest) {
    Duration span{};
    for (int i = free_failures; i <= failure_count && span < longest; ++i) {
        span = span == Duration{} ? kFirstPause : 2 * span;
    }
    return std::min(span, longest);
}

Failures remembered(const Failures& failures, Instant now) {
    return now - failures.last_time >= kForgetTime ? Failures{} : failures;
}

Duration rest(const Failures& failures, Duration span, Instant now) {
    return std::clamp(Duration(failures.last_time + span - now), Duration{}, span);
}

std::optional<Instant> pause_end(const Failures& failures, Duration span, Instant now) {
    const Duration wait = rest(remembered(failures, now), span, now);
    return wait > Duration{} ? std::optional(now + wait) : std::nullopt;
}

Failures without(const Failures& failures, int count) {
    return {std::max(0, failures.count - count), failures.last_time};
}

}  // namespace

Duration pause_of_name(int failure_count) {
    return pause(failure_count, kFreeFailuresOfName, kPauseMaxOfName);
}

Duration pause_of_address(int failure_count) {
    return pause(failure_count, kFreeFailuresOfAddress, kPauseMaxOfAddress);
}

AttemptDecision decide_attempt(const AttemptState& state, Instant now) {
    const AttemptState known{remembered(state.name, now), remembered(state.address, now),
                             remembered(state.pair, now)};
    Duration wait = rest(known.address, pause_of_address(known.address.count), now);
    if (known.pair.count > 0) {
        wait = std::max(wait, rest(known.name, pause_of_name(known.name.count), now));
    }
    if (wait > Duration{}) {
        return {wait, state};
    }
    return {
        Duration{},
        {{known.name.count + 1, now}, {known.address.count + 1, now}, {known.pair.count + 1, now}}};
}

AttemptState take_back(const AttemptState& state) {
    return {without(state.name, 1), without(state.address, 1), without(state.pair, 1)};
}

AttemptState forgive(const AttemptState& state) {
    return {without(state.name, state.pair.count), without(state.address, state.pair.count), {}};
}

std::optional<Instant> pause_end_of_name(const Failures& failures, Instant now) {
    return pause_end(failures, pause_of_name(failures.count), now);
}

std::optional<Instant> pause_end_of_address(const Failures& failures, Instant now) {
    return pause_end(failures, pause_of_address(failures.count), now);
}

bool is_noteworthy(const Failures& name, const std::vector<Failures>& addresses, Instant now) {
    return remembered(name, now).count >= kFreeFailuresOfName ||
           std::any_of(addresses.begin(), addresses.end(), [&](const Failures& address) {
               return remembered(address, now).count >= kFreeFailuresOfAddress;
           });
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
