#include "core/status.h"

#include <absl/strings/cord.h>

namespace prepay {
namespace {

constexpr const char* kReasonUrl = "prepay/reason";
constexpr const char* kMetadataPrefix = "prepay/meta/";

}  // namespace

Status make_error(absl::StatusCode code, const std::string& reason, const std::string& message,
                  const ErrorMetadata& metadata) {
    Status status(code, message);
    status.SetPayload(kReasonUrl, absl::Cord(reason));
    for (const auto& [key, value] : metadata) {
        status.SetPayload(kMetadataPrefix + key, absl::Cord(value));
    }
    return status;
}

Status invalid_argument(const std::string& reason, const std::string& message,
                        const ErrorMetadata& metadata) {
    return make_error(absl::StatusCode::kInvalidArgument, reason, message, metadata);
}
Status not_found(const std::string& reason, const std::string& message) {
    return make_error(absl::StatusCode::kNotFound, reason, message);
}
Status failed_precondition(const std::string& reason, const std::string& message,
                           const ErrorMetadata& metadata) {
    return make_error(absl::StatusCode::kFailedPrecondition, reason, message, metadata);
}
Status already_exists(const std::string& reason, const std::string& message) {
    return make_error(absl::StatusCode::kAlreadyExists, reason, message);
}
Status unavailable(const std::string& reason, const std::string& message) {
    return make_error(absl::StatusCode::kUnavailable, reason, message);
}
Status internal_error(const std::string& reason, const std::string& message) {
    return make_error(absl::StatusCode::kInternal, reason, message);
}
Status permission_denied(const std::string& reason, const std::string& message) {
    return make_error(absl::StatusCode::kPermissionDenied, reason, message);
}

std::string error_reason(const Status& status) {
    const auto payload = status.GetPayload(kReasonUrl);
    return payload ? std::string(*payload) : std::string();
}

ErrorMetadata error_metadata(const Status& status) {
    ErrorMetadata metadata;
    const std::string prefix = kMetadataPrefix;
    status.ForEachPayload([&](auto url, const absl::Cord& payload) {
        const std::string name(url.data(), url.size());
        if (name.rfind(prefix, 0) == 0) {
            metadata[name.substr(prefix.size())] = std::string(payload);
        }
    });
    return metadata;
}

std::string error_message(const Status& status) {
    return std::string(status.message().data(), status.message().size());
}

}  // namespace prepay
