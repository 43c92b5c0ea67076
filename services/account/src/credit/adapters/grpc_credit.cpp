#include "credit/adapters/grpc_credit.h"

#include "books/adapters/grpc_once.h"
#include "books/adapters/grpc_right.h"
#include "credit/convert.h"

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
        PREPAY_ASSIGN_OR_RETURN(const AlarmLevels levels, from_proto(request.alarm_levels()));
        PREPAY_ASSIGN_OR_RETURN(
            const AccountView view,
            terms_.set_levels(tx, request.account_id(), levels, credit_right(context)));
        Response response;
        *response.mutable_account() = to_proto(view);
        return response;
    });
}

Result<v1::SetKeepPowerResponse> GrpcCredit::set_keep_power(
    const Context& context, const v1::SetKeepPowerRequest& request) {
    using Response = v1::SetKeepPowerResponse;
    return once<Response>(database_, context, [&](pqxx::work& tx) -> Result<Response> {
        PREPAY_ASSIGN_OR_RETURN(
            const AccountView view,
            terms_.set_keep_power(tx, request.account_id(), request.keep_power(),
                                  {context.identity.subject, request.reason_text()}));
        Response response;
        *response.mutable_account() = to_proto(view);
        return response;
    });
}

Result<v1::ListSwitchIntentsResponse> GrpcCredit::list_switch_intents(
    const Context&, const v1::ListSwitchIntentsRequest& request) {
    return database_.read([&](pqxx::work& tx) -> Result<v1::ListSwitchIntentsResponse> {
        const pg::Page<IntentView> page = credit_.list(tx, from_proto(request));
        v1::ListSwitchIntentsResponse response;
        for (const IntentView& view : page.rows) {
            *response.add_intents() = to_proto(view);
        }
        response.set_next_page_token(page.next_page_token);
        return response;
    });
}

Result<v1::CheckCutResponse> GrpcCredit::check_cut(const Context&,
                                                   const v1::CheckCutRequest& request) {
    return database_.read([&](pqxx::work& tx) -> Result<v1::CheckCutResponse> {
        PREPAY_ASSIGN_OR_RETURN(const CutCheck check, credit_.check_cut(tx, request.meter_id()));
        return to_proto(check);
    });
}

Result<v1::ClaimSwitchIntentResponse> GrpcCredit::claim_switch_intent(
    const Context&, const v1::ClaimSwitchIntentRequest& request) {
    return database_.transact([&](pqxx::work& tx) -> Result<v1::ClaimSwitchIntentResponse> {
        PREPAY_ASSIGN_OR_RETURN(const PgCredit::Claimed claimed,
                                credit_.claim(tx, request.intent_id(), request.claimant()));
        v1::ClaimSwitchIntentResponse response;
        response.set_granted(claimed.is_granted);
        *response.mutable_intent() = to_proto(claimed.intent);
        return response;
    });
}

}  // namespace prepay::account
