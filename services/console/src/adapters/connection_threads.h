#pragma once

#include <httplib.h>

#include <condition_variable>
#include <deque>
#include <list>
#include <mutex>
#include <thread>

namespace prepay::console {

/// A thread for each connection, started when no idle one is there and ended when it stays idle.
class ConnectionThreads final : public httplib::TaskQueue {
public:
    explicit ConnectionThreads(std::size_t thread_max) : thread_max_(thread_max) {}

    /// With all threads at work, `serve` runs at once in the caller's thread with
    /// is_to_be_refused() true: only it knows the connection, and it must close it.
    void enqueue(std::function<void()> serve) override;
    /// Waits for the connections at work.
    void shutdown() override;

    static bool is_to_be_refused();

private:
    using Threads = std::list<std::thread>;

    bool take_in(std::function<void()>& serve);
    void run(std::function<void()> serve, Threads::iterator self);
    void join_ended();

    const std::size_t thread_max_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::condition_variable one_ended_;
    std::deque<std::function<void()>> waiting_;  ///< Never more than there are idle threads.
    std::size_t idle_count_ = 0;
    bool stopping_ = false;
    Threads threads_;
    Threads ended_;
};

}  // namespace prepay::console
