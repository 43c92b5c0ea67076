#pragma once

#include <string>
#include <utility>

#include "core/status.h"
#include "credit/adapters/pg_credit.h"
#include "credit/adapters/pg_terms.h"
#include "pg/database.h"
#include "prepay/account/v1/account.pb.h"
#include "rpc/server.h"

namespace prepay::account {

/// Serves the terms of accounts and the switching of their meters.
class GrpcCredit {
public:
    GrpcCredit(pg::Database& database, PgTerms& terms, PgCredit& credit)
        : database_(database), terms_(terms), credit_(credit) {}

    /// Registers its methods. The object must outlive the server.
    void register_with(rpc::Server& server);

private:
    using Context = rpc::CallContext;
    Result<v1::SetAlarmLevelsResponse> set_alarm_levels(const Context&,
                                                        const v1::SetAlarmLevelsRequest&);
    Result<v1::SetKeepPowerResponse> set_keep_power(const Context&, const v1::SetKeepPowerRequest&);
    Result<v1::ListSwitchIntentsResponse> list_switch_intents(const Context&,
                                                              const v1::ListSwitchIntentsRequest&);
    Result<v1::CheckCutResponse> check_cut(const Context&, const v1::CheckCutRequest&);
    Result<v1::ClaimSwitchIntentResponse> claim_switch_intent(const Context&,
                                                              const v1::ClaimSwitchIntentRequest&);

    pg::Database& database_;
    PgTerms& terms_;
    PgCredit& credit_;
};

}  // namespace prepay::account
