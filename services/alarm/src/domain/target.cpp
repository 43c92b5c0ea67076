#include "domain/target.h"

#include <algorithm>

namespace prepay::alarm {
namespace {

constexpr IpBlock v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, int prefix_length) {
    return {{false, {a, b, c}}, prefix_length};
}

constexpr IpBlock v6(std::array<std::uint8_t, 16> bytes, int prefix_length) {
    return {{true, bytes}, prefix_length};
}

constexpr std::array kRefused = {
    v4(0, 0, 0, 8),
    v4(10, 0, 0, 8),
    v4(100, 64, 0, 10),
    v4(127, 0, 0, 8),
    v4(169, 254, 0, 16),
    v4(172, 16, 0, 12),
    v4(192, 0, 0, 24),
    v4(192, 0, 2, 24),
    v4(192, 168, 0, 16),
    v4(198, 18, 0, 15),
    v4(198, 51, 100, 24),
    v4(203, 0, 113, 24),
    v4(224, 0, 0, 4),
    v4(240, 0, 0, 4),
    v6({}, 127),                       // :: and ::1
    v6({0xfc}, 7),                     // unique local
    v6({0xfe, 0x80}, 10),              // link-local
    v6({0xfe, 0xc0}, 10),              // site-local of old
    v6({0xff}, 8),                     // multicast
    v6({0x20, 0x01, 0x0d, 0xb8}, 32),  // documentation
};

// Blocks whose addresses carry an IPv4 address, and where.
struct Carrier {
    IpBlock block;
    std::size_t offset;
};
constexpr std::array kCarriers = {
    Carrier{v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96), 12},  // mapped
    Carrier{v6({0x00, 0x64, 0xff, 0x9b}, 96), 12},                    // NAT64
    Carrier{v6({0x20, 0x02}, 16), 2},                                 // 6to4
    Carrier{v6({}, 96), 12},                                          // compatible, of old
};

bool is_refused(const IpAddress& address) {
    return std::any_of(kRefused.begin(), kRefused.end(),
                       [&](const IpBlock& block) { return contains(block, address); });
}

}  // namespace

bool contains(const IpBlock& block, const IpAddress& address) {
    if (block.base.is_v6 != address.is_v6) {
        return false;
    }
    for (int bit = 0; bit < block.prefix_length; ++bit) {
        const auto index = static_cast<std::size_t>(bit / 8);
        const int mask = 0x80 >> (bit % 8);
        if ((block.base.bytes[index] & mask) != (address.bytes[index] & mask)) {
            return false;
        }
    }
    return true;
}

bool is_allowed_target(const IpAddress& address, const std::vector<IpBlock>& allowed) {
    if (std::any_of(allowed.begin(), allowed.end(),
                    [&](const IpBlock& block) { return contains(block, address); })) {
        return true;
    }
    if (is_refused(address)) {
        return false;
    }
    for (const Carrier& carrier : kCarriers) {
        if (contains(carrier.block, address)) {
            IpAddress inner;
            std::copy_n(address.bytes.begin() + static_cast<std::ptrdiff_t>(carrier.offset), 4,
                        inner.bytes.begin());
            return is_allowed_target(inner, allowed);
        }
    }
    return true;
}

}  // namespace prepay::alarm
