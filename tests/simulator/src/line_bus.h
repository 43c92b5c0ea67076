#pragma once

#include <chrono>
#include <cstddef>

namespace prepay::simulator {

/// When a request reaches its meter and when the line is free again, by the line's own time.
struct LineSlot {
    std::chrono::steady_clock::time_point meter_time;
    std::chrono::steady_clock::time_point free_time;  // after the expected answer
};

/// The shared time of a line: one transaction after the other, each as long as its characters take.
class LineBus {
public:
    /// Takes the next free time for a request of so many RTU bytes; baud 0 takes none.
    LineSlot reserve(std::chrono::steady_clock::time_point arrival, int baud,
                     std::size_t request_bytes, std::size_t answer_bytes);
    /// Moves the end of a slot that turned out shorter or longer; when another request has reserved
    /// behind it, only longer.
    void settle(const LineSlot& slot, std::chrono::steady_clock::time_point end);

private:
    std::chrono::steady_clock::time_point free_;
};

}  // namespace prepay::simulator
