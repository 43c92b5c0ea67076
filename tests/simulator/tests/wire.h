#pragma once

#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <chrono>

#include "support/loopback.h"
#include "test_park.h"

namespace prepay::simulator::test {

/// A plain TCP master that shows every byte.
class Wire {
public:
    explicit Wire(int port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        const sockaddr_in address = prepay::test::loopback(port);
        connected_ =
            ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    }
    ~Wire() { ::close(socket_); }
    Wire(const Wire&) = delete;
    Wire& operator=(const Wire&) = delete;

    [[nodiscard]] bool connected() const { return connected_; }

    void send(const Bytes& bytes) {
        (void)!::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }

    /// What comes within the time, at most `size` bytes; empty also when the other side has closed.
    Bytes receive(std::size_t size, std::chrono::milliseconds timeout) {
        timeval time{};
        time.tv_sec = timeout.count() / 1000;
        time.tv_usec = timeout.count() % 1000 * 1000;
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
        Bytes bytes(size);
        std::size_t have = 0;
        while (have < size) {
            const auto got = ::recv(socket_, bytes.data() + have, size - have, 0);
            if (got <= 0) {
                closed_ = got == 0;
                break;
            }
            have += static_cast<std::size_t>(got);
        }
        bytes.resize(have);
        return bytes;
    }
    /// Whether the last receive ended because the other side closed.
    [[nodiscard]] bool closed() const { return closed_; }

private:
    int socket_;
    bool connected_ = false;
    bool closed_ = false;
};

}  // namespace prepay::simulator::test
