#include "support/test_database.h"

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <stdexcept>

#include "outbox/outbox.h"
#include "pg_migrations.h"

namespace prepay::test {
namespace {

std::string common_server_url() {
    const char* url = std::getenv("PREPAY_TEST_PG_URL");
    return url == nullptr ? "" : url;
}

// postgresql://user:pw@host:port/db?x -> the same with another user and database.
std::string with(const std::string& url, const std::string& user, const std::string& database) {
    const auto scheme_end = url.find("://") + 3;
    auto host = url.find('@', scheme_end);
    host = host == std::string::npos ? scheme_end : host + 1;
    const auto path = url.find('/', host);
    const auto query = url.find('?', host);
    const std::string credentials =
        user.empty() ? url.substr(scheme_end, host - scheme_end) : user + ":test@";
    return url.substr(0, scheme_end) + credentials + url.substr(host, path - host) + "/" +
           database + (query == std::string::npos ? "" : url.substr(query));
}

void execute(const std::string& url, const std::vector<std::string>& statements) {
    pqxx::connection connection(url);
    pqxx::nontransaction session(connection);
    for (const std::string& statement : statements) {
        session.exec(statement);
    }
}

}  // namespace

bool TestDatabase::available() { return !common_server_url().empty(); }

TestDatabase::TestDatabase(const std::string& schema, const std::vector<pg::Migration>& migrations,
                           const std::string& server_url)
    : schema_(schema), server_url_(server_url.empty() ? common_server_url() : server_url) {
    static std::atomic<int> counter{0};
    name_ = "test_" + schema + "_" + std::to_string(getpid()) + "_" + std::to_string(++counter);
    role_ = "prepay_" + name_;
    execute(server_url_,
            {"CREATE DATABASE " + name_, "CREATE ROLE " + role_ + " LOGIN PASSWORD 'test'"});
    admin_url_ = with(server_url_, "", name_);
    role_url_ = with(server_url_, role_, name_);
    execute(admin_url_, {"CREATE SCHEMA " + schema_ + " AUTHORIZATION " + role_});
    const auto database = open(1);
    const Status status = pg::migrate(
        *database, {{"pg", pg_migrations()}, outbox::migrations(), {"service", migrations}});
    if (!status.ok()) {
        throw std::runtime_error(error_message(status));
    }
}

TestDatabase::~TestDatabase() {
    try {
        execute(server_url_, {"DROP DATABASE " + name_ + " WITH (FORCE)", "DROP ROLE " + role_});
    } catch (const std::exception&) {
        // A test that stopped the server has nothing left to drop.
    }
}

pg::DatabaseOptions TestDatabase::options(int pool_size) const {
    pg::DatabaseOptions options;
    options.url = role_url_;
    options.schema = schema_;
    options.pool_size = pool_size;
    return options;
}

std::unique_ptr<pg::Database> TestDatabase::open(int pool_size) const {
    return std::make_unique<pg::Database>(options(pool_size));
}

}  // namespace prepay::test
