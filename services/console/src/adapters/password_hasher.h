#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>

#include "core/status.h"

namespace prepay::console {

/// Hashes passwords, a few at a time: each takes 19 MiB and tens of milliseconds of a processor,
/// and anybody may ask for it. Thread-safe.
class PasswordHasher {
public:
    struct Limits {
        int at_once = 2;
        int waiting_max = 16;
        std::chrono::milliseconds wait{3'000};
    };
    explicit PasswordHasher(const Limits& limits);

    /// Reason LOG_IN_BUSY when too many wait, or one waited too long.
    Result<std::string> hash(const std::string& password);
    Result<bool> matches(const std::string& password, const std::string& phc_hash);

private:
    class Place;

    const Limits limits_;
    std::mutex mutex_;
    std::condition_variable changed_;
    int working_ = 0;
    int waiting_ = 0;
};

}  // namespace prepay::console
