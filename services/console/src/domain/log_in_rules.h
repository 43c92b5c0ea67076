#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/time.h"

namespace prepay::console {

inline constexpr std::size_t kPasswordLengthMin = 10;
inline constexpr std::size_t kPasswordLengthMax = 128;

/// Wrong passwords after which the next attempt has to wait, 2 s and twice as long each time. For
/// an address it is more: an office behind one address has many people.
inline constexpr int kFreeFailuresOfName = 5;
inline constexpr int kFreeFailuresOfAddress = 20;
inline constexpr std::chrono::minutes kPauseMaxOfName{5};
inline constexpr std::chrono::minutes kPauseMaxOfAddress{15};
/// What was wrong longer ago is forgotten.
inline constexpr std::chrono::hours kForgetTime{1};

/// Wrong passwords so far.
struct Failures {
    int count = 0;
    Instant last_time{};
};

/// What counts when `name` is tried from an address. A name counts whether or not there is such a
/// user.
struct AttemptState {
    Failures name;     ///< Of this name, from anywhere.
    Failures address;  ///< Of this address, with any name.
    Failures pair;     ///< Of this name from this address.
};

struct AttemptDecision {
    Duration wait{};    ///< Zero: the password may be looked at.
    AttemptState next;  ///< Then.
};

/// How long after the n-th failure the next attempt may come.
Duration pause_of_name(int failure_count);
Duration pause_of_address(int failure_count);

/// Decides whether a password is looked at at all, before it is. An attempt that is let through
/// counts as a failure until forgive(): a hundred at once are a hundred. One that has to wait
/// neither counts nor prolongs the wait, and its password is not looked at.
/// The pause of an address holds for all it tries. The pause of a name holds for addresses that
/// failed with this name: whoever never did gets in with the right password while a stranger
/// hammers the name, and a stranger gets one look from each address.
AttemptDecision decide_attempt(const AttemptState& state, Instant now);

/// After an attempt that came to nothing: its password was not looked at.
AttemptState take_back(const AttemptState& state);

/// After the right password: what this address did wrong with this name is forgotten, what others
/// did is not.
AttemptState forgive(const AttemptState& state);

/// Until when log-ins with a name, or from an address, have to wait; nothing when they do not.
std::optional<Instant> pause_end_of_name(const Failures& failures, Instant now);
std::optional<Instant> pause_end_of_address(const Failures& failures, Instant now);

/// Whether an administrator should see a user: a log-in has to wait, or has to after the next wrong
/// password.
bool is_noteworthy(const Failures& name, const std::vector<Failures>& addresses, Instant now);

/// Why a user name or password is not acceptable; nothing when it is.
std::optional<std::string> check_user_name(const std::string& user_name);
std::optional<std::string> check_new_password(const std::string& password);

}  // namespace prepay::console
