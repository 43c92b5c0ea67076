#pragma once

#include <string>

namespace prepay::test {

/// A TCP client that sends exactly what it is told. Reads give up after 30 s, so that a test fails
/// instead of hanging.
class RawClient {
public:
    explicit RawClient(int port, const std::string& from = "127.0.0.1");
    ~RawClient();
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    /// false when the other side has closed.
    bool send(const std::string& bytes);
    /// Everything up to and with `mark`, or to the end.
    std::string read_until(const std::string& mark);
    /// Everything until the other side closes.
    std::string read_to_end();
    /// Whether bytes or the end are there within the time.
    [[nodiscard]] bool is_readable(int wait_ms) const;
    /// Whether the other side closed; what it sent before is kept for the reads.
    bool is_closed();
    void close();

private:
    bool take();

    int socket_;
    std::string received_;
};

/// "POST path" with headers and a content-length.
std::string post_text(const std::string& path, const std::string& headers, const std::string& body);

}  // namespace prepay::test
