#include "meters/app/frame_ring.h"

#include <algorithm>

#include "core/assert.h"

namespace prepay::metering {

void FrameRing::keep(Instant time, FrameDirection direction,
                     const std::vector<std::uint8_t>& data) {
    PREPAY_ASSERT(data.size() <= kBytesMax);
    while (count_ > 0 && (count_ == kFramesMax || used_ + data.size() > kBytesMax)) {
        used_ -= head(0).size;
        first_ = (first_ + 1) % kFramesMax;
        --count_;
    }
    heads_[(first_ + count_) % kFramesMax] = {time, static_cast<std::uint16_t>(end_),
                                              static_cast<std::uint16_t>(data.size()), direction};
    ++count_;
    used_ += data.size();
    const auto to_end = static_cast<std::ptrdiff_t>(std::min(data.size(), kBytesMax - end_));
    std::copy(data.begin(), data.begin() + to_end,
              bytes_.begin() + static_cast<std::ptrdiff_t>(end_));
    std::copy(data.begin() + to_end, data.end(), bytes_.begin());
    end_ = (end_ + data.size()) % kBytesMax;
}

std::vector<Frame> FrameRing::frames() const {
    std::vector<Frame> frames(count_);
    for (std::size_t i = 0; i < count_; ++i) {
        const Head& from = head(i);
        frames[i].frame_time = from.time;
        frames[i].direction = from.direction;
        for (std::size_t k = 0; k < from.size; ++k) {
            frames[i].data.push_back(bytes_[(from.begin + k) % kBytesMax]);
        }
    }
    return frames;
}

}  // namespace prepay::metering
