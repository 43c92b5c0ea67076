#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "core/status.h"

namespace prepay::telemetry {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

/// A key and its value in a log record. Numbers are given as text.
using LogField = std::pair<std::string_view, std::string>;
using LogFields = std::initializer_list<LogField>;

/// Once, before the first record. Records go to stderr, one JSON object a line, flushed at
/// warnings.
void configure_log(const std::string& service, LogLevel level);

/// Writes one record with time, level, service, trace id of the thread, message and fields. Never
/// pass secrets or personal data. Thread-safe.
void log(LogLevel level, std::string_view message, LogFields fields = {});

inline void log_debug(std::string_view message, LogFields fields = {}) {
    log(LogLevel::kDebug, message, fields);
}
inline void log_info(std::string_view message, LogFields fields = {}) {
    log(LogLevel::kInfo, message, fields);
}
inline void log_warning(std::string_view message, LogFields fields = {}) {
    log(LogLevel::kWarning, message, fields);
}
inline void log_error(std::string_view message, LogFields fields = {}) {
    log(LogLevel::kError, message, fields);
}

/// "REASON: message" of an error.
std::string describe(const Status& status);

/// 32 hex digits that nobody had before.
std::string new_trace_id();

/// Sets the trace id of the current thread for a scope. An empty id makes a new one, and so does
/// one that is not 1 to 64 printable characters.
class TraceScope {
public:
    explicit TraceScope(const std::string& trace_id);
    ~TraceScope();
    TraceScope(const TraceScope&) = delete;
    TraceScope& operator=(const TraceScope&) = delete;

private:
    std::string previous_;
};

/// 32 hex digits, or empty outside any TraceScope.
const std::string& current_trace_id();

}  // namespace prepay::telemetry
