#pragma once

#include <string>

#include "rpc/token.h"

namespace prepay::test {

/// A key pair for tokens, as the console has it, made new for each test.
class TokenKeys {
public:
    TokenKeys();

    [[nodiscard]] const std::string& public_pem() const { return public_pem_; }
    /// A token of an hour; with `account_id` for a tenant.
    [[nodiscard]] std::string token(rpc::Role role, const std::string& subject,
                                    const std::string& account_id = "") const;

private:
    std::string private_pem_;
    std::string public_pem_;
};

}  // namespace prepay::test
