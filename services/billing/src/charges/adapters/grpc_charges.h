#pragma once

#include "pg/database.h"
#include "prepay/billing/v1/billing.pb.h"
#include "rpc/server.h"

namespace prepay::billing {

/// The RPCs of BillingService that show charges. Reasons beside those of libs/rpc: FIELD_MISSING,
/// FIELD_INVALID, CHARGE_NOT_FOUND. Metadata `field` names the field.
class GrpcCharges {
public:
    explicit GrpcCharges(pg::Database& database) : database_(database) {}

    void add_to(rpc::Server& server);

    Result<v1::ListChargesResponse> list_charges(const rpc::CallContext& context,
                                                 const v1::ListChargesRequest& request);
    Result<v1::GetChargesResponse> get_charges(const rpc::CallContext& context,
                                               const v1::GetChargesRequest& request);
    Result<v1::ExplainChargeResponse> explain_charge(const rpc::CallContext& context,
                                                     const v1::ExplainChargeRequest& request);

private:
    pg::Database& database_;
};

}  // namespace prepay::billing
