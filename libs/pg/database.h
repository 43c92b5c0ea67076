#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <pqxx/pqxx>
#include <string>
#include <type_traits>
#include <utility>

#include "core/status.h"
#include "core/time.h"

namespace prepay::pg {

struct DatabaseOptions {
    std::string url;       ///< libpq URL without password.
    std::string password;  ///< May be empty (peer, trust, .pgpass).
    std::string schema;    ///< search_path of every connection.
    int pool_size = 4;     ///< Connections at most.
    std::chrono::milliseconds acquire_timeout{5000};
};

/// The one translator of libpqxx exceptions. Call inside a catch block only.
/// Reasons: DATABASE_UNAVAILABLE, COMMIT_IN_DOUBT, SERIALIZATION, CONSTRAINT, DATABASE_ERROR.
Status translate_current_exception();

/// Whether the error is one that re-running the whole transaction may heal.
bool is_serialization_error(const Status& status);

/// A bounded pool of connections to one schema. Thread-safe.
class Database {
public:
    explicit Database(DatabaseOptions options);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    /// Runs `work(pqxx::work&) -> Result<T> or Status` in a READ COMMITTED transaction. OK commits,
    /// an error rolls back and is returned. Serialization failures and deadlocks re-run `work` up
    /// to three times, so it must have no effect but on the transaction. A lost commit answer is
    /// UNAVAILABLE / COMMIT_IN_DOUBT and never retried.
    template <typename Work>
    auto transact(Work&& work) {
        return run<false>(std::forward<Work>(work));
    }

    /// The same for reading only: REPEATABLE READ, READ ONLY, one snapshot.
    template <typename Work>
    auto read(Work&& work) {
        return run<true>(std::forward<Work>(work));
    }

    /// Called after each commit of transact(), in the committing thread. Set before use.
    void set_commit_hook(std::function<void()> hook);

    /// SELECT 1 within a second; for readiness.
    Status ping();

    [[nodiscard]] const std::string& schema() const;

private:
    struct State;
    class Lease;
    template <bool kReadOnly, typename Work>
    auto run(Work&& work) {
        using Outcome = std::invoke_result_t<Work, pqxx::work&>;
        for (int attempt = 1;; ++attempt) {
            bool started = false;
            Outcome outcome = run_once<kReadOnly, Outcome>(work, started);
            const bool stale = !started && is_unavailable(to_status(outcome));
            if (attempt >= 3 || !(stale || is_serialization_error(to_status(outcome)))) {
                return outcome;
            }
            pause_before_retry(attempt);
        }
    }
    template <bool kReadOnly, typename Outcome, typename Work>
    Outcome run_once(Work& work, bool& started) {
        std::shared_ptr<pqxx::connection> connection;
        try {
            Result<std::shared_ptr<pqxx::connection>> lease = acquire();
            if (!lease.ok()) {
                return Outcome(lease.status());
            }
            connection = *std::move(lease);
            pqxx::work transaction(*connection);
            if constexpr (kReadOnly) {
                transaction.exec("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
            }
            started = true;
            Outcome outcome = work(transaction);
            if (to_status(outcome).ok()) {
                transaction.commit();
                if constexpr (!kReadOnly) {
                    after_commit();
                }
            }
            return outcome;
        } catch (...) {
            Status status = translate_current_exception();
            if (is_unavailable(status)) {
                drop_idle();  // The others of the pool are as stale as this one.
            }
            return Outcome(std::move(status));
        }
    }
    static bool is_unavailable(const Status& status);
    void drop_idle();
    static const Status& to_status(const Status& status) { return status; }
    template <typename T>
    static const Status& to_status(const Result<T>& result) {
        return result.status();
    }
    Result<std::shared_ptr<pqxx::connection>> acquire();
    static void pause_before_retry(int attempt);
    void after_commit();

    std::shared_ptr<State> state_;
};

/// Formats values as a PostgreSQL array literal, e.g. for `$1::bigint[]` with unnest.
std::string to_array(const std::vector<std::int64_t>& values);
std::string to_array(const std::vector<std::string>& values);

/// timestamptz text for parameters, and back from `(extract(epoch from x) * 1000000)::bigint`.
std::string to_timestamptz(Instant instant);

/// `micros("read_time")` = the SQL expression that gives the column as bigint microseconds.
std::string micros(const std::string& column);

}  // namespace prepay::pg
