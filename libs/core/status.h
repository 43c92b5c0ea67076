#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <map>
#include <optional>
#include <string>
#include <utility>

namespace prepay {

/// Outcome of anything that can fail outside `domain/`.
using Status = absl::Status;

/// A value or the reason there is none.
template <typename T>
using Result = absl::StatusOr<T>;

/// Values an error text needs (limits, ids, line and column).
using ErrorMetadata = std::map<std::string, std::string>;

/// Makes an error. `reason` is a stable UPPER_SNAKE word that callers may switch on; `message` is a
/// sentence that tells a person what to do.
Status make_error(absl::StatusCode code, const std::string& reason, const std::string& message,
                  const ErrorMetadata& metadata = {});

Status invalid_argument(const std::string& reason, const std::string& message,
                        const ErrorMetadata& metadata = {});
Status not_found(const std::string& reason, const std::string& message);
Status failed_precondition(const std::string& reason, const std::string& message,
                           const ErrorMetadata& metadata = {});
Status already_exists(const std::string& reason, const std::string& message);
Status unavailable(const std::string& reason, const std::string& message);
Status internal_error(const std::string& reason, const std::string& message);
Status permission_denied(const std::string& reason, const std::string& message);

/// The stable reason of an error; empty where none was set.
std::string error_reason(const Status& status);
ErrorMetadata error_metadata(const Status& status);

/// The message as std::string (absl's string_view is not std's here).
std::string error_message(const Status& status);

}  // namespace prepay

#define PREPAY_CONCAT_INNER(a, b) a##b
#define PREPAY_CONCAT(a, b) PREPAY_CONCAT_INNER(a, b)

/// `PREPAY_ASSIGN_OR_RETURN(auto row, store.load(id));` returns the error of the right side.
#define PREPAY_ASSIGN_OR_RETURN(declaration, ...)                                          \
    PREPAY_ASSIGN_OR_RETURN_INNER(PREPAY_CONCAT(prepay_result_, __COUNTER__), declaration, \
                                  __VA_ARGS__)
#define PREPAY_ASSIGN_OR_RETURN_INNER(result, declaration, ...) \
    auto result = (__VA_ARGS__);                                \
    if (!result.ok()) {                                         \
        return std::move(result).status();                      \
    }                                                           \
    declaration = *std::move(result)

#define PREPAY_RETURN_IF_ERROR(...) \
    PREPAY_RETURN_IF_ERROR_INNER(PREPAY_CONCAT(prepay_status_, __COUNTER__), __VA_ARGS__)
#define PREPAY_RETURN_IF_ERROR_INNER(status, ...)        \
    do {                                                 \
        if (auto status = (__VA_ARGS__); !status.ok()) { \
            return status;                               \
        }                                                \
    } while (false)
