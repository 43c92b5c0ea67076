#include "adapters/grpc_billing_service.h"

#include <set>

#include "adapters/grpc_fields.h"
#include "adapters/pg_charges.h"
#include "adapters/pg_meters.h"
#include "adapters/pg_rows.h"
#include "adapters/pg_tariffs.h"
#include "adapters/yaml_tariff.h"
#include "convert.h"
#include "pg/request_answer.h"
#include "quantity/text.h"
#include "rpc/request_rules.h"

namespace prepay::billing {
namespace {

constexpr std::size_t kNameSizeMax = 200;

Status check_definition(const TariffDefinition& definition) {
    const std::vector<TariffProblem> problems = validate(definition);
    if (problems.empty()) {
        return absl::OkStatus();
    }
    return field_error(problems.front().reason, "definition." + problems.front().field,
                       problems.front().message);
}

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
    Instant effective = file.effective_time.value_or(clock.now());
    if (request.has_effective_time()) {
        PREPAY_ASSIGN_OR_RETURN(effective, time_from(request.effective_time(), "effective_time"));
    }
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

Status tariff_not_found(const std::string& tariff_id) {
    return not_found("TARIFF_NOT_FOUND", "there is no tariff '" + tariff_id + "'");
}

}  // namespace

void GrpcBillingService::add_to(rpc::Server& server) {
    const std::string service = "prepay.billing.v1.BillingService/";
    server.unary(service + "CreateTariff", this, &GrpcBillingService::create_tariff);
    server.unary(service + "AddTariffVersion", this, &GrpcBillingService::add_tariff_version);
    server.unary(service + "ListTariffs", this, &GrpcBillingService::list_tariffs);
    server.unary(service + "GetTariff", this, &GrpcBillingService::get_tariff);
    server.unary(service + "AssignTariff", this, &GrpcBillingService::assign_tariff);
    server.unary(service + "ListAssignments", this, &GrpcBillingService::list_assignments);
    server.unary(service + "ListCharges", this, &GrpcBillingService::list_charges);
    server.unary(service + "GetCharges", this, &GrpcBillingService::get_charges);
    server.unary(service + "GetBilledUntil", this, &GrpcBillingService::get_billed_until);
    server.unary(service + "ExplainCharge", this, &GrpcBillingService::explain_charge);
}

template <typename Response>
Result<Response> GrpcBillingService::once(
    const rpc::CallContext& context, const std::function<Result<Response>(pqxx::work&)>& effect) {
    const pg::RequestKey key{context.request_id, context.method, context.content_hash,
                             context.identity.subject};
    PREPAY_ASSIGN_OR_RETURN(
        const std::string answer, database_.transact([&](pqxx::work& tx) -> Result<std::string> {
            return pg::answer_once(tx, key, [&](pqxx::work& inner) -> Result<std::string> {
                PREPAY_ASSIGN_OR_RETURN(const Response response, effect(inner));
                return response.SerializeAsString();
            });
        }));
    Response response;
    if (!response.ParseFromString(answer)) {
        return internal_error("ANSWER_UNREADABLE", "the stored answer cannot be read");
    }
    return response;
}

Result<v1::CreateTariffResponse> GrpcBillingService::create_tariff(
    const rpc::CallContext& context, const v1::CreateTariffRequest& request) {
    PREPAY_ASSIGN_OR_RETURN(const StoredTariff tariff,
                            new_tariff(request, context.identity.subject, clock_));
    return once<v1::CreateTariffResponse>(
        context, [&](pqxx::work& tx) -> Result<v1::CreateTariffResponse> {
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

Result<v1::AddTariffVersionResponse> GrpcBillingService::add_tariff_version(
    const rpc::CallContext& context, const v1::AddTariffVersionRequest& request) {
    PREPAY_ASSIGN_OR_RETURN(TariffFile file, file_of(request));
    Instant effective = file.effective_time.value_or(clock_.now());
    if (request.has_effective_time()) {
        PREPAY_ASSIGN_OR_RETURN(effective, time_from(request.effective_time(), "effective_time"));
    }
    const std::string tariff_id =
        request.tariff_id().empty() ? file.tariff_id : request.tariff_id();
    return once<v1::AddTariffVersionResponse>(
        context, [&](pqxx::work& tx) -> Result<v1::AddTariffVersionResponse> {
            const auto tariff = lock_tariff(tx, tariff_id);
            if (!tariff) {
                return tariff_not_found(tariff_id);
            }
            if (!request.has_definition() && file.resource != tariff->resource) {
                return field_error("RESOURCE_DIFFERS", "tariff_yaml",
                                   "a version is of the same resource as its tariff");
            }
            // Locked meters cannot be rated meanwhile with the versions there are.
            std::vector<std::int64_t> keys;
            for (const MeterWork& work :
                 lock_meters(tx, meters_of_tariff(tx, tariff->tariff_key))) {
                keys.push_back(work.meter_key);
            }
            const auto rated = find_rated_after(tx, keys, effective);
            if (effective <= tariff->versions.back().effective || rated) {
                return failed_precondition(
                    "VERSION_IN_THE_PAST",
                    rated ? "meter " + *rated + " is rated beyond " + format_time(effective) +
                                " already; choose a later effective_time"
                          : "effective_time must be after that of version " +
                                std::to_string(tariff->versions.back().version),
                    {{"field", "effective_time"}});
            }
            const StoredVersion version{tariff->versions.back().version + 1, effective,
                                        file.definition, context.identity.subject, clock_.now()};
            insert_version(tx, tariff->tariff_key, version);
            v1::AddTariffVersionResponse response;
            *response.mutable_version() = to_proto(tariff_id, version);
            return response;
        });
}

Result<v1::ListTariffsResponse> GrpcBillingService::list_tariffs(
    const rpc::CallContext&, const v1::ListTariffsRequest& request) {
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

Result<v1::GetTariffResponse> GrpcBillingService::get_tariff(const rpc::CallContext&,
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

Result<v1::AssignTariffResponse> GrpcBillingService::assign_in(
    pqxx::work& tx, const std::string& user, const v1::AssignTariffRequest& request) {
    const auto tariff = find_tariff(tx, request.tariff_id());
    if (!tariff) {
        return tariff_not_found(request.tariff_id());
    }
    std::vector<MeterWork> works =
        lock_meters(tx, {request.meter_ids().begin(), request.meter_ids().end()});
    std::vector<std::int64_t> keys;
    Instant start = clock_.now();
    for (const MeterWork& work : works) {
        if (const auto counted = resource_now(work); counted && *counted != tariff->resource) {
            return failed_precondition("RESOURCE_DIFFERS",
                                       "meter " + work.meter_id + " counts " + text_of(*counted) +
                                           ", tariff " + tariff->tariff_id + " is for " +
                                           text_of(tariff->resource),
                                       {{"field", "meter_ids"}, {"meter_id", work.meter_id}});
        }
        keys.push_back(work.meter_key);
        if (work.state.base) {
            start = std::max(start, work.state.base->read_time);  // Clocks may differ a little.
        }
    }
    if (request.has_start_time()) {
        PREPAY_ASSIGN_OR_RETURN(start, time_from(request.start_time(), "start_time"));
    }
    if (const auto rated = find_rated_after(tx, keys, start)) {
        return failed_precondition("ASSIGNMENT_IN_THE_PAST",
                                   "meter " + *rated + " is rated beyond " + format_time(start) +
                                       " already; choose a later start_time",
                                   {{"field", "start_time"}, {"meter_id", *rated}});
    }
    assign(tx, keys, tariff->tariff_key, start, user);
    reload_assignments(tx, works);
    take_pending(tx, works);
    rating_.finish(tx, works);
    v1::AssignTariffResponse response;
    for (const MeterWork& work : works) {
        *response.add_assignments() =
            to_proto(StoredAssignment{work.meter_id, tariff->tariff_id, start, {}});
    }
    return response;
}

Result<v1::AssignTariffResponse> GrpcBillingService::assign_tariff(
    const rpc::CallContext& context, const v1::AssignTariffRequest& request) {
    if (request.tariff_id().empty()) {
        return field_error("FIELD_MISSING", "tariff_id", "missing");
    }
    if (request.meter_ids().empty()) {
        return field_error("FIELD_MISSING", "meter_ids", "at least one meter");
    }
    PREPAY_RETURN_IF_ERROR(check_meter_ids(request.meter_ids()));
    return once<v1::AssignTariffResponse>(
        context, [&](pqxx::work& tx) { return assign_in(tx, context.identity.subject, request); });
}

Result<v1::ListAssignmentsResponse> GrpcBillingService::list_assignments(
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
