#include "tariffs/adapters/grpc_tariff_file.h"

namespace prepay::billing {

Status check_definition(const TariffDefinition& definition) {
    const std::vector<TariffProblem> problems = validate(definition);
    if (problems.empty()) {
        return absl::OkStatus();
    }
    return field_error(problems.front().reason, "definition." + problems.front().field,
                       problems.front().message);
}

Status tariff_not_found(const std::string& tariff_id) {
    return not_found("TARIFF_NOT_FOUND", "there is no tariff '" + tariff_id + "'");
}

}  // namespace prepay::billing
