#pragma once

#include "tariffs/adapters/grpc_fields.h"
#include "tariffs/adapters/yaml_tariff.h"
#include "tariffs/convert.h"

namespace prepay::billing {

/// The first problem of a definition, with its field below `definition`.
Status check_definition(const TariffDefinition& definition);

Status tariff_not_found(const std::string& tariff_id);

/// The definition of a request: given as such or as a tariff file.
template <typename Request>
Result<TariffFile> file_of(const Request& request) {
    if (request.has_definition() == !request.tariff_yaml().empty()) {
        return field_error("FIELD_MISSING", "definition", "give either definition or tariff_yaml");
    }
    if (!request.has_definition()) {
        return parse_tariff_yaml("tariff_yaml", request.tariff_yaml());
    }
    TariffFile file;
    PREPAY_ASSIGN_OR_RETURN(file.definition, definition_from_proto(request.definition()));
    PREPAY_RETURN_IF_ERROR(check_definition(file.definition));
    return file;
}

/// From when on it is to hold: the request's word before the file's, else now.
template <typename Request>
Result<Instant> effective_time_of(const Request& request, const TariffFile& file,
                                  const Clock& clock) {
    if (request.has_effective_time()) {
        return time_from(request.effective_time(), "effective_time");
    }
    return file.effective_time.value_or(clock.now());
}

}  // namespace prepay::billing
