#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <pqxx/pqxx>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/status.h"
#include "core/time.h"

namespace prepay::pg {

/// Nothing waits for ever, on either side of a connection: a link may be cut without a word, and
/// each end then has to find out by itself. The server's bounds go along as start-up options, added
/// to those of the URL; what the URL sets itself counts. With these values both ends are free
/// again 25 s after any cut.
struct DatabaseOptions {
    std::string url;       ///< libpq URL without password.
    std::string password;  ///< May be empty (peer, trust, .pgpass).
    std::string schema;    ///< search_path of every connection.
    int pool_size = 4;     ///< Connections at most.
    std::chrono::milliseconds acquire_timeout{5000};
    /// From the connection's start until the server lets in; also for the answer to BEGIN.
    std::chrono::milliseconds connect_timeout{5000};
    /// Server: a statement. The client ends the connection when there is no word 2 s later.
    std::chrono::milliseconds statement_timeout{20'000};
    /// Server: the wait for one lock, advisory ones too.
    std::chrono::milliseconds lock_timeout{8000};
    /// Server: the pause between two statements of a transaction; then it rolls back.
    std::chrono::milliseconds idle_in_transaction_timeout{10'000};
    /// Both sides: how long a peer may not acknowledge (tcp_user_timeout; keepalives at a third).
    std::chrono::milliseconds peer_timeout{12'000};
};

/// The one translator of exceptions. Call inside a catch block only. Reasons, of UNAVAILABLE (try
/// again): DATABASE_UNAVAILABLE (also a transaction that the server ended because it was idle for
/// too long), COMMIT_IN_DOUBT, LOCK_TIMEOUT, STATEMENT_TIMEOUT; of others: SERIALIZATION,
/// CONSTRAINT, DATABASE_ERROR; those of a Refusal.
Status translate_current_exception();

/// Whether the error is one that re-running the whole transaction may heal.
bool is_serialization_error(const Status& status);

/// Whether the database is away or busy, so that the same may go through a little later.
bool is_passing_error(const Status& status);

/// Thrown inside a transaction where its work cannot return a status: rolls back, and the status is
/// what the caller of transact() gets.
class Refusal : public std::exception {
public:
    explicit Refusal(Status status) : status_(std::move(status)), text_(error_message(status_)) {}
    [[nodiscard]] const Status& status() const { return status_; }
    [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

private:
    Status status_;
    std::string text_;
};

/// Runs `action` once the transaction has committed, on the thread that committed it, in the order
/// of the calls; never when it rolls back, is run again (the repetition asks anew) or nobody knows
/// whether it committed. For effects outside the database that nobody may see before the rows. It
/// must not throw, and not ask the database: the transaction's connection is still taken.
/// PREPAY_ASSERTs that the transaction is one of Database::transact()'s on this
/// thread.
void after_commit(const pqxx::work& transaction, std::function<void()> action);

/// The actions of one transaction, found by its thread.
class CommitActions {
public:
    explicit CommitActions(const pqxx::work& transaction);
    ~CommitActions();
    CommitActions(const CommitActions&) = delete;
    CommitActions& operator=(const CommitActions&) = delete;
    void run() noexcept;

private:
    friend void after_commit(const pqxx::work& transaction, std::function<void()> action);
    const pqxx::work& transaction_;
    CommitActions* outer_;  ///< Of a transaction of the same thread that has begun earlier.
    std::vector<std::function<void()>> actions_;
};

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
    /// UNAVAILABLE / COMMIT_IN_DOUBT and never retried. `patience` = what a statement, or the pause
    /// between two, may take in this transaction; 0 = what the options say.
    template <typename Work>
    auto transact(Work&& work, std::chrono::milliseconds patience = {}) {
        return run<false>(std::forward<Work>(work), patience);
    }

    /// The same for reading only: REPEATABLE READ, READ ONLY, one snapshot.
    template <typename Work>
    auto read(Work&& work, std::chrono::milliseconds patience = {}) {
        return run<true>(std::forward<Work>(work), patience);
    }

    /// Called after each commit of transact(), in the committing thread. Set before use.
    void set_commit_hook(std::function<void()> hook);

    /// SELECT 1, for readiness; as slow as the server is.
    Status ping();

    [[nodiscard]] const std::string& schema() const;

private:
    struct State;
    template <bool kReadOnly, typename Work>
    auto run(Work&& work, std::chrono::milliseconds patience) {
        using Outcome = std::invoke_result_t<Work, pqxx::work&>;
        for (int attempt = 1;; ++attempt) {
            bool started = false;
            Outcome outcome = run_once<kReadOnly, Outcome>(work, patience, started);
            const bool stale = !started && is_unavailable(to_status(outcome));
            if (attempt >= 3 || !(stale || is_serialization_error(to_status(outcome)))) {
                return outcome;
            }
            pause_before_retry(attempt);
        }
    }
    template <bool kReadOnly, typename Outcome, typename Work>
    Outcome run_once(Work& work, std::chrono::milliseconds patience, bool& started) {
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
            set_patience(transaction, patience);
            started = true;
            CommitActions actions(transaction);
            Outcome outcome = work(transaction);
            if (to_status(outcome).ok()) {
                transaction.commit();
                if constexpr (!kReadOnly) {
                    call_commit_hook();
                }
                actions.run();
            }
            return outcome;
        } catch (...) {
            Status status = translate_current_exception();
            started = started || !connection;  // To connect once more would only take as long.
            if (is_unavailable(status)) {
                drop_idle();  // The others of the pool are as stale as this one.
            }
            return Outcome(std::move(status));
        }
    }
    static bool is_unavailable(const Status& status);
    void set_patience(pqxx::work& transaction, std::chrono::milliseconds patience);
    void drop_idle();
    static const Status& to_status(const Status& status) { return status; }
    template <typename T>
    static const Status& to_status(const Result<T>& result) {
        return result.status();
    }
    Result<std::shared_ptr<pqxx::connection>> acquire();
    static void pause_before_retry(int attempt);
    void call_commit_hook();

    std::shared_ptr<State> state_;
};

/// Formats values as a PostgreSQL array literal, e.g. for `$1::bigint[]` with unnest.
std::string to_array(const std::vector<std::int64_t>& values);
std::string to_array(const std::vector<std::string>& values);

/// timestamptz text for parameters; see micros() for the way back.
std::string to_timestamptz(Instant instant);
/// The same of a time that may be missing, with what is said then: "infinity", or "" for a
/// `NULLIF($1, '')::timestamptz`.
std::string to_timestamptz(const std::optional<Instant>& instant, const std::string& otherwise);

/// `micros("read_time")` = the SQL expression that gives the column as bigint microseconds.
std::string micros(const std::string& column);

}  // namespace prepay::pg
