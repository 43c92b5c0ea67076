#pragma once

#include <set>
#include <stop_token>
#include <string>

#include "app/wall_image.h"
#include "core/status.h"
#include "core/time.h"
#include "metrics.h"
#include "pg/database.h"

namespace prepay::reporting {

/// Keeps a wall image equal to the tables: looks for rows changed since its last look, whichever
/// replica folded them. Not thread-safe.
class PgWallSource {
public:
    PgWallSource(pg::Database& database, const Clock& clock, WallImage& image)
        : database_(database), clock_(clock), image_(image) {}

    /// One look. Everything the first time. Reads one snapshot; reasons as of pg::Database.
    Status refresh();

private:
    Result<WallFacts> load(pqxx::work& tx, const std::set<LocalDate>& dates);

    pg::Database& database_;
    const Clock& clock_;
    WallImage& image_;
    std::string seen_xid_ = "0";  ///< Every older transaction is in the image.
    std::string next_seen_xid_ = "0";
    std::set<LocalDate> loaded_dates_;
};

}  // namespace prepay::reporting
