#pragma once

#include <google/protobuf/timestamp.pb.h>

#include <string>

#include "core/status.h"
#include "core/time.h"
#include "prepay/billing/v1/billing.pb.h"
#include "tariffs/domain/stored_tariff.h"

namespace prepay::billing {

/// INVALID_ARGUMENT / FIELD_INVALID with the field in its message and metadata.
Status field_invalid(const std::string& field, const std::string& message);

Resource from_proto(common::v1::Resource resource);
common::v1::Resource to_proto(Resource resource);

/// Total; unknown enum values become what validate() refuses, except TIER_SPAN: see the next one.
/// Reasons: FIELD_INVALID for enum values that do not exist and dates that cannot be read.
Result<TariffDefinition> definition_from_proto(const v1::TariffDefinition& proto);
v1::TariffDefinition to_proto(const TariffDefinition& definition);

/// The stored form: the proto's JSON.
std::string definition_to_json(const TariffDefinition& definition);
/// What definition_to_json wrote; asserts that it is.
TariffDefinition definition_from_json(const std::string& json);

v1::TariffVersion to_proto(const std::string& tariff_id, const StoredVersion& version);
v1::Tariff to_proto(const StoredTariff& tariff);
v1::Assignment to_proto(const StoredAssignment& assignment);

}  // namespace prepay::billing
