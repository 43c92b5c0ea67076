#pragma once

#include <cstdint>
#include <string>

#include <google/protobuf/message.h>

#include "core/status.h"

namespace prepay::rpc {

constexpr int kPageSizeDefault = 100;
constexpr int kPageSizeMax = 1000;

/// What every request keeps to, whatever its method; the server checks it before the handler sees
/// the request. Reasons:
/// - BAD_PAGE_SIZE: `page_size` is 0 .. kPageSizeMax.
/// - BAD_TIME: times lie from 2000 to 2100; everything else is a mistake of units.
/// - BAD_TEXT: texts hold no zero byte, which PostgreSQL could not store.
Status check_request(const google::protobuf::Message& request);

/// Rows of a page: `page_size` of a checked request, 0 = kPageSizeDefault.
constexpr int page_size_of(int page_size) { return page_size == 0 ? kPageSizeDefault : page_size; }

/// The number in a page token that is the sequence of the page before's last row; 0 for the first
/// page (empty token). Reason BAD_PAGE_TOKEN.
Result<std::int64_t> sequence_of(const std::string& page_token);

/// The error for a page token that this service did not hand out: BAD_PAGE_TOKEN.
Status bad_page_token();

}  // namespace prepay::rpc
