#include "adapters/http_target.h"

#include <absl/strings/ascii.h>
#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <optional>

namespace prepay::alarm {
namespace {

std::optional<IpAddress> parse_ip(const std::string& text) {
    IpAddress address;
    if (inet_pton(AF_INET, text.c_str(), address.bytes.data()) == 1) {
        return address;
    }
    address.is_v6 = true;
    if (inet_pton(AF_INET6, text.c_str(), address.bytes.data()) == 1) {
        return address;
    }
    return std::nullopt;
}

std::optional<IpBlock> parse_block(const std::string& text) {
    const auto slash = text.find('/');
    const auto base = parse_ip(text.substr(0, slash));
    if (!base) {
        return std::nullopt;
    }
    const int bits = base->is_v6 ? 128 : 32;
    if (slash == std::string::npos) {
        return IpBlock{*base, bits};
    }
    const std::string length = text.substr(slash + 1);
    if (length.empty() || length.size() > 3 ||
        !std::all_of(length.begin(), length.end(), [](char c) { return c >= '0' && c <= '9'; }) ||
        std::stoi(length) > bits) {
        return std::nullopt;
    }
    return IpBlock{*base, std::stoi(length)};
}

bool is_host_name(const std::string& text) {
    return !text.empty() && text.size() <= 253 && std::all_of(text.begin(), text.end(), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '-';
    });
}

}  // namespace

Result<TargetRules> TargetRules::parse(const std::vector<std::string>& entries) {
    TargetRules rules;
    for (const std::string& entry : entries) {
        if (const auto block = parse_block(entry)) {
            rules.blocks_.push_back(*block);
        } else if (is_host_name(entry)) {
            rules.hosts_.push_back(absl::AsciiStrToLower(entry));
        } else {
            return invalid_argument("BAD_ALLOWED_TARGET",
                                    "'" + entry + "' is no host name, address or block");
        }
    }
    return rules;
}

bool TargetRules::allows(const std::string& host, const sockaddr& address) const {
    if (std::find(hosts_.begin(), hosts_.end(), host) != hosts_.end()) {
        return true;
    }
    IpAddress ip;
    if (address.sa_family == AF_INET) {
        const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
        const auto* bytes = reinterpret_cast<const std::uint8_t*>(&v4.sin_addr);
        std::copy_n(bytes, 4, ip.bytes.begin());
    } else if (address.sa_family == AF_INET6) {
        const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
        ip.is_v6 = true;
        std::copy_n(v6.sin6_addr.s6_addr, 16, ip.bytes.begin());
    } else {
        return false;
    }
    return is_allowed_target(ip, blocks_);
}

Result<bool> TargetRules::refuses_literal(const std::string& url) const {
    PREPAY_ASSIGN_OR_RETURN(const std::string host, host_of(url));
    const auto ip = parse_ip(host);
    const bool is_listed = std::find(hosts_.begin(), hosts_.end(), host) != hosts_.end();
    return ip && !is_listed && !is_allowed_target(*ip, blocks_);
}

Result<std::string> host_of(const std::string& url) {
    const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), &curl_url_cleanup);
    char* raw = nullptr;
    if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK ||
        curl_url_get(parsed.get(), CURLUPART_HOST, &raw, 0) != CURLUE_OK) {
        return invalid_argument("BAD_TARGET", "target is not a complete address");
    }
    const std::unique_ptr<char, decltype(&curl_free)> owned(raw, &curl_free);
    std::string host = absl::AsciiStrToLower(raw);
    if (host.size() > 2 && host.front() == '[') {
        host = host.substr(1, host.size() - 2);
    }
    return host;
}

}  // namespace prepay::alarm
