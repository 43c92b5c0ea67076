#include "telemetry/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/ids.h"
#include "core/time.h"

namespace prepay::telemetry {
namespace {

struct LogState {
    std::string service = "prepay";
    std::shared_ptr<spdlog::logger> logger;
};

LogState& log_state() {
    static LogState state{"prepay", [] {
                              auto logger = spdlog::stderr_logger_mt("prepay");
                              logger->set_pattern("%v");
                              logger->flush_on(spdlog::level::warn);
                              return logger;
                          }()};
    return state;
}

spdlog::level::level_enum to_spdlog(LogLevel level) {
    switch (level) {
        case LogLevel::kDebug:
            return spdlog::level::debug;
        case LogLevel::kInfo:
            return spdlog::level::info;
        case LogLevel::kWarning:
            return spdlog::level::warn;
        case LogLevel::kError:
            return spdlog::level::err;
    }
    return spdlog::level::err;
}

const char* level_name(LogLevel level) {
    switch (level) {
        case LogLevel::kDebug:
            return "debug";
        case LogLevel::kInfo:
            return "info";
        case LogLevel::kWarning:
            return "warning";
        case LogLevel::kError:
            return "error";
    }
    return "error";
}

std::string& thread_trace_id() {
    thread_local std::string trace_id;
    return trace_id;
}

// It comes from outside and goes into PostgreSQL and gRPC headers, which do not take any bytes.
bool is_usable(const std::string& trace_id) {
    constexpr std::size_t kTraceIdMax = 64;
    return !trace_id.empty() && trace_id.size() <= kTraceIdMax &&
           std::all_of(trace_id.begin(), trace_id.end(),
                       [](char c) { return c > ' ' && c < 0x7F; });
}

}  // namespace

void configure_log(const std::string& service, LogLevel level) {
    log_state().service = service;
    log_state().logger->set_level(to_spdlog(level));
}

void log(LogLevel level, std::string_view message, LogFields fields) {
    LogState& state = log_state();
    if (!state.logger->should_log(to_spdlog(level))) {
        return;
    }
    nlohmann::ordered_json record;
    record["time"] = format_time(SystemClock().now());
    record["level"] = level_name(level);
    record["service"] = state.service;
    if (!thread_trace_id().empty()) {
        record["trace_id"] = thread_trace_id();
    }
    record["message"] = message;
    for (const auto& [key, value] : fields) {
        record[std::string(key)] = value;
    }
    state.logger->log(to_spdlog(level), "{}",
                      record.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

std::string describe(const Status& status) {
    if (status.ok()) {
        return "OK";
    }
    const std::string reason = error_reason(status);
    return (reason.empty() ? absl::StatusCodeToString(status.code()) : reason) + ": " +
           error_message(status);
}

std::string new_trace_id() {
    std::string id = new_id(SystemClock());
    std::erase(id, '-');
    return id;
}

TraceScope::TraceScope(const std::string& trace_id) : previous_(thread_trace_id()) {
    thread_trace_id() = is_usable(trace_id) ? trace_id : new_trace_id();
}

TraceScope::~TraceScope() { thread_trace_id() = previous_; }

const std::string& current_trace_id() { return thread_trace_id(); }

}  // namespace prepay::telemetry
