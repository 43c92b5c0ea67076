#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

#include "core/status.h"

namespace prepay::account {

/// A call of a payment provider.
struct HttpCall {
    std::string method;  ///< "GET" or "POST".
    std::string url;
    std::vector<std::string> headers;  ///< "Name: value".
    std::string body;                  ///< Of a POST.
    std::chrono::milliseconds timeout{5000};
};

struct HttpReply {
    long status = 0;
    std::string body;                            ///< At most 256 KiB.
    std::map<std::string, std::string> headers;  ///< Names in lower case.
};

/// Once, before the first call. Reason CURL_FAILED.
Status prepare_http();

/// Whatever status the answer has; redirects are not followed. Reasons PROVIDER_UNAVAILABLE,
/// PROVIDER_ANSWER_INVALID (too large). Thread-safe.
Result<HttpReply> http_call(const HttpCall& call);

}  // namespace prepay::account
