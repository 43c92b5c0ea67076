#include "adapters/connect_protocol.h"

#include <absl/strings/escaping.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "adapters/json_check.h"
#include "prepay/common/v1/common.pb.h"
#include "rpc/access.h"

namespace prepay::console {
namespace {

namespace pb = google::protobuf;

constexpr std::uint8_t kEndOfStream = 0x02;
constexpr std::size_t kEnvelopeHead = 5;

std::unique_ptr<pb::Message> new_message(const pb::Descriptor& type) {
    const pb::Message* prototype = pb::MessageFactory::generated_factory()->GetPrototype(&type);
    return std::unique_ptr<pb::Message>(prototype->New());
}

Status bad_request(const std::string& why) {
    return invalid_argument("BAD_REQUEST", "the request cannot be read: " + why);
}

const char* connect_code(absl::StatusCode code) {
    switch (code) {
        case absl::StatusCode::kCancelled:
            return "canceled";
        case absl::StatusCode::kUnknown:
            return "unknown";
        case absl::StatusCode::kInvalidArgument:
            return "invalid_argument";
        case absl::StatusCode::kDeadlineExceeded:
            return "deadline_exceeded";
        case absl::StatusCode::kNotFound:
            return "not_found";
        case absl::StatusCode::kAlreadyExists:
            return "already_exists";
        case absl::StatusCode::kPermissionDenied:
            return "permission_denied";
        case absl::StatusCode::kResourceExhausted:
            return "resource_exhausted";
        case absl::StatusCode::kFailedPrecondition:
            return "failed_precondition";
        case absl::StatusCode::kAborted:
            return "aborted";
        case absl::StatusCode::kOutOfRange:
            return "out_of_range";
        case absl::StatusCode::kUnimplemented:
            return "unimplemented";
        case absl::StatusCode::kInternal:
            return "internal";
        case absl::StatusCode::kUnavailable:
            return "unavailable";
        case absl::StatusCode::kDataLoss:
            return "data_loss";
        case absl::StatusCode::kUnauthenticated:
            return "unauthenticated";
        default:
            return "unknown";
    }
}

nlohmann::ordered_json error_object(const Status& status) {
    common::v1::ErrorDetail detail;
    detail.set_reason(error_reason(status));
    for (const auto& [key, value] : error_metadata(status)) {
        (*detail.mutable_metadata())[key] = value;
    }
    std::string value = absl::Base64Escape(detail.SerializeAsString());
    while (!value.empty() && value.back() == '=') {
        value.pop_back();
    }
    // What gRPC and the database's client say names addresses of the inside.
    const bool is_inner =
        absl::IsUnavailable(status) &&
        (detail.reason() == "PEER_ERROR" || detail.reason() == "DATABASE_UNAVAILABLE" ||
         detail.reason() == "COMMIT_IN_DOUBT");
    nlohmann::ordered_json error;
    error["code"] = connect_code(status.code());
    error["message"] = is_inner ? "an internal service does not answer; try again in a moment"
                                : error_message(status);
    error["details"] = nlohmann::ordered_json::array(
        {{{"type", "prepay.common.v1.ErrorDetail"},
          {"value", value},
          {"debug", {{"reason", detail.reason()}, {"metadata", error_metadata(status)}}}}});
    return error;
}

std::string dump(const nlohmann::ordered_json& json) {
    return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

const pb::MethodDescriptor* find_method(const std::string& path) {
    const auto slash = path.rfind('/');
    if (path.empty() || path.front() != '/' || slash == 0 || slash == std::string::npos) {
        return nullptr;
    }
    const auto* method = pb::DescriptorPool::generated_pool()->FindMethodByName(
        path.substr(1, slash - 1) + "." + path.substr(slash + 1));
    if (method == nullptr || method->client_streaming()) {
        return nullptr;
    }
    const common::v1::Permission permission = rpc::required_permission(*method);
    const bool offered = permission != common::v1::PERMISSION_UNSPECIFIED &&
                         permission != common::v1::PERMISSION_INTERNAL;
    // "/a.b/C.d" names no method although "a.b.C.d" is one.
    const bool spelled =
        offered && path == "/" + method->service()->full_name() + "/" + method->name();
    return spelled ? method : nullptr;
}

Result<std::string> decode_request(const pb::MethodDescriptor& method, Codec codec,
                                   const std::string& body) {
    const auto message = new_message(*method.input_type());
    if (codec == Codec::kProto) {
        if (!message->ParseFromString(body)) {
            return bad_request("not a valid " + method.input_type()->full_name());
        }
        return body;
    }
    const std::string text = body.empty() ? "{}" : body;
    PREPAY_RETURN_IF_ERROR(check_json(*method.input_type(), text));
    const auto status = pb::util::JsonStringToMessage(text, message.get());
    if (!status.ok()) {
        return bad_request(
            explain_refusal(*method.input_type(), text, std::string(status.message())));
    }
    return message->SerializeAsString();
}

Result<std::string> encode_response(const pb::MethodDescriptor& method, Codec codec,
                                    const std::string& response) {
    if (codec == Codec::kProto) {
        return response;
    }
    const auto message = new_message(*method.output_type());
    std::string json;
    if (!message->ParseFromString(response) ||
        !pb::util::MessageToJsonString(*message, &json).ok()) {
        return internal_error("BAD_RESPONSE", "the service's answer cannot be read");
    }
    return json;
}

Result<std::chrono::milliseconds> parse_timeout(const std::string& value) {
    constexpr std::int64_t kLongest = 60'000;
    if (value.empty() || value.size() > 10 ||
        value.find_first_not_of("0123456789") != std::string::npos || std::stoll(value) == 0) {
        return invalid_argument("BAD_TIMEOUT", "connect-timeout-ms is 1 to 10 digits and not zero");
    }
    return std::chrono::milliseconds(std::min<std::int64_t>(kLongest, std::stoll(value)));
}

std::string error_json(const Status& status) { return dump(error_object(status)); }

int http_status(const Status& status) {
    static const std::map<std::string, int> own = {
        {"METHOD_UNKNOWN", 404},   {"METHOD_NOT_ALLOWED", 405}, {"BODY_TOO_SLOW", 408},
        {"HEAD_TOO_SLOW", 408},    {"BODY_TOO_LARGE", 413},     {"TARGET_TOO_LONG", 414},
        {"CONTENT_ENCODING", 415}, {"CONTENT_TYPE", 415},       {"EXPECTATION", 417},
        {"HEAD_TOO_LARGE", 431},   {"HTTP_VERSION", 505},
    };
    if (const auto found = own.find(error_reason(status)); found != own.end()) {
        return found->second;
    }
    switch (status.code()) {
        case absl::StatusCode::kOk:
            return 200;
        case absl::StatusCode::kInvalidArgument:
        case absl::StatusCode::kFailedPrecondition:
        case absl::StatusCode::kOutOfRange:
            return 400;
        case absl::StatusCode::kUnauthenticated:
            return 401;
        case absl::StatusCode::kPermissionDenied:
            return 403;
        case absl::StatusCode::kNotFound:
            return 404;
        case absl::StatusCode::kAlreadyExists:
        case absl::StatusCode::kAborted:
            return 409;
        case absl::StatusCode::kResourceExhausted:
            return 429;
        case absl::StatusCode::kCancelled:
            return 499;
        case absl::StatusCode::kUnimplemented:
            return 501;
        case absl::StatusCode::kUnavailable:
            return 503;
        case absl::StatusCode::kDeadlineExceeded:
            return 504;
        default:
            return 500;
    }
}

std::string envelope(std::uint8_t flags, const std::string& data) {
    std::string bytes;
    bytes.reserve(kEnvelopeHead + data.size());
    bytes += static_cast<char>(flags);
    for (const int shift : {24, 16, 8, 0}) {
        bytes += static_cast<char>((data.size() >> shift) & 0xFFU);
    }
    return bytes + data;
}

std::string end_of_stream(const Status& status) {
    nlohmann::ordered_json end = nlohmann::ordered_json::object();
    if (!status.ok()) {
        end["error"] = error_object(status);
    }
    return envelope(kEndOfStream, dump(end));
}

Result<std::string> open_envelope(const std::string& body) {
    if (body.size() < kEnvelopeHead || body[0] != 0) {
        return bad_request("expected one uncompressed enveloped message");
    }
    std::size_t length = 0;
    for (std::size_t i = 1; i < kEnvelopeHead; ++i) {
        length = (length << 8) | static_cast<unsigned char>(body[i]);
    }
    if (length != body.size() - kEnvelopeHead) {
        return bad_request("the envelope's length does not match");
    }
    return body.substr(kEnvelopeHead);
}

}  // namespace prepay::console
