#pragma once

#include <memory>
#include <string>

#include "support/child_process.h"

namespace prepay::test {

/// A PostgreSQL server of a test's own, with fsync, that can be killed.
class PgCluster {
public:
    /// Whether the server's programs are there (/usr/lib/postgresql/15/bin).
    static bool available();
    /// In a folder of its own that goes with it; or in `folder`, made when absent, which stays.
    explicit PgCluster(const std::string& folder = "");
    ~PgCluster();
    PgCluster(const PgCluster&) = delete;
    PgCluster& operator=(const PgCluster&) = delete;

    /// A superuser's URL, "postgresql://postgres@127.0.0.1:<port>/<database>".
    [[nodiscard]] std::string url(const std::string& database = "postgres") const;
    [[nodiscard]] int port() const { return port_; }
    /// SIGKILL of the postmaster: its children notice and end; nothing is written any more.
    void kill();
    /// Starts it (again) and waits until it lets clients in.
    void start();

private:
    int port_ = free_port();
    std::string folder_;
    bool is_temporary_;
    std::unique_ptr<ChildProcess> postmaster_;
};

}  // namespace prepay::test
