#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/status.h"
#include "pg/request_answer.h"
#include "rpc/server.h"

namespace prepay::metering {

/// The key under which a mutation's answer is kept.
inline pg::RequestKey key_of(const rpc::CallContext& context) {
    return {context.request_id, context.method, context.content_hash, context.identity.subject};
}

/// `page_size` with its default where it is 0. Reason BAD_PAGE_SIZE outside 0 .. `max`.
Result<int> page_size_of(std::int32_t page_size, int fallback, int max);

/// A page token of two parts, "<number>.<text>" in hex, opaque to callers.
std::string make_page_token(std::int64_t number, const std::string& text);
struct PageToken {
    std::int64_t number = 0;
    std::string text;
};
/// Reason BAD_PAGE_TOKEN.
Result<PageToken> parse_page_token(const std::string& token);

}  // namespace prepay::metering
