#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <memory>
#include <utility>

namespace prepay::console {

/// Lets a coroutine wait for what another thread brings about. Hold it in a shared_ptr.
class Arrival : public std::enable_shared_from_this<Arrival> {
public:
    explicit Arrival(const boost::asio::any_io_executor& executor) : timer_(executor) {}

    /// From any thread.
    void notify() {
        boost::asio::post(timer_.get_executor(), [self = shared_from_this()] {
            self->arrived_ = true;
            self->timer_.cancel();
        });
    }

    /// On the executor. Whether notify() was called since the last wait; false at the time-out.
    boost::asio::awaitable<bool> wait(std::chrono::milliseconds limit) {
        if (!arrived_) {
            timer_.expires_after(limit);
            boost::system::error_code error;
            co_await timer_.async_wait(
                boost::asio::redirect_error(boost::asio::use_awaitable, error));
        }
        co_return std::exchange(arrived_, false);
    }

private:
    boost::asio::steady_timer timer_;
    bool arrived_ = false;
};

}  // namespace prepay::console
