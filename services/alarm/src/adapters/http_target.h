#pragma once

#include <string>
#include <vector>

#include <sys/socket.h>

#include "core/status.h"
#include "domain/target.h"

namespace prepay::alarm {

/// Where webhooks may go beside public addresses (S-16). Immutable, thread-safe.
class TargetRules {
public:
    /// Entries are host names, addresses or blocks ("10.1.0.0/16"). Reason BAD_ALLOWED_TARGET.
    static Result<TargetRules> parse(const std::vector<std::string>& entries);

    /// For the address a connection is about to be made to, i.e. after name resolution.
    [[nodiscard]] bool allows(const std::string& host, const sockaddr& address) const;

    /// Whether the host of a URL is an address that allows() refuses. Names pass: they are looked
    /// at when they are resolved. Reason BAD_TARGET for what is no URL.
    [[nodiscard]] Result<bool> refuses_literal(const std::string& url) const;

private:
    std::vector<std::string> hosts_;
    std::vector<IpBlock> blocks_;
};

/// The host of a URL, lower case, without brackets; reason BAD_TARGET.
Result<std::string> host_of(const std::string& url);

}  // namespace prepay::alarm
