#include "adapters/connection_threads.h"

#include <system_error>

namespace prepay::console {
namespace {

constexpr std::chrono::seconds kIdleThreadTime{10};

thread_local bool refusing = false;

}  // namespace

bool ConnectionThreads::is_to_be_refused() { return refusing; }

void ConnectionThreads::enqueue(std::function<void()> serve) {
    if (!take_in(serve)) {
        refusing = true;
        serve();
        refusing = false;
    }
}

bool ConnectionThreads::take_in(std::function<void()>& serve) {
    const std::lock_guard lock(mutex_);
    join_ended();
    if (idle_count_ > waiting_.size()) {
        waiting_.push_back(std::move(serve));
        changed_.notify_one();
        return true;
    }
    if (threads_.size() >= thread_max_) {
        return false;
    }
    const auto self = threads_.emplace(threads_.end());
    try {
        *self = std::thread(&ConnectionThreads::run, this, serve, self);
    } catch (const std::system_error&) {  // The system has no more threads for us.
        threads_.erase(self);
        return false;
    }
    return true;
}

void ConnectionThreads::run(std::function<void()> serve, Threads::iterator self) {
    for (;;) {
        serve();
        std::unique_lock lock(mutex_);
        ++idle_count_;
        changed_.wait_for(lock, kIdleThreadTime, [this] { return !waiting_.empty() || stopping_; });
        --idle_count_;
        if (waiting_.empty()) {
            ended_.splice(ended_.end(), threads_, self);
            one_ended_.notify_all();
            return;
        }
        serve = std::move(waiting_.front());
        waiting_.pop_front();
    }
}

void ConnectionThreads::join_ended() {
    for (std::thread& thread : ended_) {
        thread.join();
    }
    ended_.clear();
}

void ConnectionThreads::shutdown() {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
    one_ended_.wait(lock, [this] { return threads_.empty(); });
    join_ended();
}

}  // namespace prepay::console
