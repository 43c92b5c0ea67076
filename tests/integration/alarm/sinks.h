#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace prepay::alarm::test {

/// A TCP server on 127.0.0.1 that serves one connection after the other.
class SocketServer {
public:
    explicit SocketServer(std::function<void(int fd)> serve);
    ~SocketServer();
    [[nodiscard]] int port() const { return port_; }
    [[nodiscard]] bool is_stopping() const { return stopping_; }

private:
    int listener_ = -1;
    int port_ = 0;
    std::atomic<bool> stopping_{false};
    std::thread thread_;
};

/// How the mail server behaves.
enum class SmtpMode {
    kAccept,
    kNoSuchMailbox,    // 550 at RCPT
    kBusy,             // 450 at RCPT
    kBusyAfterText,    // 452 after the end of the data
    kRefuseAfterText,  // 554 after the end of the data
    kSilentAfterText,  // takes the text and never answers
    kDropAfterText,    // takes the text and closes
    kDropAtGreeting,   // closes at once
};

/// An SMTP server that keeps the texts whose end it has seen: what it took, answered or not.
class SmtpSink {
public:
    SmtpSink();
    void set_mode(SmtpMode mode) { mode_ = mode; }
    [[nodiscard]] std::string url() const;
    [[nodiscard]] std::vector<std::string> mails();
    [[nodiscard]] int connection_count() const { return connection_count_; }

private:
    void serve(int fd);
    std::atomic<SmtpMode> mode_{SmtpMode::kAccept};
    std::atomic<int> connection_count_{0};
    std::mutex mutex_;
    std::vector<std::string> mails_;
    SocketServer server_;  // Last: its thread uses the others.
};

struct HttpRequest {
    std::string head;
    std::string body;
    [[nodiscard]] std::string header(const std::string& name) const;
};

/// An HTTP server that answers every request with one status; 0 = never, -1 = closes instead.
class HttpSink {
public:
    HttpSink();
    void set_status(int status) { status_ = status; }
    [[nodiscard]] std::string url() const;
    [[nodiscard]] std::vector<HttpRequest> requests();

private:
    void serve(int fd);
    std::atomic<int> status_{200};
    std::mutex mutex_;
    std::vector<HttpRequest> requests_;
    SocketServer server_;
};

/// A port nobody listens on.
int closed_port();

}  // namespace prepay::alarm::test
