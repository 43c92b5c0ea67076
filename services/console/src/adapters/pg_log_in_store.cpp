#include "adapters/pg_log_in_store.h"

#include "pg/row.h"

namespace prepay::console {
namespace {

constexpr int kRowsMax = 100'000;

struct Keys {
    std::string address;
    std::string name;
    std::string pair;
};

Keys keys_of(const std::string& name, const std::string& address) {
    return {address, name, name + " " + address};  // No name has a space.
}

// Rows that are absent are made, in one order, so that two attempts wait for one another.
AttemptState lock_state(pqxx::work& tx, const Keys& keys) {
    const std::string epoch = pg::to_timestamptz(Instant{});
    tx.exec_params(
        "INSERT INTO log_in_failures (kind, key, failure_count, last_time)"
        " VALUES ('address', $1, 0, $4), ('name', $2, 0, $4), ('pair', $3, 0, $4)"
        " ON CONFLICT (kind, key) DO NOTHING",
        keys.address, keys.name, keys.pair, epoch);
    AttemptState state;
    for (const auto& row :
         tx.exec_params("SELECT kind, failure_count, " + pg::micros("last_time") +
                            " AS last_micros FROM log_in_failures"
                            " WHERE (kind = 'address' AND key = $1) OR (kind = 'name' AND key = $2)"
                            " OR (kind = 'pair' AND key = $3) ORDER BY kind FOR UPDATE",
                        keys.address, keys.name, keys.pair)) {
        const Failures failures{row["failure_count"].as<int>(),
                                from_micros(row["last_micros"].as<std::int64_t>())};
        const auto kind = row["kind"].as<std::string>();
        (kind == "address" ? state.address : kind == "name" ? state.name : state.pair) = failures;
    }
    return state;
}

void store(pqxx::work& tx, const char* kind, const std::string& key, const Failures& failures) {
    tx.exec_params(
        "UPDATE log_in_failures SET failure_count = $3, last_time = $4 WHERE kind = $1 AND key = "
        "$2",
        kind, key, failures.count, pg::to_timestamptz(failures.last_time));
}

void store_state(pqxx::work& tx, const Keys& keys, const AttemptState& state) {
    store(tx, "address", keys.address, state.address);
    store(tx, "name", keys.name, state.name);
    store(tx, "pair", keys.pair, state.pair);
}

}  // namespace

Result<Duration> PgLogInStore::begin_attempt(const std::string& name, const std::string& address,
                                             Instant now) {
    Duration wait{};
    const Keys keys = keys_of(name, address);
    const Status status = database_.transact([&](pqxx::work& tx) -> Status {
        const AttemptDecision decision = decide_attempt(lock_state(tx, keys), now);
        wait = decision.wait;
        if (wait > Duration{}) {
            return failed_precondition("PAUSED", "");  // Leaves no rows behind.
        }
        store_state(tx, keys, decision.next);
        return absl::OkStatus();
    });
    if (!status.ok() && wait == Duration{}) {
        return status;
    }
    return wait;
}

Status PgLogInStore::change(const std::string& name, const std::string& address,
                            AttemptState (*rule)(const AttemptState&)) {
    const Keys keys = keys_of(name, address);
    return database_.transact([&](pqxx::work& tx) {
        store_state(tx, keys, rule(lock_state(tx, keys)));
        return absl::OkStatus();
    });
}

void PgLogInStore::forget(pqxx::work& tx, const std::string& name, const std::string& address) {
    tx.exec_params(
        "DELETE FROM log_in_failures WHERE (kind = 'name' AND key = $1)"
        " OR (kind = 'pair' AND split_part(key, ' ', 1) = $1)"
        " OR (kind = 'address' AND key = $2)",
        name, address);
}

Result<std::vector<NameFailures>> PgLogInStore::list(Instant now, int count_max, int address_max) {
    using Names = std::vector<NameFailures>;
    return database_.read([&](pqxx::work& tx) -> Result<Names> {
        Names names;
        const auto rows = tx.exec_params(
            "WITH named AS (SELECT n.key AS name, n.failure_count, n.last_time"
            " FROM log_in_failures n JOIN users u ON u.user_name = n.key"
            " WHERE n.kind = 'name' AND n.failure_count > 0 AND n.last_time > $1"
            " ORDER BY n.last_time DESC, n.key LIMIT $2),"
            " paired AS (SELECT split_part(key, ' ', 1) AS name, split_part(key, ' ', 2) AS "
            "address,"
            " failure_count, last_time, row_number() OVER (PARTITION BY split_part(key, ' ', 1)"
            " ORDER BY last_time DESC, key) AS place FROM log_in_failures"
            " WHERE kind = 'pair' AND failure_count > 0 AND last_time > $1)"
            " SELECT n.name, n.failure_count, " +
                pg::micros("n.last_time") +
                " AS last_micros, p.address, p.failure_count AS pair_count, " +
                pg::micros("p.last_time") + " AS pair_micros, a.failure_count AS address_count, " +
                pg::micros("a.last_time") +
                " AS address_micros FROM named n"
                " LEFT JOIN paired p ON p.name = n.name AND p.place <= $3"
                " LEFT JOIN log_in_failures a ON a.kind = 'address' AND a.key = p.address"
                " ORDER BY n.last_time DESC, n.name, p.place",
            pg::to_timestamptz(now - kForgetTime), count_max, address_max);
        for (const pg::Row row : rows) {
            const std::string name = row.text("name");
            if (names.empty() || names.back().name != name) {
                names.push_back(
                    {name, {row.get<int>("failure_count"), row.time("last_micros")}, {}});
            }
            const std::string address = row.get_or<std::string>("address", "");
            if (!address.empty()) {
                names.back().addresses.push_back(
                    {address,
                     {row.get<int>("pair_count"), row.time("pair_micros")},
                     {row.get_or<int>("address_count", 0),
                      row.find_time("address_micros").value_or(Instant{})}});
            }
        }
        return names;
    });
}

Status PgLogInStore::tidy(Instant now) {
    return database_.transact([&](pqxx::work& tx) {
        tx.exec_params("DELETE FROM log_in_failures WHERE last_time < $1",
                       pg::to_timestamptz(now - kForgetTime));
        tx.exec_params(
            "DELETE FROM log_in_failures WHERE (kind, key) IN"
            " (SELECT kind, key FROM log_in_failures ORDER BY last_time DESC OFFSET $1)",
            kRowsMax);
        return absl::OkStatus();
    });
}

}  // namespace prepay::console
