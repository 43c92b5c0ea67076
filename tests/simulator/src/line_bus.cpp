#include "line_bus.h"

#include <algorithm>

#include "modbus_frame.h"

namespace prepay::simulator {

LineSlot LineBus::reserve(std::chrono::steady_clock::time_point arrival, int baud,
                          std::size_t request_bytes, std::size_t answer_bytes) {
    const auto start = std::max(arrival, free_);
    if (baud == 0) {
        free_ = start;
        return {start, start};
    }
    // The meter takes the request for whole after the silence behind it; the silence behind the
    // answer must pass before the next request.
    const auto meter_time = start + character_time(baud, request_bytes) + silent_gap(baud);
    free_ = meter_time + character_time(baud, answer_bytes) + silent_gap(baud);
    return {meter_time, free_};
}

void LineBus::settle(const LineSlot& slot, std::chrono::steady_clock::time_point end) {
    free_ = free_ == slot.free_time ? end : std::max(free_, end);
}

}  // namespace prepay::simulator
