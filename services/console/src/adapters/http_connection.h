#pragma once

#include <httplib.h>

#include <array>
#include <atomic>
#include <chrono>

namespace prepay::console {

/// What a client may take of the edge, before and after log-in.
struct HttpLimits {
    int connection_max = 1024;                       ///< More are answered 503 and closed.
    std::chrono::milliseconds idle_time{5'000};      ///< Wait for the next request.
    std::chrono::milliseconds receive_time{15'000};  ///< First byte of a request to its last.
    std::chrono::milliseconds send_wait{5'000};      ///< For a client that takes nothing.
    std::size_t body_bytes_max = 128 << 20;          ///< Of all requests together.
};

/// One client's socket. Unlike httplib's own stream it keeps a deadline over the whole of a
/// request, bounds what is read without a line or a piece of body coming of it, and keeps pipelined
/// bytes.
class HttpConnection final : public httplib::Stream {
public:
    HttpConnection(socket_t socket, const HttpLimits& limits, const std::atomic<bool>& stopping);
    ~HttpConnection() override;
    HttpConnection(const HttpConnection&) = delete;
    HttpConnection& operator=(const HttpConnection&) = delete;

    /// Waits for the first byte of a request and starts its deadline. false when the client is idle
    /// or gone or the edge is stopping.
    bool await_request();
    /// Something useful came of the bytes read so far: the allowance starts anew.
    void renew_allowance() { allowance_ = kAllowanceBytes; }
    /// Whether the request in hand was not there in time.
    [[nodiscard]] bool is_late() const { return late_; }

    [[nodiscard]] bool is_readable() const override;
    [[nodiscard]] bool is_writable() const override;
    ssize_t read(char* data, std::size_t size) override;
    ssize_t write(const char* data, std::size_t size) override;
    void get_remote_ip_and_port(std::string& ip, int& port) const override;
    void get_local_ip_and_port(std::string& ip, int& port) const override;
    [[nodiscard]] socket_t socket() const override { return socket_; }

    // Of the request in hand.
    bool has_body = false;
    bool body_taken = false;
    std::size_t body_bytes = 0;  ///< Counted in the server's sum.

    /// An answer before the end of the request: what follows is not read as another request.
    [[nodiscard]] bool is_out_of_step() const { return has_body && !body_taken; }

private:
    static constexpr std::size_t kAllowanceBytes = 64 << 10;

    bool fill(std::chrono::steady_clock::time_point deadline);

    socket_t socket_;
    const HttpLimits& limits_;
    const std::atomic<bool>& stopping_;
    std::chrono::steady_clock::time_point deadline_;
    std::array<char, 16 << 10> buffer_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    std::size_t allowance_ = kAllowanceBytes;
    bool late_ = false;
};

}  // namespace prepay::console
