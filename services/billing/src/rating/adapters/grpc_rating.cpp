#include "rating/adapters/grpc_rating.h"

#include <algorithm>

#include "charges/adapters/pg_charges.h"
#include "core/proto_time.h"
#include "rating/adapters/meter_news.h"
#include "rating/adapters/pg_meter_rows.h"
#include "rating/adapters/pg_meters.h"
#include "tariffs/adapters/grpc_fields.h"
#include "tariffs/adapters/grpc_once.h"
#include "tariffs/adapters/grpc_tariff_file.h"
#include "tariffs/adapters/pg_rows.h"
#include "tariffs/adapters/pg_tariffs.h"

namespace prepay::billing {

void GrpcRating::add_to(rpc::Server& server) {
    const std::string service = "prepay.billing.v1.BillingService/";
    server.unary(service + "AddTariffVersion", this, &GrpcRating::add_tariff_version);
    server.unary(service + "AssignTariff", this, &GrpcRating::assign_tariff);
    server.unary(service + "GetBilledUntil", this, &GrpcRating::get_billed_until);
}

Result<v1::AddTariffVersionResponse> GrpcRating::add_tariff_version(
    const rpc::CallContext& context, const v1::AddTariffVersionRequest& request) {
    PREPAY_ASSIGN_OR_RETURN(TariffFile file, file_of(request));
    PREPAY_ASSIGN_OR_RETURN(const Instant effective, effective_time_of(request, file, clock_));
    const std::string tariff_id =
        request.tariff_id().empty() ? file.tariff_id : request.tariff_id();
    return once<v1::AddTariffVersionResponse>(
        database_, context, [&](pqxx::work& tx) -> Result<v1::AddTariffVersionResponse> {
            const auto tariff = lock_tariff(tx, tariff_id);
            if (!tariff) {
                return tariff_not_found(tariff_id);
            }
            if (!request.has_definition() && file.resource != tariff->resource) {
                return field_error("RESOURCE_DIFFERS", "tariff_yaml",
                                   "a version is of the same resource as its tariff");
            }
            // Locked meters cannot be rated meanwhile with the versions there are.
            const std::vector<std::int64_t> keys =
                keys_of(lock_meters(tx, meters_of_tariff(tx, tariff->tariff_key)));
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

Result<Instant> GrpcRating::start_of(pqxx::work& tx, const v1::AssignTariffRequest& request,
                                     const StoredTariff& tariff,
                                     const std::vector<MeterWork>& works) const {
    Instant start = clock_.now();
    for (const MeterWork& work : works) {
        if (const auto counted = resource_now(work); counted && *counted != tariff.resource) {
            return failed_precondition("RESOURCE_DIFFERS",
                                       "meter " + work.meter_id + " counts " + text_of(*counted) +
                                           ", tariff " + tariff.tariff_id + " is for " +
                                           text_of(tariff.resource),
                                       {{"field", "meter_ids"}, {"meter_id", work.meter_id}});
        }
        if (work.state.base) {
            start = std::max(start, work.state.base->read_time);  // Clocks may differ a little.
        }
    }
    if (request.has_start_time()) {
        PREPAY_ASSIGN_OR_RETURN(start, time_from(request.start_time(), "start_time"));
    }
    if (const auto rated = find_rated_after(tx, keys_of(works), start)) {
        return failed_precondition("ASSIGNMENT_IN_THE_PAST",
                                   "meter " + *rated + " is rated beyond " + format_time(start) +
                                       " already; choose a later start_time",
                                   {{"field", "start_time"}, {"meter_id", *rated}});
    }
    return start;
}

Result<v1::AssignTariffResponse> GrpcRating::assign_in(pqxx::work& tx, const std::string& user,
                                                       const v1::AssignTariffRequest& request) {
    const auto tariff = find_tariff(tx, request.tariff_id());
    if (!tariff) {
        return tariff_not_found(request.tariff_id());
    }
    v1::AssignTariffResponse response;
    PREPAY_RETURN_IF_ERROR(rating_.run(
        tx, {request.meter_ids().begin(), request.meter_ids().end()},
        [&](std::vector<MeterWork>& works) -> Status {
            PREPAY_ASSIGN_OR_RETURN(const Instant start, start_of(tx, request, *tariff, works));
            take_assignment(tx, works, tariff->tariff_key, start, user);
            for (const MeterWork& work : works) {
                *response.add_assignments() =
                    to_proto(StoredAssignment{work.meter_id, tariff->tariff_id, start, {}});
            }
            return absl::OkStatus();
        }));
    return response;
}

Result<v1::AssignTariffResponse> GrpcRating::assign_tariff(const rpc::CallContext& context,
                                                           const v1::AssignTariffRequest& request) {
    if (request.tariff_id().empty()) {
        return field_error("FIELD_MISSING", "tariff_id", "missing");
    }
    if (request.meter_ids().empty()) {
        return field_error("FIELD_MISSING", "meter_ids", "at least one meter");
    }
    PREPAY_RETURN_IF_ERROR(check_meter_ids(request.meter_ids()));
    return once<v1::AssignTariffResponse>(database_, context, [&](pqxx::work& tx) {
        return assign_in(tx, context.identity.subject, request);
    });
}

Result<v1::GetBilledUntilResponse> GrpcRating::get_billed_until(
    const rpc::CallContext&, const v1::GetBilledUntilRequest& request) {
    if (request.account_id().empty()) {
        return field_error("FIELD_MISSING", "account_id", "missing");
    }
    PREPAY_RETURN_IF_ERROR(check_meter_ids(request.meter_ids()));
    return database_.read([&](pqxx::work& tx) -> Result<v1::GetBilledUntilResponse> {
        const auto times = billed_until(tx, request.account_id(),
                                        {request.meter_ids().begin(), request.meter_ids().end()});
        v1::GetBilledUntilResponse response;
        for (const std::string& meter_id : request.meter_ids()) {
            v1::MeterBilledUntil& meter = *response.add_meters();
            meter.set_meter_id(meter_id);
            if (const auto found = times.find(meter_id); found != times.end()) {
                set_time(*meter.mutable_billed_until(), found->second);
            }
        }
        for (const std::int64_t charge_id : last_charges_of(tx, request.account_id())) {
            response.add_last_charge_ids(std::to_string(charge_id));
        }
        return response;
    });
}

}  // namespace prepay::billing
