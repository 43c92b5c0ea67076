#include "payments/providers/wechat/wechat.h"

#include "payments/providers/wechat/wechat_pay.h"

namespace prepay::account {

Result<std::unique_ptr<PaymentProvider>> make_provider(const AccountConfig& config,
                                                       const Clock& clock) {
    if (!config.wechat) {
        return std::unique_ptr<PaymentProvider>();
    }
    const WechatConfig& wechat = *config.wechat;
    PREPAY_ASSIGN_OR_RETURN(std::unique_ptr<PaymentProvider> provider,
                            WechatPay::create({wechat.base_url,
                                               {wechat.appid, wechat.mchid},
                                               wechat.merchant_private_key_pem,
                                               wechat.merchant_serial,
                                               wechat.api_v3_key,
                                               wechat.platform_keys_dir,
                                               wechat.notify_url,
                                               wechat.timeout},
                                              clock));
    return provider;
}

void check_keys(const AccountConfig& config, config::Reader& reader) {
    if (!config.wechat) {
        return;
    }
    const SystemClock clock;
    const auto own = RsaKey::private_from_pem(config.wechat->merchant_private_key_pem);
    if (!own.ok()) {
        reader.problem("wechat.merchant_private_key", error_message(own.status()));
    }
    const auto platform = PlatformKeys::load(config.wechat->platform_keys_dir, clock);
    if (!platform.ok()) {
        reader.problem("wechat.platform_keys_dir", error_message(platform.status()));
    }
}

}  // namespace prepay::account
