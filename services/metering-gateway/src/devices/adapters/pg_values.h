#pragma once

#include <optional>
#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "core/time.h"
#include "devices/convert.h"
#include "pg/database.h"

namespace prepay::metering {

/// `instant_of("x")` = SQL that makes a timestamptz of a bigint of microseconds, exactly.
inline std::string instant_of(const std::string& expression) {
    return "(timestamptz 'epoch' + (" + expression + ") * interval '1 microsecond')";
}

/// Serialized MeterValues as hex text of a bytea ("\x…").
std::string values_hex(const MeterValues& values);
std::string bytes_hex(const std::string& bytes);

/// A nullable bytea of serialized MeterValues.
std::optional<MeterValues> values_from_field(const pqxx::field& field);

/// Frames as hex text of a bytea, and back from a nullable one.
std::string frames_hex(const std::vector<Frame>& frames);
std::vector<Frame> frames_from_field(const pqxx::field& field);

/// A nullable bigint of microseconds.
std::optional<Instant> instant_from_field(const pqxx::field& field);

/// The text of a nullable timestamptz parameter.
std::optional<std::string> optional_timestamptz(const std::optional<Instant>& instant);

/// What this service calls itself in its events.
constexpr const char* kProducer = "prepay-metering";

constexpr const char* kReadingsTopic = "prepay.metering.readings.v1";
constexpr const char* kCommandsTopic = "prepay.metering.command-results.v1";
constexpr const char* kStatesTopic = "prepay.metering.meter-states.v1";
constexpr const char* kAnomaliesTopic = "prepay.metering.anomalies.v1";

}  // namespace prepay::metering
