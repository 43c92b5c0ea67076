#pragma once

#include <sys/types.h>

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace prepay::test {

/// A program started by a test; killed with it at the latest.
class ChildProcess {
public:
    /// Standard output and error go to `log_path` (appended).
    ChildProcess(const std::vector<std::string>& command, const std::string& log_path,
                 const std::map<std::string, std::string>& environment = {});
    ~ChildProcess();
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    [[nodiscard]] pid_t pid() const { return pid_; }
    [[nodiscard]] bool is_running();
    void signal(int number) const;
    /// Exit code, 128 + signal, or -1 when it did not end in time.
    int wait(std::chrono::milliseconds timeout);
    /// SIGKILL and reap.
    void kill();

private:
    pid_t pid_ = -1;
    int exit_code_ = -1;
};

/// A TCP port below the ephemeral range that was free a moment ago, and that no other test gets
/// while this process lives.
int free_port();

/// Whether a TCP connection to 127.0.0.1:port is accepted.
bool accepts_connections(int port);

}  // namespace prepay::test
