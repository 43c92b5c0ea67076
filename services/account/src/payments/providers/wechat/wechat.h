#pragma once

#include <memory>

#include "config.h"
#include "payments/ports.h"

namespace prepay::account::wechat {

/// WeChat Pay as configured. Reasons KEY_INVALID, KEYS_MISSING, BAD_API_V3_KEY.
Result<std::unique_ptr<PaymentProvider>> make_provider(const WechatConfig& config,
                                                       const Clock& clock);

/// Looks into what the keys below `wechat.` name and notes problems.
void check_keys(const WechatConfig& config, config::Reader& reader);

}  // namespace prepay::account::wechat
