#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "metrics.h"

namespace prepay::console {

/// Counts what clients hold of one kind (connections, streams), in all and by client, so that
/// neither a crowd nor a single one takes everything.
class Places {
public:
    struct Limits {
        int max = 0;
        int max_per_client = 0;
        const char* why = "";             ///< Refusals are counted as this,
        const char* why_per_client = "";  ///< or this.
    };
    using Gauge = void (ConsoleMetrics::*)(int) const;

    Places(const Limits& limits, const ConsoleMetrics& metrics, Gauge gauge)
        : limits_(limits), metrics_(metrics), gauge_(gauge) {}

    /// A place that is free again when the pointer goes; null when there is none. A client of no
    /// name is counted in all only.
    std::shared_ptr<void> take(const std::string& client) {
        const std::lock_guard lock(mutex_);
        if (count_ >= limits_.max) {
            metrics_.count_refusal(limits_.why);
            return nullptr;
        }
        if (!client.empty()) {
            int& held = by_client_[client];
            if (held >= limits_.max_per_client) {
                metrics_.count_refusal(limits_.why_per_client);
                return nullptr;
            }
            ++held;
        }
        ++count_;
        if (gauge_ != nullptr) {
            (metrics_.*gauge_)(1);
        }
        return {this, [client](Places* places) { places->give_back(client); }};
    }

private:
    void give_back(const std::string& client) {
        const std::lock_guard lock(mutex_);
        --count_;
        if (const auto found = by_client_.find(client);
            found != by_client_.end() && --found->second == 0) {
            by_client_.erase(found);
        }
        if (gauge_ != nullptr) {
            (metrics_.*gauge_)(-1);
        }
    }

    const Limits limits_;
    const ConsoleMetrics& metrics_;
    const Gauge gauge_;
    std::mutex mutex_;
    int count_ = 0;
    std::map<std::string, int> by_client_;  ///< As many as there are places at most.
};

}  // namespace prepay::console
