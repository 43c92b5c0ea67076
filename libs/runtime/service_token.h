#pragma once

#include <chrono>
#include <mutex>
#include <stop_token>
#include <string>

#include "core/status.h"
#include "core/time.h"
#include "telemetry/metrics.h"

namespace prepay::runtime {

/// The token by which a service calls its peers. It is read again from its file while the process
/// runs, so that short-lived tokens can be renewed without a restart. A file that holds no good
/// token changes nothing. Thread-safe.
class ServiceToken {
public:
    /// `file` is empty when the token came from the configuration itself; it is never renewed then.
    /// `expire_time` shows the end of the one in use, in seconds since 1970.
    ServiceToken(std::string token, std::string file, std::string public_key_pem,
                 telemetry::Gauge expire_time, const Clock& clock);

    [[nodiscard]] std::string current() const;
    /// UNAVAILABLE with reason SERVICE_TOKEN_EXPIRED once it is over.
    [[nodiscard]] Status check() const;

    /// Reads the file every two seconds.
    void run(const std::stop_token& stop);
    /// Reads it once. Reasons TOKEN_FILE_UNREADABLE, TOKEN_INVALID, TOKEN_EXPIRED.
    Status read();

private:
    void warn();

    const std::string file_;
    const std::string public_key_pem_;
    const telemetry::Gauge gauge_;
    const Clock& clock_;
    mutable std::mutex mutex_;
    std::string token_;
    Instant expire_time_;
    std::string refused_;        ///< What was last refused; said once. Of run()'s thread.
    Instant next_warning_time_;  ///< Of run()'s thread.
};

}  // namespace prepay::runtime
