#include "tariffs/adapters/grpc_tariffs.h"

#include <optional>
#include <utility>

#include "quantity/text.h"
#include "rpc/request_rules.h"
#include "tariffs/adapters/grpc_fields.h"
#include "tariffs/adapters/grpc_once.h"
#include "tariffs/adapters/grpc_tariff_file.h"
#include "tariffs/adapters/pg_tariffs.h"
#include "tariffs/convert.h"

namespace prepay::billing {
namespace {

constexpr std::size_t kNameSizeMax = 200;

/// What CreateTariff makes, from the request's fields and what its file says.
Result<StoredTariff> new_tariff(const v1::CreateTariffRequest& request, const std::string& user,
                                const Clock& clock) {
    PREPAY_ASSIGN_OR_RETURN(TariffFile file, file_of(request));
    StoredTariff tariff;
    tariff.tariff_id = request.tariff_id().empty() ? file.tariff_id : request.tariff_id();
    if (!is_tariff_id(tariff.tariff_id)) {
        return field_error("FIELD_INVALID", "tariff_id", "1-64 of a-z, 0-9 and -");
    }
    tariff.display_name =
        request.display_name().empty() ? file.display_name : request.display_name();
    if (tariff.display_name.empty()) {
        tariff.display_name = tariff.tariff_id;
    }
    if (tariff.display_name.size() > kNameSizeMax) {
        return field_error("FIELD_INVALID", "display_name", "at most 200 bytes");
    }
    if (!common::v1::Resource_IsValid(request.resource())) {
        return field_error("FIELD_INVALID", "resource", "electricity or water");
    }
    const bool by_file = request.resource() == common::v1::RESOURCE_UNSPECIFIED;
    if (by_file && request.has_definition()) {
        return field_error("FIELD_MISSING", "resource", "electricity or water");
    }
    tariff.resource = by_file ? file.resource : from_proto(request.resource());
    PREPAY_ASSIGN_OR_RETURN(const Instant effective, effective_time_of(request, file, clock));
    tariff.versions.push_back({1, effective, std::move(file.definition), user, clock.now()});
    return tariff;
}

/// "<meter id>/<micros>"
std::string assignment_place(const StoredAssignment& assignment) {
    return assignment.meter_id + "/" + std::to_string(to_micros(assignment.start));
}

Result<std::optional<std::pair<std::string, Instant>>> parse_assignment_place(
    const std::string& place) {
    using Place = std::optional<std::pair<std::string, Instant>>;
    if (place.empty()) {
        return Place();
    }
    const auto slash = place.rfind('/');
    const auto micros =
        slash == std::string::npos ? std::nullopt : parse_decimal(place.substr(slash + 1), 0);
    if (!micros) {
        return rpc::bad_page_token();
    }
    return Place({place.substr(0, slash), from_micros(*micros)});
}

}  // namespace

void GrpcTariffs::add_to(rpc::Server& server) {
    const std::string service = "prepay.billing.v1.BillingService/";
    server.unary(service + "CreateTariff", this, &GrpcTariffs::create_tariff);
    server.unary(service + "ListTariffs", this, &GrpcTariffs::list_tariffs);
    server.unary(service + "GetTariff", this, &GrpcTariffs::get_tariff);
    server.unary(service + "ListAssignments", this, &GrpcTariffs::list_assignments);
}

Result<v1::CreateTariffResponse> GrpcTariffs::create_tariff(
    const rpc::CallContext& context, const v1::CreateTariffRequest& request) {
    PREPAY_ASSIGN_OR_RETURN(const StoredTariff tariff,
                            new_tariff(request, context.identity.subject, clock_));
    return once<v1::CreateTariffResponse>(
        database_, context, [&](pqxx::work& tx) -> Result<v1::CreateTariffResponse> {
            const auto key = insert_tariff(tx, tariff);
            if (!key) {
                return already_exists("TARIFF_EXISTS", "there is a tariff '" + tariff.tariff_id +
                                                           "' already; add a version to it");
            }
            insert_version(tx, *key, tariff.versions.front());
            v1::CreateTariffResponse response;
            *response.mutable_tariff() = to_proto(tariff);
            return response;
        });
}

Result<v1::ListTariffsResponse> GrpcTariffs::list_tariffs(const rpc::CallContext&,
                                                          const v1::ListTariffsRequest& request) {
    const int page_size = rpc::page_size_of(request.page_size());
    return database_.read([&](pqxx::work& tx) -> Result<v1::ListTariffsResponse> {
        const auto tariffs = billing::list_tariffs(tx, request.page_token(), page_size + 1);
        v1::ListTariffsResponse response;
        for (const StoredTariff& tariff : tariffs) {
            if (response.tariffs_size() == page_size) {
                response.set_next_page_token(response.tariffs(page_size - 1).tariff_id());
                break;
            }
            *response.add_tariffs() = to_proto(tariff);
        }
        return response;
    });
}

Result<v1::GetTariffResponse> GrpcTariffs::get_tariff(const rpc::CallContext&,
                                                      const v1::GetTariffRequest& request) {
    return database_.read([&](pqxx::work& tx) -> Result<v1::GetTariffResponse> {
        const auto tariff = find_tariff(tx, request.tariff_id());
        if (!tariff) {
            return tariff_not_found(request.tariff_id());
        }
        v1::GetTariffResponse response;
        *response.mutable_tariff() = to_proto(*tariff);
        return response;
    });
}

Result<v1::ListAssignmentsResponse> GrpcTariffs::list_assignments(
    const rpc::CallContext&, const v1::ListAssignmentsRequest& request) {
    const int page_size = rpc::page_size_of(request.page_size());
    PREPAY_RETURN_IF_ERROR(check_meter_ids(request.meter_ids()));
    PREPAY_ASSIGN_OR_RETURN(const auto after, parse_assignment_place(request.page_token()));
    return database_.read([&](pqxx::work& tx) -> Result<v1::ListAssignmentsResponse> {
        auto assignments =
            billing::list_assignments(tx, {request.meter_ids().begin(), request.meter_ids().end()},
                                      request.tariff_id(), after, page_size + 1);
        v1::ListAssignmentsResponse response;
        if (assignments.size() > static_cast<std::size_t>(page_size)) {
            assignments.pop_back();
            response.set_next_page_token(assignment_place(assignments.back()));
        }
        for (const StoredAssignment& assignment : assignments) {
            *response.add_assignments() = to_proto(assignment);
        }
        return response;
    });
}

}  // namespace prepay::billing
