#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/status.h"
#include "pg/request_answer.h"
#include "rpc/request_rules.h"
#include "rpc/server.h"

namespace prepay::metering {

/// Of all methods.
constexpr const char* kServicePrefix = "prepay.metering.v1.MeteringService/";

/// The key under which a mutation's answer is kept.
inline pg::RequestKey key_of(const rpc::CallContext& context) {
    return {context.request_id, context.method, context.content_hash, context.identity.subject};
}

/// Reason BAD_COUNT unless `count` is 1 .. `max`.
Status check_count(int count, int max, const char* what);

/// A page's place (see rpc/request_rules.h) of two parts: "<number>.<text>".
std::string make_place(std::int64_t number, const std::string& text);
struct Place {
    std::int64_t number = 0;
    std::string text;
};
/// Reason BAD_PAGE_TOKEN.
Result<Place> parse_place(const std::string& text);

}  // namespace prepay::metering
