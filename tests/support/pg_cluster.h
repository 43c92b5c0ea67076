#pragma once

#include <memory>
#include <string>

#include "support/child_process.h"

namespace prepay::test {

/// A PostgreSQL server of a test's own, with fsync, that can be killed. Its data goes with it.
class PgCluster {
public:
    /// Whether the server's programs are there (/usr/lib/postgresql/15/bin).
    static bool available();
    PgCluster();
    ~PgCluster();
    PgCluster(const PgCluster&) = delete;
    PgCluster& operator=(const PgCluster&) = delete;

    /// A superuser's URL, "postgresql://postgres@127.0.0.1:<port>/postgres".
    [[nodiscard]] std::string url() const;
    /// SIGKILL of the postmaster: its children notice and end; nothing is written any more.
    void kill();
    /// Starts it (again) and waits until it lets clients in.
    void start();

private:
    int port_ = free_port();
    std::string folder_;
    std::unique_ptr<ChildProcess> postmaster_;
};

}  // namespace prepay::test
