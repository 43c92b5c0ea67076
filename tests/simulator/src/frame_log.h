#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "core/time.h"
#include "modbus_frame.h"

namespace prepay::simulator {

struct FrameRecord {
    std::int64_t sequence = 0;
    Instant frame_time;
    std::string line_id;
    std::string meter_id;  // empty: no such unit on the line, or a broadcast
    int unit = 0;
    bool from_master = false;
    bool relay_write = false;
    Bytes data;
};

struct FrameQuery {
    std::int64_t from_sequence = 0;
    std::size_t page_size = 1000;
    std::chrono::milliseconds wait{0};
    std::string meter_id;  // empty = all
    std::string line_id;   // empty = all
    bool relay_writes_only = false;
};

struct FramePage {
    std::vector<FrameRecord> frames;
    std::int64_t next_sequence = 1;
    std::int64_t oldest_sequence = 1;
};

/// The last frames of all lines in the order they were seen; the oldest leave when it is full.
/// Thread-safe.
class FrameLog {
public:
    explicit FrameLog(std::size_t frames_max) : frames_max_(frames_max) {}

    /// Numbers the record and keeps it.
    void append(FrameRecord record);

    /// Frames that match from a sequence on; waits for the first one until the time is over,
    /// `stopped` says so (asked every 100 ms) or the log is closed.
    FramePage list(const FrameQuery& query, const std::function<bool()>& stopped);

    /// Lets all waiting calls return.
    void close();

private:
    [[nodiscard]] FramePage scan(const FrameQuery& query, std::int64_t from) const;

    const std::size_t frames_max_;
    mutable std::mutex mutex_;
    std::condition_variable appended_;
    std::deque<FrameRecord> frames_;
    std::int64_t oldest_sequence_ = 1;
    int waiting_count_ = 0;
    bool closed_ = false;
};

}  // namespace prepay::simulator
