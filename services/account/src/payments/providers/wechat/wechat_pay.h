#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "payments/ports.h"
#include "payments/providers/wechat/wechat_crypto.h"

namespace prepay::account::wechat {

struct WechatOptions {
    std::string base_url;  ///< "https://api.mch.weixin.qq.com", no slash at the end.
    Merchant merchant;
    std::string merchant_private_key_pem;
    std::string merchant_serial;
    std::string api_v3_key;  ///< 32 bytes.
    std::string platform_keys_dir;
    std::string notify_url;
    std::chrono::milliseconds timeout{5000};
};

/// WeChat Pay v3, JSAPI. Every answer and notice is believed only after its signature. Thread-safe.
class WechatPay final : public PaymentProvider {
public:
    /// Reasons KEY_INVALID, KEYS_MISSING, BAD_API_V3_KEY.
    static Result<std::unique_ptr<WechatPay>> create(WechatOptions options, const Clock& clock);

    [[nodiscard]] const Merchant& merchant() const override { return options_.merchant; }
    [[nodiscard]] Status check_payer(const std::string& openid) const override;
    Result<std::string> create_prepay(const Order& order, const std::string& description) override;
    Result<PaymentFact> query(const std::string& order_id) override;
    Status close(const std::string& order_id) override;
    Result<ClientParameters> client_parameters(const std::string& prepay_id) override;
    Result<PaymentFact> open_notice(const SignedNotice& notice) override;

private:
    struct Answer {
        long status = 0;
        std::string body;
    };
    WechatPay(WechatOptions options, const Clock& clock, RsaKey key,
              std::unique_ptr<PlatformKeys> platform_keys)
        : options_(std::move(options)),
          clock_(clock),
          key_(std::move(key)),
          platform_keys_(std::move(platform_keys)) {}
    Result<Answer> call(const std::string& method, const std::string& path,
                        const std::string& body);
    Result<std::string> authorization(const std::string& method, const std::string& path,
                                      const std::string& body);

    WechatOptions options_;
    const Clock& clock_;
    RsaKey key_;
    std::unique_ptr<PlatformKeys> platform_keys_;
};

/// WeChat's `trade_state`. Exact words only: "success" is none of them.
TradeState trade_state_from(const std::string& word);

/// The Authorization value's signed text: "METHOD\npath\ntimestamp\nnonce\nbody\n".
std::string request_text(const std::string& method, const std::string& path,
                         const std::string& timestamp, const std::string& nonce,
                         const std::string& body);

}  // namespace prepay::account::wechat
