#include "adapters/http_connection.h"

#include <poll.h>

#include <algorithm>
#include <cstring>

namespace prepay::console {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kStopCheck{200};
constexpr milliseconds kLinger{1000};
constexpr std::size_t kLingerBytes = 1 << 20;
constexpr std::size_t kSendBytesPerSecond = 16 << 10;

// Milliseconds for poll() to the deadline, never negative.
int left(steady_clock::time_point deadline) {
    const auto rest = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    return static_cast<int>(std::max<milliseconds::rep>(0, rest.count()));
}

short poll_for(socket_t socket, short events, int timeout_ms) {
    pollfd entry{socket, events, 0};
    return ::poll(&entry, 1, timeout_ms) > 0 ? entry.revents : short{0};
}

void address_of(const sockaddr_storage& storage, std::string& ip, int& port) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (storage.ss_family == AF_INET) {
        const auto& address = reinterpret_cast<const sockaddr_in&>(storage);
        inet_ntop(AF_INET, &address.sin_addr, text.data(), text.size());
        port = ntohs(address.sin_port);
    } else if (storage.ss_family == AF_INET6) {
        const auto& address = reinterpret_cast<const sockaddr_in6&>(storage);
        inet_ntop(AF_INET6, &address.sin6_addr, text.data(), text.size());
        port = ntohs(address.sin6_port);
    }
    ip = text.data();
}

// Closing with unread bytes resets the connection, and the client loses the answer that says why.
void take_leave(socket_t socket) {
    ::shutdown(socket, SHUT_WR);
    const auto deadline = steady_clock::now() + kLinger;
    std::array<char, 16 << 10> waste;
    std::size_t taken = 0;
    while (taken < kLingerBytes && poll_for(socket, POLLIN, left(deadline)) != 0) {
        const ssize_t size = ::recv(socket, waste.data(), waste.size(), MSG_DONTWAIT);
        if (size <= 0) {
            return;
        }
        taken += static_cast<std::size_t>(size);
    }
}

}  // namespace

HttpConnection::HttpConnection(socket_t socket, const HttpLimits& limits,
                               const std::atomic<bool>& stopping)
    : socket_(socket), limits_(limits), stopping_(stopping) {}

HttpConnection::~HttpConnection() {
    if (is_out_of_step()) {
        take_leave(socket_);
    }
    ::shutdown(socket_, SHUT_RDWR);
    ::close(socket_);
}

bool HttpConnection::fill(steady_clock::time_point deadline) {
    while (!stopping_) {
        const int wait = std::min(left(deadline), static_cast<int>(kStopCheck.count()));
        if (poll_for(socket_, POLLIN, wait) != 0) {
            const ssize_t size = ::recv(socket_, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
            if (size > 0) {
                begin_ = 0;
                end_ = static_cast<std::size_t>(size);
                return true;
            }
            if (size == 0 || (errno != EAGAIN && errno != EINTR)) {
                return false;
            }
        }
        if (steady_clock::now() >= deadline) {
            late_ = true;
            return false;
        }
    }
    return false;
}

bool HttpConnection::await_request() {
    late_ = false;
    if (begin_ == end_ && !fill(steady_clock::now() + limits_.idle_time)) {
        return false;
    }
    deadline_ = steady_clock::now() + limits_.receive_time;
    renew_allowance();
    has_body = true;  // Until the head is read: after a broken one nothing is in step.
    body_taken = false;
    return !stopping_;
}

bool HttpConnection::is_readable() const {
    return begin_ < end_ || poll_for(socket_, POLLIN, 0) != 0;
}

bool HttpConnection::is_writable() const {
    const short events =
        poll_for(socket_, POLLOUT | POLLRDHUP, static_cast<int>(limits_.send_wait.count()));
    return (events & POLLOUT) != 0 && (events & (POLLERR | POLLHUP | POLLRDHUP)) == 0;
}

ssize_t HttpConnection::read(char* data, std::size_t size) {
    if (allowance_ == 0 || (begin_ == end_ && !fill(deadline_))) {
        return -1;
    }
    const std::size_t count = std::min({size, end_ - begin_, allowance_});
    std::memcpy(data, buffer_.data() + begin_, count);
    begin_ += count;
    allowance_ -= count;
    return static_cast<ssize_t>(count);
}

ssize_t HttpConnection::write(const char* data, std::size_t size) {
    const auto deadline = steady_clock::now() + 2 * limits_.send_wait +
                          std::chrono::seconds(size / kSendBytesPerSecond);
    std::size_t sent = 0;
    while (sent < size) {
        const int wait = std::min(left(deadline), static_cast<int>(limits_.send_wait.count()));
        if (wait == 0 || poll_for(socket_, POLLOUT, wait) == 0) {
            return -1;
        }
        const ssize_t count =
            ::send(socket_, data + sent, size - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (count < 0 && errno != EAGAIN && errno != EINTR) {
            return -1;
        }
        sent += static_cast<std::size_t>(std::max<ssize_t>(count, 0));
    }
    return static_cast<ssize_t>(size);
}

void HttpConnection::get_remote_ip_and_port(std::string& ip, int& port) const {
    sockaddr_storage storage{};
    socklen_t size = sizeof(storage);
    ::getpeername(socket_, reinterpret_cast<sockaddr*>(&storage), &size);
    address_of(storage, ip, port);
}

void HttpConnection::get_local_ip_and_port(std::string& ip, int& port) const {
    sockaddr_storage storage{};
    socklen_t size = sizeof(storage);
    ::getsockname(socket_, reinterpret_cast<sockaddr*>(&storage), &size);
    address_of(storage, ip, port);
}

}  // namespace prepay::console
