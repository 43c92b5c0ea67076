#pragma once

#include <string>
#include <vector>

#include "core/status.h"
#include "pg/database.h"

namespace prepay::pg {

/// One forward-only step; `file_name` is "0001_init.sql".
struct Migration {
    std::string file_name;
    std::string sql;
};

/// The steps of one component ("outbox", "service"), in order.
struct MigrationSet {
    std::string component;
    std::vector<Migration> migrations;
};

/// Brings the schema up to date, one transaction a step, under an advisory lock, so that replicas
/// may start together. Steps already applied must have the checksum they had then: reason
/// MIGRATION_CHANGED; a database newer than the program: MIGRATION_UNKNOWN.
Status migrate(Database& database, const std::vector<MigrationSet>& sets);

}  // namespace prepay::pg
