#pragma once

#include <coroutine>
#include <exception>
#include <functional>
#include <optional>
#include <utility>

namespace prepay {

template <typename T>
class Task;

namespace task_detail {

template <typename T>
class Promise;

struct PromiseBase {
    std::coroutine_handle<> awaiting;

    // Whoever awaits goes on at once; its stack ends with its next real suspension.
    struct FinalAwaiter {
        [[nodiscard]] bool await_ready() const noexcept { return false; }
        template <typename Promise>
        void await_suspend(std::coroutine_handle<Promise> self) const noexcept {
            if (const std::coroutine_handle<> next = self.promise().awaiting) {
                next.resume();  // May destroy this coroutine.
            }
        }
        void await_resume() const noexcept {}
    };

    [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
    [[nodiscard]] FinalAwaiter final_suspend() const noexcept { return {}; }
    // Errors are statuses; what is thrown here nobody could handle.
    [[noreturn]] void unhandled_exception() const noexcept { std::terminate(); }
};

template <typename T>
class Promise final : public PromiseBase {
public:
    Task<T> get_return_object();
    void return_value(T value) { value_.emplace(std::move(value)); }
    T take() { return *std::move(value_); }

private:
    std::optional<T> value_;
};

template <>
class Promise<void> final : public PromiseBase {
public:
    Task<void> get_return_object();
    void return_void() const noexcept {}
    void take() const noexcept {}
};

}  // namespace task_detail

/// A coroutine that begins when it is awaited, or started, and runs on the thread of whoever
/// resumes it. It knows no scheduler: a leaf suspends (Signal), and its resumption runs everything
/// above it up to the next suspension. All of one chain belongs to one thread. Owns its frame: to
/// be destroyed before it began, after it ended, or while it hangs on a signal that is never set.
template <typename T = void>
class [[nodiscard]] Task {
public:
    using promise_type = task_detail::Promise<T>;
    using Handle = std::coroutine_handle<promise_type>;

    Task() = default;
    explicit Task(Handle handle) : handle_(handle) {}
    Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
    Task& operator=(Task&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    ~Task() {
        if (handle_) {
            handle_.destroy();
        }
    }

    /// Begins a task that nobody awaits; it is kept as long as this object.
    void start() { handle_.resume(); }
    [[nodiscard]] bool is_done() const { return handle_ && handle_.done(); }
    /// The result of a started task that is done.
    T take() { return handle_.promise().take(); }

    [[nodiscard]] bool await_ready() const noexcept { return false; }
    // A task that ends without suspending does not grow the stack of a loop that awaits many.
    bool await_suspend(std::coroutine_handle<> awaiting) {
        handle_.resume();
        if (handle_.done()) {
            return false;
        }
        handle_.promise().awaiting = awaiting;
        return true;
    }
    T await_resume() { return handle_.promise().take(); }

private:
    Handle handle_;
};

template <typename T>
Task<T> task_detail::Promise<T>::get_return_object() {
    return Task<T>(std::coroutine_handle<Promise>::from_promise(*this));
}

inline Task<void> task_detail::Promise<void>::get_return_object() {
    return Task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

/// What one coroutine waits for and the same thread sets: resumes it, or is remembered until it
/// asks. Not thread-safe.
class Signal {
public:
    Signal() = default;
    Signal(const Signal&) = delete;  // Nobody would set the copy that somebody awaits.
    Signal& operator=(const Signal&) = delete;

    void set() {
        if (waiter_) {
            std::exchange(waiter_, {}).resume();
        } else {
            is_set_ = true;
        }
    }
    void clear() { is_set_ = false; }
    [[nodiscard]] bool has_waiter() const { return static_cast<bool>(waiter_); }

    [[nodiscard]] bool await_ready() noexcept { return std::exchange(is_set_, false); }
    void await_suspend(std::coroutine_handle<> waiter) noexcept { waiter_ = waiter; }
    void await_resume() const noexcept {}

private:
    std::coroutine_handle<> waiter_;
    bool is_set_ = false;
};

}  // namespace prepay
