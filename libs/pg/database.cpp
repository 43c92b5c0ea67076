#include "pg/database.h"

#include <condition_variable>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "core/assert.h"
#include "pg/connection.h"

namespace prepay::pg {

namespace {

constexpr std::chrono::milliseconds kWatchInterval{500};

}  // namespace

namespace {
thread_local CommitActions* innermost_actions = nullptr;
}  // namespace

CommitActions::CommitActions(const pqxx::work& transaction)
    : transaction_(transaction), outer_(std::exchange(innermost_actions, this)) {}

CommitActions::~CommitActions() { innermost_actions = outer_; }

void CommitActions::run() noexcept {
    for (const std::function<void()>& action : actions_) {
        action();
    }
}

void after_commit(const pqxx::work& transaction, std::function<void()> action) {
    CommitActions* actions = innermost_actions;
    while (actions != nullptr && &actions->transaction_ != &transaction) {
        actions = actions->outer_;
    }
    PREPAY_ASSERT(actions != nullptr);
    actions->actions_.push_back(std::move(action));
}

struct Database::State {
    DatabaseOptions options;
    std::mutex mutex;
    std::condition_variable released;
    std::vector<std::unique_ptr<pqxx::connection>> idle;
    std::map<const pqxx::connection_base*, SilenceWatch> in_use;
    int open_count = 0;
    std::function<void()> commit_hook;
    std::condition_variable_any stopped;
    std::jthread watcher;

    /// The server keeps its bounds, so a connection that is silent for longer leads nowhere: a cut
    /// link, or a peer that acknowledges and does nothing. Whoever waits for it gets an error.
    void watch(const std::stop_token& stop) {
        std::unique_lock lock(mutex);
        while (!stopped.wait_for(lock, stop, kWatchInterval,
                                 [&stop] { return stop.stop_requested(); })) {
            for (auto& [connection, silence] : in_use) {
                silence.check();
            }
        }
    }

