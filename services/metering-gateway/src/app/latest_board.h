#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "domain/model.h"

namespace prepay::metering {

/// The latest known of every meter, for live views. Thread-safe.
class LatestBoard {
public:
    struct Entry {
        std::uint64_t version = 0;  ///< Of the board when the entry changed.
        bool online = false;
        std::optional<MeterValues> values;  ///< Of the last good answer.
    };

    void update(const std::string& meter_id, bool online, const std::optional<MeterValues>& values);
    [[nodiscard]] std::optional<Entry> find(const std::string& meter_id) const;

    /// Entries of these meters newer than `version`, waiting up to `wait` for one; `version`
    /// becomes the one to ask with next.
    std::vector<std::pair<std::string, Entry>> wait_newer(const std::vector<std::string>& meter_ids,
                                                          std::uint64_t& version,
                                                          std::chrono::milliseconds wait) const;

private:
    /// Lines write all the time from threads of their own: one lock for all would make them queue.
    static constexpr std::size_t kShardCount = 64;
    struct Shard {
        mutable std::mutex mutex;
        std::map<std::string, Entry> entries;
    };
    [[nodiscard]] const Shard& shard_of(const std::string& meter_id) const;
    std::vector<std::pair<std::string, Entry>> newer(const std::vector<std::string>& meter_ids,
                                                     std::uint64_t version) const;

    std::array<Shard, kShardCount> shards_;
    std::atomic<std::uint64_t> version_{0};
    mutable std::atomic<int> waiter_count_{0};
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
};

/// Wakes those who follow a command. Thread-safe.
class CommandSignal {
public:
    void notify(const std::string& command_id);
    /// Waits until a command changed after `version` of it was seen; returns its version.
    std::uint64_t wait_newer(const std::string& command_id, std::uint64_t version,
                             std::chrono::milliseconds wait);

private:
    static constexpr std::size_t kEntriesMax = 10'000;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t version_ = 0;
    std::map<std::string, std::uint64_t> versions_;
};

}  // namespace prepay::metering
