#include "pg/database_time.h"

namespace prepay::pg {

Result<DatabaseTime> read_database_time(Database& database) {
    constexpr Duration kAnswerMax{std::chrono::seconds(1)};
    const Duration start = AnchoredClock::machine_uptime();
    PREPAY_ASSIGN_OR_RETURN(
        DatabaseTime result, database.read([](pqxx::work& tx) -> Result<DatabaseTime> {
            const auto row =
                tx.exec1("SELECT " + micros("clock_timestamp()") +
                         " AS micros,"
                         " inet_server_addr() IS DISTINCT FROM inet_client_addr() AS is_elsewhere");
            return DatabaseTime{from_micros(row["micros"].as<std::int64_t>()),
                                row["is_elsewhere"].as<bool>()};
        }));
    if (AnchoredClock::machine_uptime() - start > kAnswerMax) {
        return unavailable("DATABASE_SLOW", "the database took too long to tell the time");
    }
    return result;
}

}  // namespace prepay::pg
