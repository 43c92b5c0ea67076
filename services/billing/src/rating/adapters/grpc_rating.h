#pragma once

#include <string>
#include <vector>

#include "pg/database.h"
#include "prepay/billing/v1/billing.pb.h"
#include "rating/adapters/rating_transaction.h"
#include "rpc/server.h"
#include "tariffs/domain/stored_tariff.h"

namespace prepay::billing {

/// The RPCs of BillingService that look at what is rated: what brings another tariff into force
/// must not change the past. Reasons beside those of validate(), parse_tariff_yaml() and libs/rpc:
/// FIELD_MISSING, FIELD_INVALID, TARIFF_NOT_FOUND, RESOURCE_DIFFERS, VERSION_IN_THE_PAST,
/// ASSIGNMENT_IN_THE_PAST. Metadata `field` names the field.
class GrpcRating {
public:
    GrpcRating(pg::Database& database, RatingTransaction& rating, const Clock& clock)
        : database_(database), rating_(rating), clock_(clock) {}

    void add_to(rpc::Server& server);

    Result<v1::AddTariffVersionResponse> add_tariff_version(
        const rpc::CallContext& context, const v1::AddTariffVersionRequest& request);
    Result<v1::AssignTariffResponse> assign_tariff(const rpc::CallContext& context,
                                                   const v1::AssignTariffRequest& request);
    Result<v1::GetBilledUntilResponse> get_billed_until(const rpc::CallContext& context,
                                                        const v1::GetBilledUntilRequest& request);

private:
    /// From when the locked meters get the tariff, or why they must not.
    Result<Instant> start_of(pqxx::work& tx, const v1::AssignTariffRequest& request,
                             const StoredTariff& tariff, const std::vector<MeterWork>& works) const;
    Result<v1::AssignTariffResponse> assign_in(pqxx::work& tx, const std::string& user,
                                               const v1::AssignTariffRequest& request);

    pg::Database& database_;
    RatingTransaction& rating_;
    const Clock& clock_;
};

}  // namespace prepay::billing
