#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "devices/domain/meter.h"

namespace prepay::metering {

/// The last frames of one meter, beside its other state: every request of every line passes here,
/// and a meter's memory is cold by its next turn, so that another page would cost more than the
/// copy.
class FrameRing {
public:
    static constexpr std::size_t kFramesMax = 32;
    static constexpr std::size_t kBytesMax = 2048;  ///< Of all of them together.

    /// The oldest make room. `data` of at most kBytesMax.
    void keep(Instant time, FrameDirection direction, const std::vector<std::uint8_t>& data);
    /// Oldest first.
    [[nodiscard]] std::vector<Frame> frames() const;

private:
    struct Head {
        Instant time{};
        std::uint16_t begin = 0;  ///< In bytes_; may go on at its start.
        std::uint16_t size = 0;
        FrameDirection direction = FrameDirection::kSent;
    };
    [[nodiscard]] const Head& head(std::size_t index) const {
        return heads_[(first_ + index) % kFramesMax];
    }

    std::array<Head, kFramesMax> heads_{};
    std::size_t first_ = 0;  ///< The oldest.
    std::size_t count_ = 0;
    std::size_t end_ = 0;   ///< Where the next one begins.
    std::size_t used_ = 0;  ///< Bytes.
    std::array<std::uint8_t, kBytesMax> bytes_{};
};

}  // namespace prepay::metering
