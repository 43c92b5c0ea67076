#pragma once

#include "books/domain/terms.h"
#include "rpc/server.h"

namespace prepay::account {

/// Who only sells gives no credit.
inline CreditRight credit_right(const rpc::CallContext& context) {
    return context.identity.role == rpc::Role::kCashier ? CreditRight::kNone
                                                        : CreditRight::kMayGive;
}

}  // namespace prepay::account
