#include "support/chaos_proxy.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <deque>
#include <list>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

#include "support/loopback.h"

namespace prepay::test {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kQueuedBytesMax = 1 << 20;  // A direction; then it reads no more.

int new_socket() {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        throw std::runtime_error("no socket");
    }
    return fd;
}

struct Piece {
    std::string bytes;
    SteadyClock::time_point due;
};

/// One direction of a connection.
struct Flow {
    int from = -1;
    int to = -1;
    std::deque<Piece> queue;
    std::size_t queued_bytes = 0;
    bool at_end = false;    // `from` will send no more.
    bool told_end = false;  // `to` knows.
    bool failed = false;

    void take(SteadyClock::time_point due) {
        std::array<char, 16384> buffer{};
        const ssize_t count = ::recv(from, buffer.data(), buffer.size(), 0);
        if (count > 0) {
            queue.push_back({std::string(buffer.data(), static_cast<std::size_t>(count)), due});
            queued_bytes += static_cast<std::size_t>(count);
        } else if (count == 0) {
            at_end = true;
        } else if (errno != EAGAIN && errno != EINTR) {
            failed = true;
        }
    }

    std::size_t give(SteadyClock::time_point now) {
        std::size_t given = 0;
        while (!queue.empty() && queue.front().due <= now) {
            std::string& bytes = queue.front().bytes;
            const ssize_t count = ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (count < 0) {
                failed = failed || (errno != EAGAIN && errno != EINTR);
                return given;
            }
            given += static_cast<std::size_t>(count);
            queued_bytes -= static_cast<std::size_t>(count);
            bytes.erase(0, static_cast<std::size_t>(count));
            if (bytes.empty()) {
                queue.pop_front();
            }
        }
        if (queue.empty() && at_end && !told_end) {
            ::shutdown(to, SHUT_WR);
            told_end = true;
        }
        return given;
    }

    [[nodiscard]] bool wants_input() const { return !at_end && queued_bytes < kQueuedBytesMax; }
    [[nodiscard]] bool wants_output(SteadyClock::time_point now) const {
        return !queue.empty() && queue.front().due <= now;
    }
};

struct Pair {
    Flow up;    // Client to server.
    Flow down;  // Server to client.
    bool swallowed = false;

    [[nodiscard]] bool is_over() const {
        return up.failed || down.failed || (up.told_end && down.told_end);
    }
};

void close_with_reset(int fd) {
    if (fd >= 0) {
        const linger hard{1, 0};
        ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        ::close(fd);
    }
}

}  // namespace

struct ChaosProxy::State {
    int target_port = 0;
    int listener = -1;
    int port = 0;
    int wake = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    mutable std::mutex mutex;  // Held by the loop but while it waits.
    std::list<Pair> pairs;
    bool swallowing = false;
    std::chrono::milliseconds delay{0};
    std::size_t forwarded = 0;
    std::jthread thread;

    void signal() const {
        const std::uint64_t one = 1;
        [[maybe_unused]] const ssize_t written = ::write(wake, &one, sizeof one);
    }

    void accept_all() {
        while (true) {
            const int client = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
            if (client < 0) {
                return;
            }
            Pair pair;
            pair.swallowed = swallowing;
            int server = -1;
            if (!swallowing) {
                server = new_socket();
                const sockaddr_in address = loopback(target_port);
                if (::connect(server, reinterpret_cast<const sockaddr*>(&address),
                              sizeof address) != 0 &&
                    errno != EINPROGRESS) {
                    ::close(server);
                    close_with_reset(client);
                    continue;
                }
                const int on = 1;
                ::setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                ::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            }
            pair.up.from = pair.down.to = client;
            pair.up.to = pair.down.from = server;
            pairs.push_back(std::move(pair));
        }
    }

    // The descriptors to wait for, in the order of the pairs that are alive: up.from, up.to.
    std::vector<pollfd> interests(SteadyClock::time_point now) const {
        std::vector<pollfd> wanted = {{wake, POLLIN, 0}, {listener, POLLIN, 0}};
        for (const Pair& pair : pairs) {
            if (pair.swallowed) {
                continue;
            }
            const auto events = [&](const Flow& in, const Flow& out) {
                return static_cast<short>((in.wants_input() ? POLLIN : 0) |
                                          (out.wants_output(now) ? POLLOUT : 0));
            };
            wanted.push_back({pair.up.from, events(pair.up, pair.down), 0});
            wanted.push_back({pair.up.to, events(pair.down, pair.up), 0});
        }
        return wanted;
    }

