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

/// Reason UNKNOWN_METER.
Status unknown_meter(const std::string& meter_id);

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
/// Where a request's page begins: at `first` without a token.
Result<Place> page_start(const std::string& page_token, const Place& first = {});

}  // namespace prepay::metering
