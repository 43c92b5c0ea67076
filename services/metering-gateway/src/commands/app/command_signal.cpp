#include "commands/app/command_signal.h"

namespace prepay::metering {

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
