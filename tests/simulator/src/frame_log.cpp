#include "frame_log.h"

#include <algorithm>

namespace prepay::simulator {

using namespace std::chrono_literals;

void FrameLog::append(FrameRecord record) {
    const std::lock_guard lock(mutex_);
    record.sequence = oldest_sequence_ + static_cast<std::int64_t>(frames_.size());
    frames_.push_back(std::move(record));
    if (frames_.size() > frames_max_) {
        frames_.pop_front();
        ++oldest_sequence_;
    }
    if (waiting_count_ > 0) {
        appended_.notify_all();
    }
}

FramePage FrameLog::list(const FrameQuery& query, const std::function<bool()>& stopped) {
    const auto deadline = std::chrono::steady_clock::now() + query.wait;
    std::unique_lock lock(mutex_);
    FramePage page = scan(query, query.from_sequence);
    while (page.frames.empty() && !closed_ && std::chrono::steady_clock::now() < deadline &&
           !stopped()) {
        ++waiting_count_;
        appended_.wait_until(lock, std::min(deadline, std::chrono::steady_clock::now() + 100ms));
        --waiting_count_;
        page = scan(query, page.next_sequence);
    }
    return page;
}

void FrameLog::close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    appended_.notify_all();
}

FramePage FrameLog::scan(const FrameQuery& query, std::int64_t from) const {
    FramePage page;
    page.oldest_sequence = oldest_sequence_;
    const std::int64_t end = oldest_sequence_ + static_cast<std::int64_t>(frames_.size());
    std::int64_t sequence = std::max(from, oldest_sequence_);
    for (; sequence < end && page.frames.size() < query.page_size; ++sequence) {
        const auto& frame = frames_[static_cast<std::size_t>(sequence - oldest_sequence_)];
        if ((query.meter_id.empty() || frame.meter_id == query.meter_id) &&
            (query.line_id.empty() || frame.line_id == query.line_id) &&
            (!query.relay_writes_only || frame.relay_write)) {
            page.frames.push_back(frame);
        }
    }
    page.next_sequence = sequence;
    return page;
}

}  // namespace prepay::simulator
