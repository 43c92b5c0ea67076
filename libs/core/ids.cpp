#include "core/ids.h"

#include <array>
#include <cstdint>
#include <random>

namespace prepay {

std::string new_id(const Clock& clock) {
    thread_local std::mt19937_64 random = [] {
        std::random_device device;
        std::seed_seq seed{device(), device(), device(), device(), device(), device()};
        return std::mt19937_64(seed);
    }();
    const auto millis = static_cast<std::uint64_t>(to_micros(clock.now()) / 1000);
    const std::uint64_t high = (millis << 16) | 0x7000U | (random() & 0x0FFFU);
    const std::uint64_t low = (random() & 0x3FFFFFFFFFFFFFFFULL) | 0x8000000000000000ULL;
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text(36, '-');
    std::size_t position = 0;
    for (int nibble = 0; nibble < 32; ++nibble) {
        if (nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20) {
            ++position;
        }
        const std::uint64_t word = nibble < 16 ? high : low;
        text[position++] = digits[(word >> (60 - 4 * (nibble % 16))) & 0xFU];
    }
    return text;
}

bool is_uuid(std::string_view text) {
    if (text.size() != 36) {
        return false;
    }
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        if (dash ? c != '-' : !hex) {
            return false;
        }
    }
    return true;
}

std::uint64_t stable_hash(std::string_view key) {
    std::uint64_t hash = 14695981039346656037ULL;
    for (const char c : key) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
    }
    return hash;
}

int partition_of(std::string_view key, int partition_count) {
    return static_cast<int>(stable_hash(key) % static_cast<std::uint64_t>(partition_count));
}

}  // namespace prepay
