#include "payments/providers/wechat/wechat.h"

#include "payments/providers/wechat/wechat_pay.h"

namespace prepay::account::wechat {

Result<std::unique_ptr<PaymentProvider>> make_provider(const WechatConfig& config,
                                                       const Clock& clock) {
    PREPAY_ASSIGN_OR_RETURN(std::unique_ptr<PaymentProvider> provider,
                            WechatPay::create({config.base_url,
                                               {config.appid, config.mchid},
                                               config.merchant_private_key_pem,
                                               config.merchant_serial,
                                               config.api_v3_key,
                                               config.platform_keys_dir,
                                               config.notify_url,
                                               config.timeout},
                                              clock));
    return provider;
}

void check_keys(const WechatConfig& config, config::Reader& reader) {
    const SystemClock clock;
    const auto own = RsaKey::private_from_pem(config.merchant_private_key_pem);
    if (!own.ok()) {
        reader.problem("wechat.merchant_private_key", error_message(own.status()));
    }
    const auto platform = PlatformKeys::load(config.platform_keys_dir, clock);
    if (!platform.ok()) {
        reader.problem("wechat.platform_keys_dir", error_message(platform.status()));
    }
}

}  // namespace prepay::account::wechat
