#pragma once

#include "core/time.h"

namespace prepay::test {

/// The time of day stands where a test puts it; spans are real.
class FakeClock final : public Clock {
public:
    Instant time = from_micros(1'767'571'200'000'000);
    [[nodiscard]] Instant now() const override { return time; }
    [[nodiscard]] std::chrono::steady_clock::time_point steady() const override {
        return std::chrono::steady_clock::now();
    }
};

}  // namespace prepay::test
