#pragma once

#include <chrono>
#include <stop_token>

namespace prepay {

/// Waits, but not longer than until the stop is requested.
void pause(const std::stop_token& stop, std::chrono::milliseconds time);

}  // namespace prepay
