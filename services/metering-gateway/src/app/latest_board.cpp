#include "app/latest_board.h"

namespace prepay::metering {

void LatestBoard::update(const std::string& meter_id, bool online,
                         const std::optional<MeterValues>& values) {
    {
        const std::lock_guard lock(mutex_);
        entries_[meter_id] = {++version_, online, values};
    }
    changed_.notify_all();
}

std::optional<LatestBoard::Entry> LatestBoard::find(const std::string& meter_id) const {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(meter_id);
    return found == entries_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<std::pair<std::string, LatestBoard::Entry>> LatestBoard::newer(
    const std::vector<std::string>& meter_ids, std::uint64_t version) const {
    std::vector<std::pair<std::string, Entry>> result;
    for (const std::string& meter_id : meter_ids) {
        const auto found = entries_.find(meter_id);
        if (found != entries_.end() && found->second.version > version) {
            result.emplace_back(meter_id, found->second);
        }
    }
    return result;
}

std::vector<std::pair<std::string, LatestBoard::Entry>> LatestBoard::wait_newer(
    const std::vector<std::string>& meter_ids, std::uint64_t version,
    std::chrono::milliseconds wait) const {
    std::unique_lock lock(mutex_);
    std::vector<std::pair<std::string, Entry>> result;
    changed_.wait_for(lock, wait, [&] {
        result = newer(meter_ids, version);
        return !result.empty();
    });
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
