#include "app/latest_board.h"

namespace prepay::metering {

const LatestBoard::Shard& LatestBoard::shard_of(const std::string& meter_id) const {
    return shards_[std::hash<std::string>{}(meter_id) % kShardCount];
}

void LatestBoard::update(const std::string& meter_id, bool online,
                         const std::optional<MeterValues>& values) {
    {
        Shard& shard = shards_[std::hash<std::string>{}(meter_id) % kShardCount];
        const std::lock_guard lock(shard.mutex);
        // Counted under the shard's lock: who has read the shard has seen every version below the
        // one read before.
        shard.entries[meter_id] = {++version_, online, values};
    }
    if (waiter_count_ > 0) {
        { const std::lock_guard lock(mutex_); }
        changed_.notify_all();
    }
}

std::optional<LatestBoard::Entry> LatestBoard::find(const std::string& meter_id) const {
    const Shard& shard = shard_of(meter_id);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.entries.find(meter_id);
    return found == shard.entries.end() ? std::nullopt : std::optional(found->second);
}

std::vector<std::pair<std::string, LatestBoard::Entry>> LatestBoard::newer(
    const std::vector<std::string>& meter_ids, std::uint64_t version) const {
    std::vector<std::pair<std::string, Entry>> result;
    for (const std::string& meter_id : meter_ids) {
        auto entry = find(meter_id);
        if (entry && entry->version > version) {
            result.emplace_back(meter_id, *std::move(entry));
        }
    }
    return result;
}

std::vector<std::pair<std::string, LatestBoard::Entry>> LatestBoard::wait_newer(
    const std::vector<std::string>& meter_ids, std::uint64_t& version,
    std::chrono::milliseconds wait) const {
    std::vector<std::pair<std::string, Entry>> result;
    std::unique_lock lock(mutex_);
    ++waiter_count_;
    std::uint64_t seen = version;
    changed_.wait_for(lock, wait, [&] {
        // What is written while the shards are read has a version above this one: it may come
        // twice, it is never missed.
        seen = version_;
        result = newer(meter_ids, version);
        return !result.empty();
    });
    --waiter_count_;
    version = seen;
    return result;
}

void CommandSignal::notify(const std::string& command_id) {
    {
        const std::lock_guard lock(mutex_);
        if (versions_.size() > kEntriesMax) {
            versions_.clear();  // Followers look at the row again after their wait anyway.
        }
        versions_[command_id] = ++version_;
    }
    changed_.notify_all();
}

std::uint64_t CommandSignal::wait_newer(const std::string& command_id, std::uint64_t version,
                                        std::chrono::milliseconds wait) {
    std::unique_lock lock(mutex_);
    std::uint64_t seen = version;
    changed_.wait_for(lock, wait, [&] {
        const auto found = versions_.find(command_id);
        seen = found == versions_.end() ? version : found->second;
        return seen > version;
    });
    return seen;
}

}  // namespace prepay::metering
