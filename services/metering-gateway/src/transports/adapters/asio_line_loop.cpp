#include "transports/adapters/asio_line_loop.h"

#include <pthread.h>
#include <sys/resource.h>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "core/assert.h"
#include "transports/serial/adapters/modbus_rtu_line.h"
#include "transports/tcp/adapters/asio_tcp_line.h"

namespace prepay::metering {
namespace {

// Setting it later costs nothing: the pending wait goes on and is renewed when it ends too early.
class AsioTimer final : public LineTimer {
public:
    AsioTimer(boost::asio::io_context& context, std::function<void()> on_time)
        : state_(std::make_shared<State>(context, std::move(on_time))) {}
    ~AsioTimer() override {
        state_->on_time = nullptr;
        state_->timer.cancel();
    }
    void set(std::chrono::steady_clock::time_point time) override {
        state_->time = time;
        if (!state_->waiting || time < state_->timer.expiry()) {
            wait(state_);
        }
    }

private:
    struct State {
        State(boost::asio::io_context& context, std::function<void()> callback)
            : timer(context), on_time(std::move(callback)) {}
        boost::asio::steady_timer timer;
        std::function<void()> on_time;
        std::chrono::steady_clock::time_point time{};
        bool waiting = false;
    };
    static void wait(const std::shared_ptr<State>& state) {
        state->waiting = true;
        state->timer.expires_at(state->time);
        state->timer.async_wait([state](const boost::system::error_code& error) {
            if (error || !state->on_time) {
                return;  // Set to an earlier time, or gone.
            }
            state->waiting = false;
            if (std::chrono::steady_clock::now() < state->time) {
                wait(state);
            } else {
                const auto call = state->on_time;  // Its owner may go in it.
                call();
            }
        });
    }

    std::shared_ptr<State> state_;
};

}  // namespace

void allow_many_lines() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        ::setrlimit(RLIMIT_NOFILE, &limit);
    }
}

BlockingCalls::BlockingCalls(const Clock& clock, int thread_count, std::size_t queue_max)
    : clock_(clock), pool_(thread_count, queue_max) {}

bool BlockingCalls::submit(std::function<void()> call) {
    return pool_.submit([this, call = std::move(call)] {
        call();
        last_done_ = clock_.steady();
    });
}

AsioLineLoop::AsioLineLoop(const Clock& clock, BlockingCalls& blocking)
    : clock_(clock),
      blocking_(blocking),
      context_(1),
      work_(boost::asio::make_work_guard(context_)),
      thread_([this] {
          pthread_setname_np(pthread_self(), "lines");
          context_.run();
      }) {}

AsioLineLoop::~AsioLineLoop() {
    context_.stop();
    thread_.join();
}

void AsioLineLoop::post(std::function<void()> work) {
    boost::asio::post(context_, std::move(work));
}

void AsioLineLoop::run_blocking(std::function<void()> work, std::function<void()> done) {
    const bool taken = blocking_.submit([this, work = std::move(work), done = std::move(done)] {
        work();
        post(done);
    });
    PREPAY_ASSERT(taken);
}

std::unique_ptr<LineTimer> AsioLineLoop::make_timer(std::function<void()> on_time) {
    return std::make_unique<AsioTimer>(context_, std::move(on_time));
}

std::unique_ptr<LinePort> AsioLineLoop::make_port(const LineConfig& config) {
    switch (config.transport) {
        case Transport::kTcp:
            return std::make_unique<AsioTcpLine>(config, clock_, *this);
        case Transport::kModbusRtu:
            return std::make_unique<ThreadedRtuLine>(config, clock_, *this);
    }
    return nullptr;
}

AsioLineLoops::AsioLineLoops(const Clock& clock, int loop_count)
    : blocking_(clock, kBlockingThreadCount, kBlockingQueueMax) {
    for (int i = 0; i < loop_count; ++i) {
        loops_.push_back(std::make_unique<AsioLineLoop>(clock, blocking_));
    }
}

AsioLineLoops::~AsioLineLoops() { blocking_.stop(); }

std::vector<LineLoop*> AsioLineLoops::all() const {
    std::vector<LineLoop*> result;
    for (const auto& loop : loops_) {
        result.push_back(loop.get());
    }
    return result;
}

}  // namespace prepay::metering