    void give_back(std::unique_ptr<pqxx::connection> connection) {
        const std::lock_guard lock(mutex);
        in_use.erase(connection.get());
        if (connection->is_open()) {
            idle.push_back(std::move(connection));
        } else {
            --open_count;
        }
        released.notify_one();
    }
};

Status translate_current_exception() {
    try {
        throw;
    } catch (const Refusal& refusal) {
        return refusal.status();
    } catch (const pqxx::in_doubt_error& error) {
        return unavailable("COMMIT_IN_DOUBT", error.what());
    } catch (const pqxx::statement_completion_unknown& error) {
        return unavailable("COMMIT_IN_DOUBT", error.what());
    } catch (const pqxx::transaction_rollback& error) {
        return make_error(absl::StatusCode::kAborted, "SERIALIZATION", error.what());
    } catch (const pqxx::broken_connection& error) {
        return unavailable("DATABASE_UNAVAILABLE", error.what());
    } catch (const pqxx::integrity_constraint_violation& error) {
        return internal_error("CONSTRAINT", error.what());
    } catch (const pqxx::sql_error& error) {
        const std::string& state = error.sqlstate();
        // Class 53: no room on the disk, in memory or for connections. All of it passes.
        if (state == "57P01" || state == "57P02" || state == "57P03" || state.rfind("53", 0) == 0) {
            return unavailable("DATABASE_UNAVAILABLE", error.what());
        }
        if (state == "55P03") {
            return unavailable("LOCK_TIMEOUT", error.what());
        }
        if (state == "57014") {
            return unavailable("STATEMENT_TIMEOUT", error.what());
        }
        return internal_error("DATABASE_ERROR", std::string(error.what()) + " [" + state + "]");
    } catch (const pqxx::failure& error) {
        return internal_error("DATABASE_ERROR", error.what());
    } catch (const std::exception& error) {
        return internal_error("UNEXPECTED", error.what());
    }
}

bool is_serialization_error(const Status& status) {
    return status.code() == absl::StatusCode::kAborted && error_reason(status) == "SERIALIZATION";
}

bool is_passing_error(const Status& status) {
    static const std::set<std::string> reasons = {"DATABASE_UNAVAILABLE", "DATABASE_BUSY",
                                                  "COMMIT_IN_DOUBT", "LOCK_TIMEOUT",
                                                  "STATEMENT_TIMEOUT"};
    return absl::IsUnavailable(status) && reasons.count(error_reason(status)) > 0;
}

Database::Database(DatabaseOptions options) : state_(std::make_shared<State>()) {
    state_->options = std::move(options);
    state_->watcher =
        std::jthread([state = state_.get()](const std::stop_token& stop) { state->watch(stop); });
}

Database::~Database() = default;

Result<std::shared_ptr<pqxx::connection>> Database::acquire() {
    std::unique_ptr<pqxx::connection> connection;
    {
        std::unique_lock lock(state_->mutex);
        const bool got = state_->released.wait_for(lock, state_->options.acquire_timeout, [this] {
            return !state_->idle.empty() || state_->open_count < state_->options.pool_size;
        });
        if (!got) {
            return unavailable("DATABASE_BUSY", "no database connection became free in time");
        }
        if (!state_->idle.empty()) {
            connection = std::move(state_->idle.back());
            state_->idle.pop_back();
        } else {
            ++state_->open_count;
        }
    }
    if (!connection) {
        try {
            connection = connect(state_->options);
        } catch (...) {
            const std::lock_guard lock(state_->mutex);
            --state_->open_count;
            state_->released.notify_one();
            throw;
        }
    }
    {
        const std::lock_guard lock(state_->mutex);
        state_->in_use.emplace(connection.get(),
                               SilenceWatch(connection->sock(), state_->options.connect_timeout));
    }
    return std::shared_ptr<pqxx::connection>(
        connection.release(), [state = state_](pqxx::connection* raw) {
            state->give_back(std::unique_ptr<pqxx::connection>(raw));
        });
}

bool Database::is_unavailable(const Status& status) {
    return error_reason(status) == "DATABASE_UNAVAILABLE";
}

void Database::set_patience(pqxx::work& transaction, std::chrono::milliseconds patience) {
    if (patience.count() > 0) {
        const std::string limit = std::to_string(patience.count());
        transaction.exec("SET LOCAL statement_timeout TO " + limit +
                         "; SET LOCAL idle_in_transaction_session_timeout TO " + limit);
    }
    const DatabaseOptions& options = state_->options;
    const auto usual = std::max(options.statement_timeout, options.idle_in_transaction_timeout);
    const std::lock_guard lock(state_->mutex);
    state_->in_use.at(&transaction.conn()).allow(std::max(patience, usual) + kAnswerGrace);
}

void Database::drop_idle() {
    const std::lock_guard lock(state_->mutex);
    state_->open_count -= static_cast<int>(state_->idle.size());
    state_->idle.clear();
    state_->released.notify_all();
}

void Database::pause_before_retry(int attempt) {
    thread_local std::minstd_rand random{std::random_device{}()};
    std::this_thread::sleep_for(
        std::chrono::microseconds(random() % (5000UL * static_cast<unsigned long>(attempt))));
}

void Database::call_commit_hook() {
    if (state_->commit_hook) {
        state_->commit_hook();
    }
}

void Database::set_commit_hook(std::function<void()> hook) {
    state_->commit_hook = std::move(hook);
}

Status Database::ping() {
    return read([](pqxx::work& tx) {
        tx.exec1("SELECT 1");
        return absl::OkStatus();
    });
}

const std::string& Database::schema() const { return state_->options.schema; }

std::string to_array(const std::vector<std::int64_t>& values) {
    std::string text = "{";
    text.reserve(values.size() * 8 + 2);
    for (const std::int64_t value : values) {
        if (text.size() > 1) {
            text += ',';
        }
        text += std::to_string(value);
    }
    return text + "}";
}

std::string to_array(const std::vector<std::string>& values) {
    std::string text = "{";
    for (const std::string& value : values) {
        if (text.size() > 1) {
            text += ',';
        }
        text += '"';
        for (const char c : value) {
            if (c == '"' || c == '\\') {
                text += '\\';
            }
            text += c;
        }
        text += '"';
    }
    return text + "}";
}

std::string to_timestamptz(Instant instant) { return format_time(instant); }

std::string to_timestamptz(const std::optional<Instant>& instant, const std::string& otherwise) {
    return instant ? to_timestamptz(*instant) : otherwise;
}

std::string micros(const std::string& column) {
    return "(extract(epoch from " + column + ") * 1000000)::bigint";
}

}  // namespace prepay::pg
