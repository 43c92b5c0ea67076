#include "adapters/asio_client_address.h"

#include <algorithm>
#include <optional>

#include "adapters/http_head.h"

namespace prepay::console {
namespace {

namespace ip = boost::asio::ip;

constexpr std::size_t kHopsMax = 16;

std::vector<std::string> split(const std::string& list, char mark) {
    std::vector<std::string> parts;
    for (std::size_t at = 0; at <= list.size();) {
        const std::size_t end = std::min(list.find(mark, at), list.size());
        std::string part = list.substr(at, end - at);
        part.erase(0, part.find_first_not_of(" \t"));
        part.erase(part.find_last_not_of(" \t") + 1);
        parts.push_back(part);
        at = end + 1;
    }
    return parts;
}

std::optional<ip::address> parse_address(const std::string& text) {
    boost::system::error_code error;
    const ip::address address = ip::make_address(text, error);
    return error ? std::nullopt : std::optional<ip::address>(plain_address(address));
}

// "1.2.3.4", "1.2.3.4:5", "::1", "[::1]", "[::1]:5".
std::optional<ip::address> parse_node(std::string text) {
    if (!text.empty() && text.front() == '[') {
        const auto end = text.find(']');
        return end == std::string::npos ? std::nullopt : parse_address(text.substr(1, end - 1));
    }
    if (std::count(text.begin(), text.end(), ':') == 1) {
        text.erase(text.find(':'));
    }
    return parse_address(text);
}

// The node of one element of Forwarded (RFC 7239): `for=1.2.3.4;proto=https`.
std::string for_of(const std::string& element) {
    for (const std::string& pair : split(element, ';')) {
        if (same_text(pair.substr(0, 4), "for=")) {
            std::string value = pair.substr(4);
            if (value.size() >= 2 && value.front() == '"' && value.back() == '"') {
                value = value.substr(1, value.size() - 2);
            }
            return value;
        }
    }
    return "";
}

}  // namespace

ip::address plain_address(const ip::address& address) {
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        return ip::make_address_v4(ip::v4_mapped, address.to_v6());
    }
    return address;
}

std::string client_key(const ip::address& address) {
    if (address.is_v4()) {
        return address.to_string();
    }
    ip::address_v6::bytes_type bytes = address.to_v6().to_bytes();
    std::fill(bytes.begin() + 8, bytes.end(), static_cast<unsigned char>(0));
    return ip::address_v6(bytes).to_string() + "/64";
}

std::string client_key_of(const std::string& address) {
    const auto known = parse_address(address);
    return known ? client_key(*known) : address;
}

Result<ClientAddresses> ClientAddresses::parse(const std::vector<std::string>& proxies,
                                               const std::string& header) {
    ClientAddresses addresses;
    addresses.header_ = header;
    for (const std::string& entry : proxies) {
        const bool v6 = entry.find(':') != std::string::npos;
        const std::string network =
            entry.find('/') != std::string::npos ? entry : entry + (v6 ? "/128" : "/32");
        boost::system::error_code error;
        if (v6) {
            addresses.v6_.push_back(ip::make_network_v6(network, error));
        } else {
            addresses.v4_.push_back(ip::make_network_v4(network, error));
        }
        if (error) {
            return invalid_argument("BAD_PROXY", entry + " is no address or network");
        }
    }
    return addresses;
}

bool ClientAddresses::is_proxy(const ip::address& address) const {
    if (address.is_v4()) {
        return std::any_of(v4_.begin(), v4_.end(), [&](const ip::network_v4& network) {
            return network.address() == address.to_v4() ||
                   ip::network_v4(address.to_v4(), network.prefix_length()).canonical() ==
                       network.canonical();
        });
    }
    return std::any_of(v6_.begin(), v6_.end(), [&](const ip::network_v6& network) {
        return network.address() == address.to_v6() ||
               ip::network_v6(address.to_v6(), network.prefix_length()).canonical() ==
                   network.canonical();
    });
}

ip::address ClientAddresses::client_of(const ip::address& peer,
                                       const std::string& forwarded) const {
    ip::address client = peer;
    if (forwarded.empty() || !is_proxy(peer)) {
        return client;
    }
    // Each proxy adds the address it heard from at the end: only what our own wrote is known.
    const std::vector<std::string> hops = split(forwarded, ',');
    std::size_t count = 0;
    for (auto hop = hops.rbegin(); hop != hops.rend() && is_proxy(client); ++hop) {
        const auto next = parse_node(header_ == "forwarded" ? for_of(*hop) : *hop);
        if (!next || ++count > kHopsMax) {
            break;
        }
        client = *next;
    }
    return client;
}

}  // namespace prepay::console
