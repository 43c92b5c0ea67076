#include "integration/alarm/sinks.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "support/loopback.h"

namespace prepay::alarm::test {
namespace {

constexpr int kPollMs = 20;
constexpr int kPatienceMs = 3000;

int listen_on_any(int& port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    port = prepay::test::listen_on_loopback(fd, 64);
    return fd;
}

bool is_readable(int fd, int wait_ms) {
    pollfd entry{fd, POLLIN, 0};
    return poll(&entry, 1, wait_ms) > 0;
}

void send_text(int fd, const std::string& text) {
    (void)!send(fd, text.data(), text.size(), MSG_NOSIGNAL);
}

// Reads what is there; nothing at the end of the connection or after the patience.
std::optional<std::string> receive(int fd) {
    char buffer[4096];
    if (!is_readable(fd, kPatienceMs)) {
        return std::nullopt;
    }
    const ssize_t count = recv(fd, buffer, sizeof buffer, 0);
    return count <= 0 ? std::nullopt
                      : std::optional(std::string(buffer, static_cast<std::size_t>(count)));
}

// Reads up to and with `end`; the rest stays in `pending`.
std::optional<std::string> receive_until(int fd, std::string& pending, const std::string& end) {
    for (;;) {
        const auto found = pending.find(end);
        if (found != std::string::npos) {
            const std::string part = pending.substr(0, found + end.size());
            pending.erase(0, found + end.size());
            return part;
        }
        const auto more = receive(fd);
        if (!more) {
            return std::nullopt;
        }
        pending += *more;
    }
}

// Waits for the other side to give up.
void stay_silent(int fd, const SocketServer& server) {
    char byte = 0;
    while (!server.is_stopping()) {
        if (is_readable(fd, kPollMs) && recv(fd, &byte, 1, 0) <= 0) {
            return;
        }
    }
}

}  // namespace

SocketServer::SocketServer(std::function<void(int fd)> serve) {
    listener_ = listen_on_any(port_);
    thread_ = std::thread([this, serve = std::move(serve)] {
        while (!stopping_) {
            if (!is_readable(listener_, kPollMs)) {
                continue;
            }
            const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (fd >= 0) {
                serve(fd);
                close(fd);
            }
        }
    });
}

SocketServer::~SocketServer() {
    stopping_ = true;
    thread_.join();
    close(listener_);
}

SmtpSink::SmtpSink() : server_([this](int fd) { serve(fd); }) {}

std::string SmtpSink::url() const { return "smtp://127.0.0.1:" + std::to_string(server_.port()); }

std::vector<std::string> SmtpSink::mails() {
    const std::lock_guard lock(mutex_);
    return mails_;
}

void SmtpSink::serve(int fd) {
    ++connection_count_;
    const SmtpMode mode = mode_;
    if (mode == SmtpMode::kDropAtGreeting) {
        return;
    }
    send_text(fd, "220 sink\r\n");
    std::string pending;
    while (const auto line = receive_until(fd, pending, "\r\n")) {
        const std::string verb = line->substr(0, 4);
        if (verb == "RCPT" && mode == SmtpMode::kNoSuchMailbox) {
            send_text(fd, "550 no such mailbox\r\n");
        } else if (verb == "RCPT" && mode == SmtpMode::kBusy) {
            send_text(fd, "450 busy\r\n");
        } else if (verb == "QUIT") {
            send_text(fd, "221 bye\r\n");
            return;
        } else if (verb != "DATA") {
            send_text(fd, "250 ok\r\n");
        } else {
            send_text(fd, "354 go on\r\n");
            const auto text = receive_until(fd, pending, "\r\n.\r\n");
            if (!text) {
                return;
            }
            {
                const std::lock_guard lock(mutex_);
                mails_.push_back(*text);
            }
            if (mode == SmtpMode::kSilentAfterText) {
                stay_silent(fd, server_);
                return;
            }
            if (mode == SmtpMode::kDropAfterText) {
                return;
            }
            send_text(fd, mode == SmtpMode::kBusyAfterText     ? "452 busy\r\n"
                          : mode == SmtpMode::kRefuseAfterText ? "554 no\r\n"
                                                               : "250 taken\r\n");
        }
    }
}

std::string HttpRequest::header(const std::string& name) const {
    const auto start = head.find("\r\n" + name + ": ");
    if (start == std::string::npos) {
        return "";
    }
    const auto value = start + name.size() + 4;
    return head.substr(value, head.find("\r\n", value) - value);
}

HttpSink::HttpSink() : server_([this](int fd) { serve(fd); }) {}

std::string HttpSink::url() const {
    return "http://127.0.0.1:" + std::to_string(server_.port()) + "/hook";
}

std::vector<HttpRequest> HttpSink::requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
}

void HttpSink::serve(int fd) {
    std::string pending;
    const auto head = receive_until(fd, pending, "\r\n\r\n");
    if (!head) {
        return;
    }
    HttpRequest request{*head, ""};
    const auto length = static_cast<std::size_t>(std::stoul(request.header("Content-Length")));
    while (pending.size() < length) {
        const auto more = receive(fd);
        if (!more) {
            return;
        }
        pending += *more;
    }
    request.body = pending;
    {
        const std::lock_guard lock(mutex_);
        requests_.push_back(request);
    }
    const int status = status_;
    if (status == 0) {
        stay_silent(fd, server_);
    } else if (status > 0) {
        send_text(fd, "HTTP/1.1 " + std::to_string(status) +
                          " x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }
}

int closed_port() {
    int port = 0;
    const int fd = listen_on_any(port);
    close(fd);
    return port;
}

}  // namespace prepay::alarm::test
