#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace prepay::metering {

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
