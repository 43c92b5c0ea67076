#include "pg/database.h"

#include <array>
#include <cctype>
#include <condition_variable>
#include <mutex>
#include <random>
#include <thread>
#include <vector>

namespace prepay::pg {

namespace {

// libpq's own would wait for the greeting for ever, and hours for a host that is gone. Seconds, the
// last one milliseconds.
constexpr std::array<std::pair<const char*, const char*>, 5> kPatience = {
    {{"connect_timeout", "5"},
     {"keepalives_idle", "10"},
     {"keepalives_interval", "5"},
     {"keepalives_count", "3"},
     {"tcp_user_timeout", "20000"}}};

std::string percent_encode(const std::string& text) {
    std::string encoded;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) != 0) {
            encoded += c;
        } else {
            encoded += '%';
            encoded += "0123456789ABCDEF"[byte >> 4];
            encoded += "0123456789ABCDEF"[byte & 0xFU];
        }
    }
    return encoded;
}

}  // namespace

struct Database::State {
    DatabaseOptions options;
    std::mutex mutex;
    std::condition_variable released;
    std::vector<std::unique_ptr<pqxx::connection>> idle;
    int open_count = 0;
    std::function<void()> commit_hook;

    std::unique_ptr<pqxx::connection> connect() const {
        // As start-up options, so that they hold after libpqxx reconnects by itself too.
        std::string target =
            options.url + (options.url.find('?') == std::string::npos ? "?" : "&") +
            "options=-csearch_path%3D" + options.schema + "%20-ctimezone%3DUTC%20-cjit%3Doff";
        // A server that is there but says nothing must not hold a thread for ever; what the URL
        // says itself counts.
        for (const auto& [key, value] : kPatience) {
            if (options.url.find(std::string(key) + "=") == std::string::npos) {
                target += std::string("&") + key + "=" + value;
            }
        }
        if (!options.password.empty()) {
            target += "&password=" + percent_encode(options.password);
        }
        auto connection = std::make_unique<pqxx::connection>(target);
        return connection;
    }

    void give_back(std::unique_ptr<pqxx::connection> connection) {
        const std::lock_guard lock(mutex);
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

Database::Database(DatabaseOptions options) : state_(std::make_shared<State>()) {
    state_->options = std::move(options);
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
            connection = state_->connect();
        } catch (...) {
            const std::lock_guard lock(state_->mutex);
            --state_->open_count;
            state_->released.notify_one();
            throw;
        }
    }
    return std::shared_ptr<pqxx::connection>(
        connection.release(), [state = state_](pqxx::connection* raw) {
            state->give_back(std::unique_ptr<pqxx::connection>(raw));
        });
}

bool Database::is_unavailable(const Status& status) {
    return error_reason(status) == "DATABASE_UNAVAILABLE";
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

void Database::after_commit() {
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

std::string micros(const std::string& column) {
    return "(extract(epoch from " + column + ") * 1000000)::bigint";
}

}  // namespace prepay::pg
