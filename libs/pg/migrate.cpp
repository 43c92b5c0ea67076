#include "pg/migrate.h"

#include <map>

#include "core/ids.h"

namespace prepay::pg {
namespace {

// A step may rewrite a table. Its locks are waited for no longer than others are: whoever starts
// beside another's long step is told that the database is busy, and starts again.
constexpr std::chrono::minutes kStepPatience{30};

std::string checksum(const std::string& sql) {
    std::string hex(16, '0');
    const std::uint64_t hash = stable_hash(sql);
    for (std::size_t i = 0; i < 16; ++i) {
        hex[i] = "0123456789abcdef"[(hash >> (60 - 4 * i)) & 0xFU];
    }
    return hex;
}

Status check_applied(pqxx::work& tx, const MigrationSet& set) {
    std::map<std::string, std::string> known;
    for (const Migration& migration : set.migrations) {
        known[migration.file_name] = checksum(migration.sql);
    }
    const auto rows = tx.exec_params(
        "SELECT file_name, checksum FROM schema_migrations WHERE component = $1", set.component);
    for (const auto& row : rows) {
        const auto found = known.find(row["file_name"].as<std::string>());
        if (found == known.end()) {
            return failed_precondition(
                "MIGRATION_UNKNOWN", "the database has step " + row["file_name"].as<std::string>() +
                                         " that this program does not know; run a newer program");
        }
        if (found->second != row["checksum"].as<std::string>()) {
            return failed_precondition("MIGRATION_CHANGED",
                                       "step " + found->first +
                                           " differs from the one that was applied; add a new step "
                                           "instead of changing an old one");
        }
    }
    return absl::OkStatus();
}

Status apply(Database& database, const std::string& component, const Migration& migration) {
    return database.transact(
        [&](pqxx::work& tx) {
            tx.exec_params(
                "SELECT pg_advisory_xact_lock($1)",
                static_cast<std::int64_t>(stable_hash("migrate/" + database.schema()) >> 1));
            const auto done = tx.exec_params(
                "SELECT 1 FROM schema_migrations WHERE component = $1 AND file_name = $2",
                component, migration.file_name);
            if (done.empty()) {
                tx.exec(migration.sql);
                tx.exec_params(
                    "INSERT INTO schema_migrations (component, file_name, checksum) VALUES ($1, "
                    "$2, "
                    "$3)",
                    component, migration.file_name, checksum(migration.sql));
            }
            return absl::OkStatus();
        },
        kStepPatience);
}

}  // namespace

Status migrate(Database& database, const std::vector<MigrationSet>& sets) {
    PREPAY_RETURN_IF_ERROR(database.transact([&](pqxx::work& tx) {
        tx.exec_params("SELECT pg_advisory_xact_lock($1)",
                       static_cast<std::int64_t>(stable_hash("migrate/" + database.schema()) >> 1));
        tx.exec("SET LOCAL client_min_messages TO warning");
        tx.exec(
            "CREATE TABLE IF NOT EXISTS schema_migrations ("
            " component text NOT NULL, file_name text NOT NULL, checksum text NOT NULL,"
            " apply_time timestamptz NOT NULL DEFAULT now(),"
            " CONSTRAINT pk_schema_migrations PRIMARY KEY (component, file_name))");
        for (const MigrationSet& set : sets) {
            PREPAY_RETURN_IF_ERROR(check_applied(tx, set));
        }
        return absl::OkStatus();
    }));
    for (const MigrationSet& set : sets) {
        for (const Migration& migration : set.migrations) {
            if (Status status = apply(database, set.component, migration); !status.ok()) {
                return make_error(status.code(), error_reason(status),
                                  "migration " + set.component + "/" + migration.file_name + ": " +
                                      error_message(status));
            }
        }
    }
    return absl::OkStatus();
}

}  // namespace prepay::pg
