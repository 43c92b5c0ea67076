#include "devices/adapters/pg_values.h"

namespace prepay::metering {

std::string bytes_hex(const std::string& bytes) {
    constexpr const char* kDigits = "0123456789abcdef";
    std::string text = "\\x";
    text.reserve(2 + 2 * bytes.size());
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        text += kDigits[byte >> 4];
        text += kDigits[byte & 0xF];
    }
    return text;
}

std::string values_hex(const MeterValues& values) {
    return bytes_hex(to_proto_values(values).SerializeAsString());
}

std::optional<MeterValues> values_from_field(const pqxx::field& field) {
    if (field.is_null()) {
        return std::nullopt;
    }
    v1::MeterValues values;
    if (!values.ParseFromString(pqxx::binarystring(field).str())) {
        return std::nullopt;
    }
    return from_proto_values(values);
}

std::string frames_hex(const std::vector<Frame>& frames) {
    v1::Anomaly message;
    for (const Frame& frame : frames) {
        *message.add_frames() = to_proto_frame(frame);
    }
    return bytes_hex(message.SerializeAsString());
}

std::vector<Frame> frames_from_field(const pqxx::field& field) {
    std::vector<Frame> frames;
    v1::Anomaly message;
    if (field.is_null() || !message.ParseFromString(pqxx::binarystring(field).str())) {
        return frames;
    }
    for (const v1::Frame& frame : message.frames()) {
        frames.push_back(from_proto_frame(frame));
    }
    return frames;
}

std::optional<Instant> instant_from_field(const pqxx::field& field) {
    if (field.is_null()) {
        return std::nullopt;
    }
    return from_micros(field.as<std::int64_t>());
}

std::optional<std::string> optional_timestamptz(const std::optional<Instant>& instant) {
    if (!instant) {
        return std::nullopt;
    }
    return pg::to_timestamptz(*instant);
}

}  // namespace prepay::metering
