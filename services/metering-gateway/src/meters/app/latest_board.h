#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "devices/domain/meter.h"
#include "readings/domain/plausibility.h"

namespace prepay::metering {

/// The latest known of every meter, for live views. Thread-safe.
class LatestBoard {
public:
    struct Entry {
        std::uint64_t version = 0;  ///< Of the board when the entry changed.
        bool online = false;
        std::optional<MeterValues> values;  ///< Of the last good answer.
        /// Why its register was not taken as a reading.
        ReadingFault fault = ReadingFault::kNone;
    };

    /// Where the latest of one meter is kept, as long as the board: lines write all the time, so
    /// they look it up once.
    class Slot {
        friend class LatestBoard;
        mutable std::mutex mutex_;
        Entry entry_;
    };
    Slot& slot(const std::string& meter_id);
    void update(Slot& slot, bool online, const std::optional<MeterValues>& values,
                ReadingFault fault = ReadingFault::kNone);
    /// Only whether the meter answers.
    void set_online(Slot& slot, bool online);
    [[nodiscard]] std::optional<Entry> find(const std::string& meter_id) const;

    /// Entries of these meters newer than `version`, waiting up to `wait` for one; `version`
    /// becomes the one to ask with next.
    std::vector<std::pair<std::string, Entry>> wait_newer(const std::vector<std::string>& meter_ids,
                                                          std::uint64_t& version,
                                                          std::chrono::milliseconds wait) const;

private:
    std::vector<std::pair<std::string, Entry>> newer(const std::vector<std::string>& meter_ids,
                                                     std::uint64_t version) const;

    mutable std::shared_mutex slots_mutex_;
    std::map<std::string, std::unique_ptr<Slot>> slots_;
    std::atomic<std::uint64_t> version_{0};
    mutable std::atomic<int> waiter_count_{0};
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
};

}  // namespace prepay::metering
