#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "config/config.h"
#include "payments/app/payments.h"

namespace prepay::account {

/// The keys below `wechat.`; all of them, or none: then payments answer WECHAT_NOT_CONFIGURED.
struct WechatConfig {
    std::string base_url;
    std::string appid;
    std::string mchid;
    std::string merchant_private_key_pem;
    std::string merchant_serial;
    std::string api_v3_key;
    std::string platform_keys_dir;
    std::string notify_url;
    std::chrono::milliseconds timeout{5000};
};

struct AccountConfig {
    std::optional<WechatConfig> wechat;
    PaymentTimes payment_times;
    std::chrono::milliseconds claim_timeout{
        900'000};  ///< After it a claimed switch counts as unknown.
    std::chrono::milliseconds sweep_interval{1000};
    std::chrono::milliseconds full_sweep_interval{30'000};
};

/// Reads the service's own keys; problems are noted in the reader.
void read_config(config::Reader& reader, AccountConfig& config);

}  // namespace prepay::account
