#pragma once

#include <functional>

#include "core/pause.h"

namespace prepay::test {

/// Waits until a condition holds that nobody announces; false when it does not within the time.
inline bool until(std::chrono::milliseconds time, const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + time;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) {
            return false;
        }
        pause(std::stop_token(), std::chrono::milliseconds(5));
    }
    return true;
}

}  // namespace prepay::test
