#pragma once

#include "core/time.h"
#include "pg/database.h"
#include "prepay/billing/v1/billing.pb.h"
#include "rpc/server.h"

namespace prepay::billing {

/// The RPCs of BillingService that make and show tariffs; those that reach rated meters are in
/// GrpcRating. Reasons beside those of validate(), parse_tariff_yaml() and libs/rpc: FIELD_MISSING,
/// FIELD_INVALID, TARIFF_NOT_FOUND, TARIFF_EXISTS. Metadata `field` names the field.
class GrpcTariffs {
public:
    GrpcTariffs(pg::Database& database, const Clock& clock) : database_(database), clock_(clock) {}

    void add_to(rpc::Server& server);

    Result<v1::CreateTariffResponse> create_tariff(const rpc::CallContext& context,
                                                   const v1::CreateTariffRequest& request);
    Result<v1::ListTariffsResponse> list_tariffs(const rpc::CallContext& context,
                                                 const v1::ListTariffsRequest& request);
    Result<v1::GetTariffResponse> get_tariff(const rpc::CallContext& context,
                                             const v1::GetTariffRequest& request);
    Result<v1::ListAssignmentsResponse> list_assignments(const rpc::CallContext& context,
                                                         const v1::ListAssignmentsRequest& request);

private:
    pg::Database& database_;
    const Clock& clock_;
};

}  // namespace prepay::billing
