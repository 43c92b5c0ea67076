#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

namespace prepay::test {

/// A TCP proxy on 127.0.0.1 that does to its connections what a bad network does. Thread-safe;
/// what it is told holds for all connections at once, from the return of the call on.
class ChaosProxy {
public:
    /// Forwards to 127.0.0.1:`target_port`; listens on `listen_port`, or on a free port with 0.
    explicit ChaosProxy(int target_port, int listen_port = 0);
    ~ChaosProxy();
    ChaosProxy(const ChaosProxy&) = delete;
    ChaosProxy& operator=(const ChaosProxy&) = delete;

    [[nodiscard]] int port() const;

    /// Nothing passes any more in either direction, and nothing is closed: neither end learns that
    /// the other has gone. New connections are taken and get no answer.
    void swallow();
    /// Connections made from now on work, at full speed. Those that were swallowed stay dead: their
    /// server's ends stay open.
    void heal();
    /// Ends all connections with a reset (RST) at both ends. New ones are served as before.
    void reset();
    /// Every piece of data of every connection waits so long before it goes on.
    void slow(std::chrono::milliseconds delay);

    /// Connections taken that are not swallowed and still open.
    [[nodiscard]] std::size_t connection_count() const;
    /// Bytes forwarded since the start, both directions.
    [[nodiscard]] std::size_t forwarded_bytes() const;

private:
    struct State;
    std::unique_ptr<State> state_;
};

/// `postgresql://user@host:port/db` with the proxy's port, whatever host and port it had.
std::string through(const ChaosProxy& proxy, const std::string& url);
/// The port of such a URL; 5432 when it names none.
int port_of(const std::string& url);

}  // namespace prepay::test
