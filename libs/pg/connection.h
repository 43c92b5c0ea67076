#pragma once

#include <chrono>
#include <memory>
#include <pqxx/pqxx>

#include "pg/database.h"

namespace prepay::pg {

/// How much longer than the server's own bounds its answer may take.
constexpr std::chrono::milliseconds kAnswerGrace{2000};

/// Opens a connection with the bounds of the options on both of its sides. It never reconnects by
/// itself. Throws what libpqxx throws.
std::unique_ptr<pqxx::connection> connect(const DatabaseOptions& options);

/// The libpq URL that connect() uses. For tests.
std::string connection_url(const DatabaseOptions& options);

/// Shuts a TCP connection down on which neither side has sent anything for too long, so that
/// whoever waits for it gets an error. Knows the socket by a descriptor of its own: the
/// connection's may be closed, and its number given away, at any time. Not thread-safe.
class SilenceWatch {
public:
    SilenceWatch(int socket, std::chrono::milliseconds silence_max);
    SilenceWatch(SilenceWatch&& other) noexcept;
    SilenceWatch& operator=(SilenceWatch&&) = delete;
    ~SilenceWatch();

    void allow(std::chrono::milliseconds silence_max);
    void check();

private:
    int socket_;
    std::chrono::milliseconds silence_max_;
    std::chrono::steady_clock::time_point since_;
};

}  // namespace prepay::pg
