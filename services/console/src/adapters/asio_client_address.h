#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <string>
#include <vector>

#include "core/status.h"

namespace prepay::console {

/// Who a request is from: the other end of its connection, or, when that is one of our own proxies,
/// whom the nearest proxy that we do not know says it is from. A header of anybody else says
/// nothing.
class ClientAddresses {
public:
    /// `proxies`: addresses or networks ("10.1.0.0/16"). `header`: the one that they write,
    /// "x-forwarded-for" or "forwarded". INVALID_ARGUMENT / BAD_PROXY.
    static Result<ClientAddresses> parse(const std::vector<std::string>& proxies,
                                         const std::string& header);

    [[nodiscard]] const std::string& header() const { return header_; }
    [[nodiscard]] bool is_proxy(const boost::asio::ip::address& address) const;
    /// `forwarded`: the value of header().
    [[nodiscard]] boost::asio::ip::address client_of(const boost::asio::ip::address& peer,
                                                     const std::string& forwarded) const;

private:
    std::vector<boost::asio::ip::network_v4> v4_;
    std::vector<boost::asio::ip::network_v6> v6_;
    std::string header_;
};

/// IPv4 in IPv6 as plain IPv4.
boost::asio::ip::address plain_address(const boost::asio::ip::address& address);
/// What is counted as one client: an IPv4 address, or the /64 that an IPv6 one is in.
std::string client_key(const boost::asio::ip::address& address);
/// The same of an address as text; what is none is its own key.
std::string client_key_of(const std::string& address);

}  // namespace prepay::console
