#pragma once

#include <memory>

#include "config.h"
#include "payments/ports.h"

namespace prepay::account {

/// WeChat Pay as configured. Reasons KEY_INVALID, KEYS_MISSING, BAD_API_V3_KEY.
Result<std::unique_ptr<PaymentProvider>> make_wechat(const WechatConfig& config,
                                                     const Clock& clock);

/// Looks into what the keys below `wechat.` name and notes problems.
void check_wechat_keys(const WechatConfig& config, config::Reader& reader);

}  // namespace prepay::account
