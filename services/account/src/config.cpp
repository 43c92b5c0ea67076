#include "config.h"

namespace prepay::account {

using std::chrono::milliseconds;

namespace {

/// Nothing without wechat.base_url.
std::optional<WechatConfig> read_wechat(config::Reader& reader) {
    WechatConfig wechat;
    wechat.base_url = reader.text("wechat.base_url", "");
    wechat.appid = reader.text("wechat.appid", "");
    wechat.mchid = reader.text("wechat.mchid", "");
    wechat.merchant_private_key_pem = reader.secret("wechat.merchant_private_key", false);
    wechat.merchant_serial = reader.text("wechat.merchant_serial", "");
    wechat.api_v3_key = reader.secret("wechat.api_v3_key", false);
    wechat.platform_keys_dir = reader.path("wechat.platform_keys_dir", false, "");
    wechat.notify_url = reader.text("wechat.notify_url", "");
    wechat.timeout = reader.duration("wechat.timeout", milliseconds(5000), milliseconds(100),
                                     milliseconds(30'000));
    if (wechat.base_url.empty()) {
        return std::nullopt;
    }
    const std::pair<const char*, const std::string*> required[] = {
        {"wechat.appid", &wechat.appid},
        {"wechat.mchid", &wechat.mchid},
        {"wechat.merchant_private_key", &wechat.merchant_private_key_pem},
        {"wechat.merchant_serial", &wechat.merchant_serial},
        {"wechat.api_v3_key", &wechat.api_v3_key},
        {"wechat.platform_keys_dir", &wechat.platform_keys_dir},
        {"wechat.notify_url", &wechat.notify_url}};
    for (const auto& [key, value] : required) {
        if (value->empty()) {
            reader.problem(key, "is required when wechat.base_url is set");
        }
    }
    while (wechat.base_url.ends_with('/')) {
        wechat.base_url.pop_back();
    }
    while (!wechat.api_v3_key.empty() && wechat.api_v3_key.back() == '\n') {
        wechat.api_v3_key.pop_back();  // Editors end a file with one.
    }
    if (!wechat.api_v3_key.empty() && wechat.api_v3_key.size() != 32) {
        reader.problem("wechat.api_v3_key", "must have exactly 32 characters");
    }
    return wechat;
}

}  // namespace

void read_config(config::Reader& reader, AccountConfig& config) {
    config.wechat = read_wechat(reader);
    config.payment_times.order_lifetime =
        reader.duration("wechat.order_lifetime", milliseconds(900'000), milliseconds(5000),
                        milliseconds(7'200'000));
    config.payment_times.query_after = reader.duration("wechat.query_after", milliseconds(10'000),
                                                       milliseconds(100), milliseconds(600'000));
    config.payment_times.query_interval_max =
        reader.duration("wechat.query_interval_max", milliseconds(60'000), milliseconds(100),
                        milliseconds(3'600'000));
    config.claim_timeout = reader.duration("credit.claim_timeout", milliseconds(900'000),
                                           milliseconds(1000), milliseconds(86'400'000));
    config.sweep_interval = reader.duration("credit.sweep_interval", milliseconds(1000),
                                            milliseconds(50), milliseconds(60'000));
    config.full_sweep_interval = reader.duration("credit.full_sweep_interval", milliseconds(30'000),
                                                 milliseconds(100), milliseconds(3'600'000));
}

}  // namespace prepay::account
