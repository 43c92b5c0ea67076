#include "adapters/provider_callbacks.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "adapters/connect_routes.h"

namespace prepay::console {
namespace {

HttpAnswer no_content() {
    HttpAnswer answer;
    answer.status = 204;
    return answer;
}

// WeChat's shape of a refusal.
HttpAnswer code_and_message(const Status& status) {
    HttpAnswer answer = error_answer(status);
    answer.body = nlohmann::json({{"code", "FAIL"}, {"message", error_reason(status)}}).dump();
    return answer;
}

constexpr ProviderCallback kCallbacks[] = {
    {"/callbacks/wechat", "a Wechatpay header", "wechatpay-timestamp", "wechatpay-nonce",
     "wechatpay-signature", "wechatpay-serial", &no_content, &code_and_message},
};

}  // namespace

const ProviderCallback* callback_at(const std::string& path) {
    const auto* const found =
        std::find_if(std::begin(kCallbacks), std::end(kCallbacks),
                     [&path](const ProviderCallback& one) { return path == one.path; });
    return found == std::end(kCallbacks) ? nullptr : found;
}

Status take_headers(const ProviderCallback& callback, const HttpRequest& request,
                    account::v1::HandleWechatNoticeRequest& notice) {
    notice.set_timestamp(request.header(callback.timestamp_header));
    notice.set_nonce(request.header(callback.nonce_header));
    notice.set_signature(request.header(callback.signature_header));
    notice.set_serial(request.header(callback.serial_header));
    for (const std::string* value :
         {&notice.timestamp(), &notice.nonce(), &notice.signature(), &notice.serial()}) {
        if (!is_printable(*value)) {
            return invalid_argument("BAD_HEADER",
                                    std::string(callback.header_words) + " is not printable ASCII");
        }
    }
    return absl::OkStatus();
}

}  // namespace prepay::console
