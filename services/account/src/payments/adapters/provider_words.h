#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/time.h"

namespace prepay::account {

// What every payment provider's words are read with.

/// A notice is no larger, whoever sends it.
constexpr std::size_t kNoticeBytesMax = 64 << 10;

/// Seconds since 1970, as providers write the time of what they sign.
std::string seconds_text(Instant time);
/// Whether such a text is at most 11 digits and nothing else, and within 5 minutes of now, before
/// or after.
bool is_recent(const std::string& seconds, Instant now);

/// The text of an object's key; "" when it is absent or something else.
std::string text_at(const nlohmann::json& json, const char* key);
/// Ids of the provider and of orders: visible ASCII, nothing that a database or a log would choke
/// on.
bool is_id(const std::string& text, std::size_t length_max);

}  // namespace prepay::account
