#include "raw_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <utility>

#include "support/loopback.h"

namespace prepay::test {
namespace {

constexpr int kPatienceMs = 30'000;

}  // namespace

RawClient::RawClient(int port, const std::string& from)
    : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    inet_pton(AF_INET, from.c_str(), &address.sin_addr);
    ::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
    address = loopback(port);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        throw std::runtime_error("cannot connect to the console");
    }
}

RawClient::~RawClient() { close(); }

void RawClient::close() {
    if (socket_ >= 0) {
        ::close(socket_);
        socket_ = -1;
    }
}

bool RawClient::send(const std::string& bytes) {
    std::size_t sent = 0;
    while (sent < bytes.size()) {
        const ssize_t count =
            ::send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
        if (count <= 0) {
            return false;
        }
        sent += static_cast<std::size_t>(count);
    }
    return true;
}

bool RawClient::is_readable(int wait_ms) const {
    pollfd entry{socket_, POLLIN, 0};
    return ::poll(&entry, 1, wait_ms) > 0;
}

bool RawClient::take() {
    if (!is_readable(kPatienceMs)) {
        throw std::runtime_error("the console neither answers nor closes; so far: " + received_);
    }
    std::array<char, 65536> buffer{};
    const ssize_t count = ::recv(socket_, buffer.data(), buffer.size(), 0);
    if (count > 0) {
        received_.append(buffer.data(), static_cast<std::size_t>(count));
    }
    return count > 0;
}

std::string RawClient::read_until(const std::string& mark) {
    while (received_.find(mark) == std::string::npos) {
        if (!take()) {
            return std::exchange(received_, "");
        }
    }
    const auto end = received_.find(mark) + mark.size();
    const std::string text = received_.substr(0, end);
    received_.erase(0, end);
    return text;
}

std::string RawClient::read_to_end() {
    while (take()) {
    }
    return std::exchange(received_, "");
}

bool RawClient::is_closed() {
    while (is_readable(0)) {
        if (!take()) {
            return true;
        }
    }
    return false;
}

std::string post_text(const std::string& path, const std::string& headers,
                      const std::string& body) {
    return "POST " + path + " HTTP/1.1\r\nHost: console\r\n" + headers +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace prepay::test
