#pragma once

#include <chrono>
#include <optional>

namespace prepay::console {

/// A service token that got into wrong hands is good for as long as it lasts: nobody can take it
/// back. So it is short, and renewed while services run.
constexpr std::chrono::hours kServiceTokenLife{24};
constexpr std::chrono::hours kServiceTokenLifeMax{7 * 24};
/// Of people and tenants who are given one by hand; who logs in has a session that can be ended.
constexpr std::chrono::hours kOtherTokenLife{30 * 24};
constexpr std::chrono::hours kOtherTokenLifeMax{90 * 24};

/// How long a minted token lasts; `hours` goes before `days`, 0 = not said. Nothing = longer than
/// such a token may.
std::optional<std::chrono::hours> token_life(bool for_service, int hours, int days);

}  // namespace prepay::console
