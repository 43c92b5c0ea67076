#pragma once

#include <string>

#include "adapters/http_message.h"
#include "core/status.h"
#include "prepay/account/v1/account.pb.h"

namespace prepay::console {

/// Where the notices of a payment provider come in, and how it wants to be answered. The account
/// service reads and believes them; here is known only what travels in which header.
struct ProviderCallback {
    const char* path;
    const char* header_words;  ///< "a Wechatpay header", for the refusal of one that is not ASCII.
    /// Headers in lower case; empty = this provider has none.
    const char* timestamp_header;
    const char* nonce_header;
    const char* signature_header;
    const char* serial_header;
    HttpAnswer (*accepted)();
    HttpAnswer (*refused)(const Status& status);  ///< It sends the notice again.
};

/// The callback at a path; null when there is none.
const ProviderCallback* callback_at(const std::string& path);

/// The request's headers in the notice. Reason BAD_HEADER.
Status take_headers(const ProviderCallback& callback, const HttpRequest& request,
                    account::v1::HandleWechatNoticeRequest& notice);

}  // namespace prepay::console
