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

/// Empties every field, at any depth, that carries the option `(common.v1.secret)`.
void clear_secrets(google::protobuf::Message& message);

/// Rows of a page: `page_size` of a checked request, 0 = kPageSizeDefault.
constexpr int page_size_of(int page_size) { return page_size == 0 ? kPageSizeDefault : page_size; }

/// Page tokens. A handler deals in places: the key of a page's last row, as plain text. The server
/// makes the response's `next_page_token` of the place a handler leaves there, and gives it back in
/// the request's `page_token`, so that no handler ever sees what its own method did not hand out.
/// `method` is "prepay.billing.v1.BillingService/ListTariffs".
void seal_page_token(const std::string& method, google::protobuf::Message& response);
/// Reason BAD_PAGE_TOKEN. The first page (no token) is not touched.
Status open_page_token(const std::string& method, google::protobuf::Message& request);

/// The number in a place that is the sequence of the page before's last row; 0 for the first page
/// (empty). Reason BAD_PAGE_TOKEN.
Result<std::int64_t> sequence_of(const std::string& place);

/// The error for a page token that this method did not hand out: BAD_PAGE_TOKEN.
Status bad_page_token();

}  // namespace prepay::rpc
