#include "credit/adapters/grpc_credit.h"

#include "books/adapters/grpc_once.h"
#include "books/adapters/grpc_right.h"

namespace prepay::account {

void GrpcCredit::register_with(rpc::Server& server) {
    using Self = GrpcCredit;
    const std::string account = "prepay.account.v1.AccountService/";
    server.unary(account + "SetAlarmLevels", this, &Self::set_alarm_levels);
    server.unary(account + "SetKeepPower", this, &Self::set_keep_power);
    server.unary(account + "ListSwitchIntents", this, &Self::list_switch_intents);
    server.unary(account + "CheckCut", this, &Self::check_cut);
    server.unary(account + "ClaimSwitchIntent", this, &Self::claim_switch_intent);
}

Result<v1::SetAlarmLevelsResponse> GrpcCredit::set_alarm_levels(
    const Context& context, const v1::SetAlarmLevelsRequest& request) {
    using Response = v1::SetAlarmLevelsResponse;
    return once<Response>(database_, context, [&](pqxx::work& tx) -> Result<Response> {
        Response response;
        PREPAY_ASSIGN_OR_RETURN(*response.mutable_account(),
                                terms_.set_levels(tx, request, credit_right(context)));
        return response;
    });
}

Result<v1::SetKeepPowerResponse> GrpcCredit::set_keep_power(
    const Context& context, const v1::SetKeepPowerRequest& request) {
    using Response = v1::SetKeepPowerResponse;
    return once<Response>(database_, context, [&](pqxx::work& tx) -> Result<Response> {
        Response response;
        PREPAY_ASSIGN_OR_RETURN(*response.mutable_account(),
                                terms_.set_keep_power(tx, request, context.identity.subject));
        return response;
    });
}

Result<v1::ListSwitchIntentsResponse> GrpcCredit::list_switch_intents(
    const Context&, const v1::ListSwitchIntentsRequest& request) {
    return database_.read([&](pqxx::work& tx) { return credit_.list(tx, request); });
}

Result<v1::CheckCutResponse> GrpcCredit::check_cut(const Context&,
                                                   const v1::CheckCutRequest& request) {
    return database_.read([&](pqxx::work& tx) { return credit_.check_cut(tx, request); });
}

Result<v1::ClaimSwitchIntentResponse> GrpcCredit::claim_switch_intent(
    const Context&, const v1::ClaimSwitchIntentRequest& request) {
    return database_.transact([&](pqxx::work& tx) { return credit_.claim(tx, request); });
}

}  // namespace prepay::account
