#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "core/status.h"

namespace prepay::console {

/// How messages of a call are written. Source: connectrpc.com/docs/protocol.
enum class Codec { kJson, kProto };

/// A method that the edge offers. Found by "/package.Service/Method"; methods that only services
/// may call do not exist here.
const google::protobuf::MethodDescriptor* find_method(const std::string& path);

/// Request body -> serialized request. INVALID_ARGUMENT / BAD_REQUEST, which quotes nothing of the
/// body: it may hold a password.
Result<std::string> decode_request(const google::protobuf::MethodDescriptor& method, Codec codec,
                                   const std::string& body);
/// Serialized response -> body.
Result<std::string> encode_response(const google::protobuf::MethodDescriptor& method, Codec codec,
                                    const std::string& response);

/// The JSON of a Connect error.
std::string error_json(const Status& status);
/// The value of `connect-timeout-ms`: 1 to 10 digits, not zero; longer than a minute is a minute.
/// INVALID_ARGUMENT / BAD_TIMEOUT.
Result<std::chrono::milliseconds> parse_timeout(const std::string& value);

/// HTTP status of an error: by reason where the edge itself refuses, else as Connect has it.
int http_status(const Status& status);

/// One enveloped stream message: flags, 4-byte big-endian length, data.
std::string envelope(std::uint8_t flags, const std::string& data);
/// The last message of a stream.
std::string end_of_stream(const Status& status);
/// The single request of a server stream. INVALID_ARGUMENT / BAD_REQUEST when it is not exactly
/// one.
Result<std::string> open_envelope(const std::string& body);

}  // namespace prepay::console
