#pragma once

#include <string>
#include <string_view>

#include "core/time.h"

namespace prepay {

/// A new UUIDv7 (RFC 9562): 36 characters, time-ordered to the millisecond, 74 random bits.
/// Thread-safe.
std::string new_id(const Clock& clock);

/// Whether the text is a UUID of any version in lower-case canonical form.
bool is_uuid(std::string_view text);

/// Stable 64-bit FNV-1a of a key; `partition = stable_hash(id) mod n` everywhere.
std::uint64_t stable_hash(std::string_view key);

/// Kafka partition of a key.
int partition_of(std::string_view key, int partition_count);

}  // namespace prepay
