#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>

#include "core/status.h"
#include "core/task.h"
#include "core/time.h"
#include "protocols/domain/protocol.h"
#include "transports/domain/line.h"

namespace prepay::metering {

enum class WireOutcome {
    kReply,         ///< A well-formed reply, perhaps a refusal.
    kTimeout,       ///< Nothing, or not enough, within the response time.
    kBadFrame,      ///< Bytes that are no reply to this request.
    kDisconnected,  ///< The connection broke.
};

/// One request and what came back.
struct WireReply {
    WireOutcome outcome = WireOutcome::kTimeout;
    Answer answer;
    bool sent = false;  ///< Whether all bytes of the request were handed to the wire.
    Instant sent_time{};
    Bytes sent_bytes;
    Instant received_time{};
    Bytes received_bytes;
};

/// The wire of one line: one request in flight. Used on the line's loop only; a port is idle when
/// it is destroyed. After anything but kReply the adapter has drained the line, or closed it, so
/// that no late byte can meet the next request; bytes that nobody asked for close a connection.
class LinePort {
public:
    virtual ~LinePort() = default;
    /// Reasons LINE_UNREACHABLE, LINE_ADDRESS_INVALID, DESCRIPTOR_LIMIT.
    virtual Task<Status> connect() = 0;
    virtual void disconnect() = 0;
    [[nodiscard]] virtual bool is_connected() const = 0;
    /// `request` must stay until the reply is there.
    virtual Task<WireReply> transact(const Request& request) = 0;
};

/// Calls its owner back on the loop once the time it was last set to is reached.
class LineTimer {
public:
    virtual ~LineTimer() = default;
    virtual void set(std::chrono::steady_clock::time_point time) = 0;
};

/// The thread of many lines. A line lives on one loop: everything of it happens there, one thing
/// after another, so it needs no locks, and nothing there may block.
class LineLoop {
public:
    virtual ~LineLoop() = default;
    /// Runs `work` on the loop, after what was posted before. From any thread.
    virtual void post(std::function<void()> work) = 0;
    /// Runs `work`, which may block, on another thread and then `done` on the loop.
    virtual void run_blocking(std::function<void()> work, std::function<void()> done) = 0;
    virtual std::unique_ptr<LineTimer> make_timer(std::function<void()> on_time) = 0;
    virtual std::unique_ptr<LinePort> make_port(const LineConfig& config) = 0;
};

/// Work that may block, begun with this object. Its result must have been awaited before the object
/// goes.
template <typename Result>
class BlockingCall {
public:
    BlockingCall(LineLoop& loop, std::function<Result()> work) : work_(std::move(work)) {
        loop.run_blocking([this] { result_.emplace(work_()); }, [this] { done_.set(); });
    }
    BlockingCall(const BlockingCall&) = delete;
    BlockingCall& operator=(const BlockingCall&) = delete;

    /// Waits without holding up the loop.
    Task<Result> result() {
        co_await done_;
        co_return *std::move(result_);
    }

private:
    std::function<Result()> work_;
    std::optional<Result> result_;
    Signal done_;
};

/// Awaits the result of `work`, which may block, without holding up the loop.
template <typename Work>
Task<std::invoke_result_t<Work&>> await_blocking(LineLoop& loop, Work work) {
    BlockingCall<std::invoke_result_t<Work&>> call(loop, std::move(work));
    co_return co_await call.result();
}

}  // namespace prepay::metering
