#pragma once

#include <memory>

#include "config.h"
#include "payments/ports.h"

namespace prepay::account {

/// The provider as configured; null without configuration. Reasons KEY_INVALID, KEYS_MISSING,
/// BAD_API_V3_KEY.
Result<std::unique_ptr<PaymentProvider>> make_provider(const AccountConfig& config,
                                                       const Clock& clock);

/// Looks into what the keys below `wechat.` name and notes problems.
void check_keys(const AccountConfig& config, config::Reader& reader);

}  // namespace prepay::account
