#pragma once

#include <string>
#include <vector>

#include "adapters/http_target.h"
#include "domain/delivery.h"

namespace prepay::alarm {

/// A call of an address that whoever edits channels chose.
struct HttpPost {
    std::string url;
    std::vector<std::string> headers;  ///< "Name: value".
    std::string body;
};

/// Goes only where the rules allow: every address that is connected to is asked about (S-16).
/// Redirects are not followed, proxies not used. An address that is none is refused, BAD_TARGET.
/// Thread-safe.
DeliveryReport http_post(const HttpPost& post, const TargetRules& rules, Duration timeout);

}  // namespace prepay::alarm
