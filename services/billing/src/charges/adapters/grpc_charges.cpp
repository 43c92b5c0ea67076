#include "charges/adapters/grpc_charges.h"

#include <map>

#include "charges/adapters/pg_charges.h"
#include "charges/adapters/pg_rooms.h"
#include "charges/convert.h"
#include "charges/domain/explain.h"
#include "quantity/text.h"
#include "rpc/request_rules.h"
#include "tariffs/adapters/grpc_fields.h"
#include "tariffs/adapters/pg_tariffs.h"

namespace prepay::billing {
namespace {

constexpr int kChargesAskedMax = 100;

Result<std::int64_t> charge_id_from(const std::string& text) {
    const auto id = parse_decimal(text, 0);
    if (!id || *id <= 0 || text.find_first_not_of("0123456789") != std::string::npos) {
        return field_error("FIELD_INVALID", "charge_id", "a positive decimal number");
    }
    return *id;
}

void fill_explanation(const Charge& charge, v1::ExplainChargeResponse& response) {
    *response.mutable_charge() = to_proto(charge);
    response.set_remainder_before_picos(charge.remainder_before_picos);
    response.set_remainder_after_picos(charge.remainder_after_picos);
    std::visit([&](const auto& basis) { to_proto(basis, response); }, charge.basis);
    if (charge.reversal_of) {
        response.add_arithmetic("reversal of charge " + std::to_string(*charge.reversal_of));
    }
    for (std::string& step : explain(charge)) {
        response.add_arithmetic(std::move(step));
    }
}

// Where the prices of a charge stand, to be looked up.
void add_prices(pqxx::work& tx, const EnergyBasis& basis, v1::ExplainChargeResponse& response) {
    const auto tariff = find_tariff(tx, basis.tariff_id);
    for (const StoredVersion& version : tariff->versions) {
        if (version.version == basis.tariff_version) {
            *response.mutable_tariff_version() = to_proto(tariff->tariff_id, version);
        }
    }
}

}  // namespace

void GrpcCharges::add_to(rpc::Server& server) {
    const std::string service = "prepay.billing.v1.BillingService/";
    server.unary(service + "ListCharges", this, &GrpcCharges::list_charges);
    server.unary(service + "GetCharges", this, &GrpcCharges::get_charges);
    server.unary(service + "ExplainCharge", this, &GrpcCharges::explain_charge);
}

Result<v1::ListChargesResponse> GrpcCharges::list_charges(const rpc::CallContext&,
                                                          const v1::ListChargesRequest& request) {
    const int page_size = rpc::page_size_of(request.page_size());
    if (request.account_id().empty() && request.meter_id().empty()) {
        return field_error("FIELD_MISSING", "account_id", "account_id or meter_id is needed");
    }
    ChargeFilter filter;
    filter.account_id = request.account_id();
    filter.meter_id = request.meter_id();
    if (request.has_start_time()) {
        PREPAY_ASSIGN_OR_RETURN(filter.start, time_from(request.start_time(), "start_time"));
    }
    if (request.has_end_time()) {
        PREPAY_ASSIGN_OR_RETURN(filter.end, time_from(request.end_time(), "end_time"));
    }
    PREPAY_ASSIGN_OR_RETURN(filter.below_charge_id, rpc::sequence_of(request.page_token()));
    filter.limit = page_size + 1;
    return database_.read([&](pqxx::work& tx) -> Result<v1::ListChargesResponse> {
        std::vector<Charge> charges = billing::list_charges(tx, filter);
        v1::ListChargesResponse response;
        if (charges.size() > static_cast<std::size_t>(page_size)) {
            charges.pop_back();
            response.set_next_page_token(std::to_string(charges.back().charge_id));
        }
        for (const Charge& charge : charges) {
            *response.add_charges() = to_proto(charge);
        }
        return response;
    });
}

Result<v1::GetChargesResponse> GrpcCharges::get_charges(const rpc::CallContext&,
                                                        const v1::GetChargesRequest& request) {
    if (request.charge_ids().empty() || request.charge_ids_size() > kChargesAskedMax) {
        return field_error("FIELD_INVALID", "charge_ids", "1 .. 100 of them");
    }
    std::vector<std::int64_t> charge_ids;
    for (const std::string& text : request.charge_ids()) {
        PREPAY_ASSIGN_OR_RETURN(charge_ids.emplace_back(), charge_id_from(text));
    }
    return database_.read([&](pqxx::work& tx) -> Result<v1::GetChargesResponse> {
        std::map<std::int64_t, Charge> found;
        for (Charge& charge : find_charges(tx, charge_ids)) {
            found.emplace(charge.charge_id, std::move(charge));
        }
        v1::GetChargesResponse response;
        for (const std::int64_t charge_id : charge_ids) {
            if (const auto charge = found.find(charge_id); charge != found.end()) {
                *response.add_charges() = to_proto(charge->second);
            }
        }
        return response;
    });
}

Result<v1::ExplainChargeResponse> GrpcCharges::explain_charge(
    const rpc::CallContext&, const v1::ExplainChargeRequest& request) {
    PREPAY_ASSIGN_OR_RETURN(const std::int64_t charge_id, charge_id_from(request.charge_id()));
    return database_.read([&](pqxx::work& tx) -> Result<v1::ExplainChargeResponse> {
        const auto charge = find_charge(tx, charge_id);
        if (!charge) {
            return not_found("CHARGE_NOT_FOUND", "there is no charge " + request.charge_id());
        }
        v1::ExplainChargeResponse response;
        response.add_arithmetic("meter " + charge->meter_id + ", room " +
                                find_room_name(tx, charge->room_id));
        fill_explanation(*charge, response);
        std::visit([&](const auto& basis) { add_prices(tx, basis, response); }, charge->basis);
        return response;
    });
}

}  // namespace prepay::billing
