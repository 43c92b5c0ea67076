#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace prepay::alarm {

/// An IPv4 or IPv6 address, network byte order. IPv4 uses the first four bytes.
struct IpAddress {
    bool is_v6 = false;
    std::array<std::uint8_t, 16> bytes{};
};

/// The addresses that share the first `prefix_length` bits.
struct IpBlock {
    IpAddress base;
    int prefix_length = 0;
};

bool contains(const IpBlock& block, const IpAddress& address);

/// Whether a message may go there (S-16): not private, loopback, link-local (where cloud metadata
/// lives), shared, multicast, reserved or unspecified; an IPv4 address inside an IPv6 one counts as
/// itself. `allowed` blocks are exceptions.
bool is_allowed_target(const IpAddress& address, const std::vector<IpBlock>& allowed);

}  // namespace prepay::alarm
