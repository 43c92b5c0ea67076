#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "core/time.h"
#include "metrics.h"
#include "transports/ports.h"

namespace prepay::metering {

/// A line's connection with its back-off, and the count of what comes over it. Used on the line's
/// loop only.
class LineWire {
public:
    LineWire(LineLoop& loop, const LineConfig& config, const Clock& clock,
             const GatewayMetrics& metrics);

    /// Drops the connection and takes new settings.
    void reconfigure(const LineConfig& config);

    [[nodiscard]] bool is_connected() const { return port_->is_connected(); }
    /// Connected, or allowed to try now.
    [[nodiscard]] bool is_ready() const;
    [[nodiscard]] std::chrono::steady_clock::time_point next_try() const { return next_try_; }
    /// Lets the next try happen at once: somebody important waits.
    void urge();
    /// Connects if needed and allowed.
    Task<bool> ensure_connected();
    /// Whether the last try to connect failed.
    [[nodiscard]] bool is_unreachable() const { return unreachable_; }
    [[nodiscard]] const Status& last_error() const { return last_error_; }

    /// Is told every reply and the meter it was asked of.
    void watch(std::function<void(MeterAddress address, const WireReply& reply)> watcher) {
        watcher_ = std::move(watcher);
    }

    /// One request and its reply; ensure_connected() first. `request` must stay until then.
    Task<WireReply> transact(const Request& request);

    void close();

    static constexpr std::chrono::milliseconds kBackoffMin{100};
    static constexpr std::chrono::milliseconds kBackoffMax{2000};

private:
    void count(const WireReply& reply) const;

    LineLoop& loop_;
    const Clock& clock_;
    const GatewayMetrics& metrics_;
    std::unique_ptr<LinePort> port_;
    std::chrono::milliseconds response_timeout_;
    std::function<void(MeterAddress, const WireReply&)> watcher_;
    std::uint32_t transaction_count_ = 0;
    bool unreachable_ = false;
    Status last_error_;
    std::chrono::milliseconds backoff_{kBackoffMin};
    std::chrono::steady_clock::time_point last_try_{};
    std::chrono::steady_clock::time_point next_try_{};
};

}  // namespace prepay::metering
