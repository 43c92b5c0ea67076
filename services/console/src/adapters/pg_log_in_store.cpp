#include "adapters/pg_log_in_store.h"

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
