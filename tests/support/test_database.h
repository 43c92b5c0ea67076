#pragma once

#include <memory>
#include <string>
#include <vector>

#include "pg/database.h"
#include "pg/migrate.h"

namespace prepay::test {

/// A database of its own on the server of PREPAY_TEST_PG_URL (a superuser's URL), dropped at the
/// end. Tests say SKIP_WITHOUT_POSTGRES() first.
class TestDatabase {
public:
    static bool available();

    /// Creates the database with a login role `prepay_<schema>_<n>` that owns the schema, and
    /// applies the libraries' and the given migrations as that role.
    /// On another server than that of PREPAY_TEST_PG_URL with `server_url`.
    explicit TestDatabase(const std::string& schema,
                          const std::vector<pg::Migration>& migrations = {},
                          const std::string& server_url = "");
    ~TestDatabase();
    TestDatabase(const TestDatabase&) = delete;
    TestDatabase& operator=(const TestDatabase&) = delete;

    /// Options of the service's role.
    [[nodiscard]] pg::DatabaseOptions options(int pool_size = 4) const;
    [[nodiscard]] std::unique_ptr<pg::Database> open(int pool_size = 4) const;
    /// The superuser's URL of this database.
    [[nodiscard]] const std::string& admin_url() const { return admin_url_; }

private:
    std::string schema_;
    std::string name_;
    std::string role_;
    std::string server_url_;
    std::string admin_url_;
    std::string role_url_;
};

}  // namespace prepay::test

/// First in a test case: without a server it is said to be skipped.
#define SKIP_WITHOUT_POSTGRES()                     \
    if (!prepay::test::TestDatabase::available()) { \
        WARN("SKIPPED: no PREPAY_TEST_PG_URL");     \
        return;                                     \
    }
