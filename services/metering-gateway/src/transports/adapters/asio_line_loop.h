#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "core/time.h"
#include "rpc/worker_pool.h"
#include "transports/ports.h"

namespace prepay::metering {

/// Threads for what may block: PostgreSQL, account, name service. Thread-safe.
class BlockingCalls {
public:
    BlockingCalls(const Clock& clock, int thread_count, std::size_t queue_max);

    /// False when `queue_max` wait, or once stopped.
    bool submit(std::function<void()> call);
    void stop() { pool_.stop(); }
    /// When a call ended last; zero = none did yet.
    [[nodiscard]] std::chrono::steady_clock::time_point last_done() const { return last_done_; }

private:
    const Clock& clock_;
    std::atomic<std::chrono::steady_clock::time_point> last_done_{};
    rpc::WorkerPool pool_;
};

/// One thread that waits for all its lines' sockets and timers. Blocking work goes to `blocking`,
/// which outlives the loop.
class AsioLineLoop final : public LineLoop {
public:
    AsioLineLoop(const Clock& clock, BlockingCalls& blocking);
    /// Ends the thread; what is still posted is dropped.
    ~AsioLineLoop() override;

    void post(std::function<void()> work) override;
    void run_blocking(std::function<void()> work, std::function<void()> done) override;
    std::unique_ptr<LineTimer> make_timer(std::function<void()> on_time) override;
    /// Modbus TCP on this loop's sockets; Modbus RTU on a thread of the line's own.
    std::unique_ptr<LinePort> make_port(const LineConfig& config) override;

    boost::asio::io_context& context() { return context_; }

private:
    const Clock& clock_;
    BlockingCalls& blocking_;
    boost::asio::io_context context_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    std::thread thread_;
};

/// Raises this process's soft limit of open files to the hard one: every TCP line is a descriptor.
void allow_many_lines();

/// The loops of a gateway and the threads for what may block.
class AsioLineLoops {
public:
    explicit AsioLineLoops(const Clock& clock, int loop_count = kLoopCount);
    ~AsioLineLoops();

    [[nodiscard]] std::vector<LineLoop*> all() const;
    /// BlockingCalls::last_done.
    [[nodiscard]] std::chrono::steady_clock::time_point last_call() const {
        return blocking_.last_done();
    }

    static constexpr int kLoopCount = 1;
    static constexpr int kBlockingThreadCount = 16;
    /// A line has at most two calls waiting, so this is a bound on lines.
    static constexpr std::size_t kBlockingQueueMax = 200'000;

private:
    BlockingCalls blocking_;
    std::vector<std::unique_ptr<AsioLineLoop>> loops_;
};

/// Runs a task on the loop and waits for its result, from any thread but the loop's. What
/// `make_task` captures by reference must outlive the call.
template <typename MakeTask>
auto run_on(LineLoop& loop, MakeTask make_task) {
    using Outcome = decltype(make_task().take());
    const auto promise = std::make_shared<std::promise<Outcome>>();
    auto result = promise->get_future();
    Task<> life;
    const auto body = [&]() -> Task<> {
        Outcome outcome = co_await make_task();
        loop.post([promise, outcome = std::make_shared<Outcome>(std::move(outcome))] {
            promise->set_value(std::move(*outcome));
        });
    };
    loop.post([&] {
        life = body();
        life.start();
    });
    return result.get();
}

}  // namespace prepay::metering
