#pragma once

#include <string>

#include "core/time.h"
#include "rpc/token.h"

namespace prepay::test {

/// A key pair for tokens, as the console has it, made new for each object.
class TokenKeys {
public:
    TokenKeys();

    [[nodiscard]] const std::string& public_pem() const { return public_pem_; }
    [[nodiscard]] const std::string& private_pem() const { return private_pem_; }
    /// A token of an hour from now on the clock; with `account_id` for a tenant.
    [[nodiscard]] std::string token(rpc::Role role, const std::string& subject,
                                    const std::string& account_id = "",
                                    const Clock& clock = SystemClock()) const;

private:
    std::string private_pem_;
    std::string public_pem_;
};

}  // namespace prepay::test
