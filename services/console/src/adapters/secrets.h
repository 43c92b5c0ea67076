#pragma once

#include <string>

#include "core/status.h"

namespace prepay::console {

/// Argon2id (RFC 9106, second recommended option scaled to a small server: 19 MiB, 2 passes) as PHC
/// string.
Result<std::string> hash_password(const std::string& password);
bool password_matches(const std::string& password, const std::string& phc_hash);

/// 256 random bits as base64url.
std::string random_token();
/// SHA-256 in hex, for storing tokens.
std::string token_hash(const std::string& token);

}  // namespace prepay::console
