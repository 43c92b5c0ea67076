#include "support/pg_cluster.h"

#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <pqxx/pqxx>
#include <stdexcept>
#include <thread>

namespace prepay::test {
namespace {

namespace fs = std::filesystem;
const std::string kBin = "/usr/lib/postgresql/15/bin/";

// PostgreSQL refuses root: then it runs as the user postgres.
std::vector<std::string> as_postgres(std::vector<std::string> command) {
    if (geteuid() == 0) {
        const std::vector<std::string> prefix = {"setpriv", "--reuid=postgres", "--regid=postgres",
                                                 "--clear-groups", "--"};
        command.insert(command.begin(), prefix.begin(), prefix.end());
    }
    return command;
}

void run(const std::vector<std::string>& command, const std::string& log) {
    ChildProcess child(command, log);
    if (child.wait(std::chrono::seconds(60)) != 0) {
        throw std::runtime_error(command.front() + " failed");
    }
}

bool lets_in(const std::string& url) {
    try {
        const pqxx::connection connection(url);
        return true;
    } catch (const pqxx::failure&) {
        return false;
    }
}

}  // namespace

bool PgCluster::available() { return fs::exists(kBin + "postgres"); }

PgCluster::PgCluster(const std::string& folder) : folder_(folder), is_temporary_(folder.empty()) {
    char name[] = "/tmp/prepay-pg-XXXXXX";
    if (is_temporary_) {
        if (mkdtemp(name) == nullptr) {
            throw std::runtime_error("no temporary folder");
        }
        folder_ = name;
    }
    fs::create_directories(folder_);
    if (geteuid() == 0) {
        run({"chown", "postgres:postgres", folder_}, folder_ + "/log");
    }
    run(as_postgres({kBin + "initdb", "-D", folder_ + "/data", "-U", "postgres", "-A", "trust",
                     "--no-sync", "--locale=C", "--encoding=UTF8"}),
        folder_ + "/log");
    std::ofstream(folder_ + "/data/postgresql.conf", std::ios::app)
        << "port = " << port_ << "\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\n"
        << "max_connections = 200\nfsync = on\nsynchronous_commit = on\n";
    start();
}

PgCluster::~PgCluster() {
    kill();
    if (is_temporary_) {
        fs::remove_all(folder_);
    }
}

std::string PgCluster::url(const std::string& database) const {
    return "postgresql://postgres@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

void PgCluster::kill() { postmaster_.reset(); }

void PgCluster::start() {
    // The next server must not start before the last one's children are gone: then it refuses.
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (std::chrono::steady_clock::now() < deadline) {
        if (!postmaster_ || !postmaster_->is_running()) {
            postmaster_ = std::make_unique<ChildProcess>(
                as_postgres({kBin + "postgres", "-D", folder_ + "/data"}), folder_ + "/log");
        }
        if (lets_in(url())) {
            return;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    throw std::runtime_error("PostgreSQL does not start, see " + folder_ + "/log");
}

}  // namespace prepay::test
