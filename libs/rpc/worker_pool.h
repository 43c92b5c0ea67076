#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace prepay::rpc {

/// A fixed number of threads behind a bounded queue.
class WorkerPool {
public:
    WorkerPool(int worker_count, std::size_t queue_max);
    ~WorkerPool();

    /// false when the queue is full.
    bool submit(std::function<void()> work);
    /// Runs what is queued and ends the threads.
    void stop();

private:
    void run();

    std::size_t queue_max_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::function<void()>> queue_;
    bool stopping_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace prepay::rpc
