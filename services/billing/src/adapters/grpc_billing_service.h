#pragma once

#include <functional>

#include "adapters/rating_transaction.h"
#include "pg/database.h"
#include "prepay/billing/v1/billing.pb.h"
#include "rpc/server.h"

namespace prepay::billing {

/// BillingService over gRPC. Reasons beside those of validate(), parse_tariff_yaml() and libs/rpc:
/// FIELD_MISSING, FIELD_INVALID, TARIFF_NOT_FOUND, TARIFF_EXISTS, RESOURCE_DIFFERS,
/// VERSION_IN_THE_PAST, ASSIGNMENT_IN_THE_PAST, CHARGE_NOT_FOUND. Metadata `field` names the field.
class GrpcBillingService {
public:
    GrpcBillingService(pg::Database& database, RatingTransaction& rating, const Clock& clock)
        : database_(database), rating_(rating), clock_(clock) {}

    void add_to(rpc::Server& server);

    Result<v1::CreateTariffResponse> create_tariff(const rpc::CallContext& context,
                                                   const v1::CreateTariffRequest& request);
    Result<v1::AddTariffVersionResponse> add_tariff_version(
        const rpc::CallContext& context, const v1::AddTariffVersionRequest& request);
    Result<v1::ListTariffsResponse> list_tariffs(const rpc::CallContext& context,
                                                 const v1::ListTariffsRequest& request);
    Result<v1::GetTariffResponse> get_tariff(const rpc::CallContext& context,
                                             const v1::GetTariffRequest& request);
    Result<v1::AssignTariffResponse> assign_tariff(const rpc::CallContext& context,
                                                   const v1::AssignTariffRequest& request);
    Result<v1::ListAssignmentsResponse> list_assignments(const rpc::CallContext& context,
                                                         const v1::ListAssignmentsRequest& request);
    Result<v1::ListChargesResponse> list_charges(const rpc::CallContext& context,
                                                 const v1::ListChargesRequest& request);
    Result<v1::GetChargesResponse> get_charges(const rpc::CallContext& context,
                                               const v1::GetChargesRequest& request);
    Result<v1::GetBilledUntilResponse> get_billed_until(const rpc::CallContext& context,
                                                        const v1::GetBilledUntilRequest& request);
    Result<v1::ExplainChargeResponse> explain_charge(const rpc::CallContext& context,
                                                     const v1::ExplainChargeRequest& request);

private:
    /// Runs a mutation once per request id.
    template <typename Response>
    Result<Response> once(const rpc::CallContext& context,
                          const std::function<Result<Response>(pqxx::work&)>& effect);
    Result<v1::AssignTariffResponse> assign_in(pqxx::work& tx, const std::string& user,
                                               const v1::AssignTariffRequest& request);

    pg::Database& database_;
    RatingTransaction& rating_;
    const Clock& clock_;
};

}  // namespace prepay::billing