    int wait_ms(SteadyClock::time_point now) const {
        auto next = now + std::chrono::seconds(1);
        for (const Pair& pair : pairs) {
            for (const Flow* flow : {&pair.up, &pair.down}) {
                if (!pair.swallowed && !flow->queue.empty() && flow->queue.front().due > now) {
                    next = std::min(next, flow->queue.front().due);
                }
            }
        }
        return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(next - now).count());
    }

    void move_data(const std::vector<pollfd>& ready) {
        const auto now = SteadyClock::now();
        for (auto pair = pairs.begin(); pair != pairs.end();) {
            if (pair->swallowed) {
                ++pair;
                continue;
            }
            for (const pollfd& entry : ready) {
                if ((entry.revents & (POLLIN | POLLHUP | POLLERR)) == 0) {
                    continue;
                }
                for (Flow* flow : {&pair->up, &pair->down}) {
                    if (entry.fd == flow->from && flow->wants_input()) {
                        flow->take(now + delay);
                    }
                }
            }
            forwarded += pair->up.give(now) + pair->down.give(now);
            if (pair->is_over()) {
                const bool failed = pair->up.failed || pair->down.failed;
                for (const int fd : {pair->up.from, pair->up.to}) {
                    failed ? close_with_reset(fd) : static_cast<void>(::close(fd));
                }
                pair = pairs.erase(pair);
            } else {
                ++pair;
            }
        }
    }

    void run(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            std::vector<pollfd> wanted;
            int timeout = 0;
            {
                const std::lock_guard lock(mutex);
                const auto now = SteadyClock::now();
                wanted = interests(now);
                timeout = wait_ms(now);
            }
            ::poll(wanted.data(), wanted.size(), timeout);
            const std::lock_guard lock(mutex);
            std::uint64_t count = 0;
            [[maybe_unused]] const ssize_t read = ::read(wake, &count, sizeof count);
            // What was told meanwhile holds: swallowed pairs are left alone, reset ones are gone.
            move_data(wanted);
            accept_all();
        }
    }
};

ChaosProxy::ChaosProxy(int target_port, int listen_port) : state_(std::make_unique<State>()) {
    state_->target_port = target_port;
    state_->listener = new_socket();
    const int on = 1;
    ::setsockopt(state_->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    state_->port = listen_on_loopback(state_->listener, 128, listen_port);
    state_->thread =
        std::jthread([state = state_.get()](const std::stop_token& stop) { state->run(stop); });
}

ChaosProxy::~ChaosProxy() {
    state_->thread.request_stop();
    state_->signal();
    state_->thread.join();
    for (const Pair& pair : state_->pairs) {
        close_with_reset(pair.up.from);
        close_with_reset(pair.up.to);
    }
    ::close(state_->listener);
    ::close(state_->wake);
}

int ChaosProxy::port() const { return state_->port; }

void ChaosProxy::swallow() {
    const std::lock_guard lock(state_->mutex);
    state_->swallowing = true;
    for (Pair& pair : state_->pairs) {
        pair.swallowed = true;
    }
    state_->signal();
}

void ChaosProxy::heal() {
    const std::lock_guard lock(state_->mutex);
    state_->swallowing = false;
    state_->delay = std::chrono::milliseconds(0);
    state_->signal();
}

void ChaosProxy::reset() {
    const std::lock_guard lock(state_->mutex);
    for (const Pair& pair : state_->pairs) {
        close_with_reset(pair.up.from);
        close_with_reset(pair.up.to);
    }
    state_->pairs.clear();
    state_->signal();
}

void ChaosProxy::slow(std::chrono::milliseconds delay) {
    const std::lock_guard lock(state_->mutex);
    state_->delay = delay;
    state_->signal();
}

std::size_t ChaosProxy::connection_count() const {
    const std::lock_guard lock(state_->mutex);
    std::size_t count = 0;
    for (const Pair& pair : state_->pairs) {
        count += pair.swallowed ? 0 : 1;
    }
    return count;
}

std::size_t ChaosProxy::forwarded_bytes() const {
    const std::lock_guard lock(state_->mutex);
    return state_->forwarded;
}

namespace {

struct HostPart {
    std::size_t start = 0;
    std::size_t end = 0;
};

HostPart host_part(const std::string& url) {
    std::size_t start = url.find("://") + 3;
    const std::size_t at = url.find('@', start);
    start = at == std::string::npos ? start : at + 1;
    return {start, std::min(url.find_first_of("/?", start), url.size())};
}

}  // namespace

std::string through(const ChaosProxy& proxy, const std::string& url) {
    const HostPart host = host_part(url);
    return url.substr(0, host.start) + "127.0.0.1:" + std::to_string(proxy.port()) +
           url.substr(host.end);
}

int port_of(const std::string& url) {
    const HostPart host = host_part(url);
    const std::string text = url.substr(host.start, host.end - host.start);
    const std::size_t colon = text.rfind(':');
    return colon == std::string::npos ? 5432 : std::stoi(text.substr(colon + 1));
}

}  // namespace prepay::test
