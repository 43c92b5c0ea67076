#include "adapters/grpc_account_service.h"

#include "convert.h"
#include "core/crash_point.h"
#include "pg/request_answer.h"
#include "rpc/personal.h"

namespace prepay::account {
namespace {

constexpr std::size_t kNamesShownMax = 10;

template <typename Request>
PgOrders::CashOrder cash_order(const rpc::CallContext& context, const Request& request) {
    return {request.account_id(),
            Money::from_micros(request.amount_micros()),
            request.note(),
            context.identity.subject,
            context.request_id,
            context.content_hash,
            false,
            BillProgress::Bill()};
}

CreditRight credit_right(const rpc::CallContext& context) {
    return context.identity.role == rpc::Role::kCashier ? CreditRight::kNone
                                                        : CreditRight::kMayGive;
}

}  // namespace

// The effect and its answer in one transaction; a repetition gets the stored answer.
template <typename Response, typename Effect>
Result<Response> GrpcAccountService::once(const Context& context, Effect&& effect) {
    PREPAY_ASSIGN_OR_RETURN(const std::string answer,
                            parts_.database.transact([&](pqxx::work& tx) -> Result<std::string> {
                                return pg::answer_once(
                                    tx,
                                    {context.request_id, context.method, context.content_hash,
                                     context.identity.subject},
                                    [&](pqxx::work& inner) -> Result<std::string> {
                                        PREPAY_ASSIGN_OR_RETURN(const Response made, effect(inner));
                                        return made.SerializeAsString();
                                    });
                            }));
    PREPAY_CRASH_POINT("ledger.committed");
    Response response;
    if (!response.ParseFromString(answer)) {
        return internal_error("STORED_ANSWER_INVALID", "the stored answer cannot be read");
    }
    return response;
}

void GrpcAccountService::register_with(rpc::Server& server) {
    using Self = GrpcAccountService;
    const std::string account = "prepay.account.v1.AccountService/";
    server.unary(account + "CreateSite", this, &Self::create_site);
    server.unary(account + "ListSites", this, &Self::list_sites);
    server.unary(account + "CreateRooms", this, &Self::create_rooms);
    server.unary(account + "ListRooms", this, &Self::list_rooms);
    server.unary(account + "GetRoom", this, &Self::get_room);
    server.unary(account + "AttachMeters", this, &Self::attach_meters);
    server.unary(account + "OpenAccount", this, &Self::open_account);
    server.unary(account + "CloseAccount", this, &Self::close_account);
    server.unary(account + "GetAccount", this, &Self::get_account);
    server.unary(account + "ListAccounts", this, &Self::list_accounts);
    server.unary(account + "SetAlarmLevels", this, &Self::set_alarm_levels);
    server.unary(account + "SetKeepPower", this, &Self::set_keep_power);
    server.unary(account + "TopUp", this, &Self::top_up);
    server.unary(account + "Refund", this, &Self::refund);
    server.unary(account + "ListOrders", this, &Self::list_orders);
    server.unary(account + "ListPostings", this, &Self::list_postings);
    server.unary(account + "ListSuspense", this, &Self::list_suspense);
    server.unary(account + "SettleSuspense", this, &Self::settle_suspense);
    server.unary(account + "ListSwitchIntents", this, &Self::list_switch_intents);
    server.unary(account + "GetTrialBalance", this, &Self::get_trial_balance);
    server.unary(account + "CheckCut", this, &Self::check_cut);
    server.unary(account + "ClaimSwitchIntent", this, &Self::claim_switch_intent);
    const std::string tenant = "prepay.account.v1.TenantService/";
    server.unary(tenant + "GetOverview", this, &Self::get_overview);
    server.unary(tenant + "CreatePayment", this, &Self::create_payment);
    server.unary(tenant + "GetPayment", this, &Self::get_payment);
    server.unary(tenant + "ListHistory", this, &Self::list_history);
    server.unary(tenant + "GetDailyUse", this, &Self::get_daily_use);
    server.unary("prepay.account.v1.PaymentCallbackService/HandleWechatNotice", this,
                 &Self::handle_wechat_notice);
}

Result<v1::CreateSiteResponse> GrpcAccountService::create_site(
    const Context& context, const v1::CreateSiteRequest& request) {
    using Response = v1::CreateSiteResponse;
    return once<Response>(context, [&](pqxx::work& tx) -> Result<Response> {
        Response response;
        PREPAY_ASSIGN_OR_RETURN(*response.mutable_site(),
                                parts_.rooms.create_site(tx, request.site()));
        return response;
    });
}

Result<v1::ListSitesResponse> GrpcAccountService::list_sites(const Context&,
                                                             const v1::ListSitesRequest&) {
    return read([&](pqxx::work& tx) -> Result<v1::ListSitesResponse> {
        v1::ListSitesResponse response;
        for (v1::Site& site : parts_.rooms.list_sites(tx)) {
            *response.add_sites() = std::move(site);
        }
        return response;
    });
}

// A room with a meter that nobody reads would never be billed, and nobody would notice.
Status GrpcAccountService::check_known(const std::vector<std::string>& meter_ids) const {
    if (meter_ids.empty()) {
        return absl::OkStatus();
    }
    PREPAY_ASSIGN_OR_RETURN(const auto unknown, parts_.registry.unknown(meter_ids));
    if (unknown.empty()) {
        return absl::OkStatus();
    }
    std::string names;
    for (std::size_t i = 0; i < unknown.size() && i < kNamesShownMax; ++i) {
        names += (i == 0 ? "" : ", ") + unknown[i];
    }
    return failed_precondition(
        "UNKNOWN_METER", std::to_string(unknown.size()) + " of the meters are not registered: " +
                             names + (unknown.size() > kNamesShownMax ? ", …" : "") +
                             "; register them first, or set allow_unknown_meters");
}

Result<v1::CreateRoomsResponse> GrpcAccountService::create_rooms(
    const Context& context, const v1::CreateRoomsRequest& request) {
    using Response = v1::CreateRoomsResponse;
    if (!request.allow_unknown_meters()) {
        std::vector<std::string> meter_ids;
        for (const v1::Room& room : request.rooms()) {
            meter_ids.insert(meter_ids.end(), room.meter_ids().begin(), room.meter_ids().end());
        }
        PREPAY_RETURN_IF_ERROR(check_known(meter_ids));
    }
    return once<Response>(context, [&](pqxx::work& tx) -> Result<Response> {
        PREPAY_ASSIGN_OR_RETURN(const auto rooms, parts_.rooms.create_rooms(tx, request));
        Response response;
        response.mutable_rooms()->Add(rooms.begin(), rooms.end());
        return response;
    });
}

Result<v1::ListRoomsResponse> GrpcAccountService::list_rooms(const Context&,
                                                             const v1::ListRoomsRequest& request) {
    return read([&](pqxx::work& tx) { return parts_.rooms.list(tx, request); });
}

Result<v1::GetRoomResponse> GrpcAccountService::get_room(const Context&,
                                                         const v1::GetRoomRequest& request) {
    return read([&](pqxx::work& tx) -> Result<v1::GetRoomResponse> {
        v1::GetRoomResponse response;
        PREPAY_ASSIGN_OR_RETURN(*response.mutable_room(), parts_.rooms.get(tx, request.room_id()));
        if (!response.room().account_id().empty()) {
            PREPAY_ASSIGN_OR_RETURN(*response.mutable_account(),
                                    parts_.accounts.get(tx, response.room().account_id()));
        }
        return response;
    });
}

Result<v1::AttachMetersResponse> GrpcAccountService::attach_meters(
    const Context& context, const v1::AttachMetersRequest& request) {
    using Response = v1::AttachMetersResponse;
    if (!request.allow_unknown_meters()) {
        PREPAY_RETURN_IF_ERROR(
            check_known({request.meter_ids().begin(), request.meter_ids().end()}));
    }
    return once<Response>(context, [&](pqxx::work& tx) -> Result<Response> {
        Response response;
        PREPAY_ASSIGN_OR_RETURN(*response.mutable_room(), parts_.rooms.attach(tx, request));
        return response;
    });
}

Result<v1::OpenAccountResponse> GrpcAccountService::open_account(
    const Context& context, const v1::OpenAccountRequest& request) {
    using Response = v1::OpenAccountResponse;
    return once<Response>(context, [&](pqxx::work& tx) -> Result<Response> {
        PREPAY_ASSIGN_OR_RETURN(const std::int64_t account_no,
                                parts_.accounts.open(tx, request, credit_right(context)));
        Response response;
        *response.mutable_account() = parts_.accounts.get(tx, account_no);
        if (request.first_top_up_micros() != 0) {
            PREPAY_ASSIGN_OR_RETURN(
                const Order order,
                parts_.orders.top_up(
                    tx, {response.account().account_id(),
                         Money::from_micros(request.first_top_up_micros()), "first top-up",
                         context.identity.subject, context.request_id, context.content_hash}));
            *response.mutable_order() = to_proto(order);
            *response.mutable_account() = parts_.accounts.get(tx, account_no);
        }
        return response;
    });
}

Result<v1::CloseAccountResponse> GrpcAccountService::close_account(
    const Context& context, const v1::CloseAccountRequest& request) {
    using Response = v1::CloseAccountResponse;
    return once<Response>(context, [&](pqxx::work& tx) -> Result<Response> {
        Response response;
        PREPAY_ASSIGN_OR_RETURN(*response.mutable_account(), parts_.accounts.close(tx, request));
        return response;
    });
}

Result<v1::GetAccountResponse> GrpcAccountService::get_account(
    const Context&, const v1::GetAccountRequest& request) {
    return read([&](pqxx::work& tx) -> Result<v1::GetAccountResponse> {
        v1::GetAccountResponse response;
        PREPAY_ASSIGN_OR_RETURN(*response.mutable_account(),
                                parts_.accounts.get(tx, request.account_id()));
        return response;
    });
}

Result<v1::ListAccountsResponse> GrpcAccountService::list_accounts(
    const Context& context, const v1::ListAccountsRequest& request) {
    return read([&](pqxx::work& tx) -> Result<v1::ListAccountsResponse> {
        return parts_.accounts.list(tx, request, rpc::sees_personal(context.identity.role));
    });
}

Result<v1::SetAlarmLevelsResponse> GrpcAccountService::set_alarm_levels(
    const Context& context, const v1::SetAlarmLevelsRequest& request) {
    using Response = v1::SetAlarmLevelsResponse;
    return once<Response>(context, [&](pqxx::work& tx) -> Result<Response> {
        Response response;
        PREPAY_ASSIGN_OR_RETURN(*response.mutable_account(),
                                parts_.accounts.set_levels(tx, request, credit_right(context)));
        return response;
    });
}

Result<v1::SetKeepPowerResponse> GrpcAccountService::set_keep_power(
    const Context& context, const v1::SetKeepPowerRequest& request) {
    using Response = v1::SetKeepPowerResponse;
    return once<Response>(context, [&](pqxx::work& tx) -> Result<Response> {
        Response response;
        PREPAY_ASSIGN_OR_RETURN(*response.mutable_account(),
                                parts_.accounts.set_keep_power(tx, request));
        return response;
    });
}

Result<v1::TopUpResponse> GrpcAccountService::top_up(const Context& context,
                                                     const v1::TopUpRequest& request) {
    using Response = v1::TopUpResponse;
    return once<Response>(context, [&](pqxx::work& tx) -> Result<Response> {
        PREPAY_ASSIGN_OR_RETURN(const Order order,
                                parts_.orders.top_up(tx, cash_order(context, request)));
        Response response;
        *response.mutable_order() = to_proto(order);
        *response.mutable_account() = parts_.accounts.get(tx, order.account_no);
        return response;
    });
}

Result<v1::RefundResponse> GrpcAccountService::refund(const Context& context,
                                                      const v1::RefundRequest& request) {
    using Response = v1::RefundResponse;
    if (request.override_unbilled() &&
        !rpc::role_holds(context.identity.role, common::v1::PERMISSION_OVERRIDE)) {
        return permission_denied("OVERRIDE_NOT_ALLOWED",
                                 "paying out before the last bill needs a permission of its own");
    }
    PgOrders::CashOrder wanted = cash_order(context, request);
    wanted.override_unbilled = request.override_unbilled();
    PREPAY_ASSIGN_OR_RETURN(
        const auto ends,
        parts_.database.read([&](pqxx::work& tx) -> Result<std::map<std::string, Instant>> {
            return PgOrders::ended_meters(tx, request.account_id());
        }));
    if (!ends.empty()) {
        std::vector<std::string> meter_ids;
        for (const auto& [meter_id, end] : ends) {
            meter_ids.push_back(meter_id);
        }
        wanted.bill = parts_.bills.ask(request.account_id(), meter_ids);
    }
    return once<Response>(context, [&](pqxx::work& tx) -> Result<Response> {
        PREPAY_ASSIGN_OR_RETURN(const Order order, parts_.orders.refund(tx, wanted));
        Response response;
        *response.mutable_order() = to_proto(order);
        *response.mutable_account() = parts_.accounts.get(tx, order.account_no);
        return response;
    });
}

Result<v1::ListOrdersResponse> GrpcAccountService::list_orders(
    const Context&, const v1::ListOrdersRequest& request) {
    return read([&](pqxx::work& tx) { return parts_.orders.list(tx, request); });
}

Result<v1::ListPostingsResponse> GrpcAccountService::list_postings(
    const Context&, const v1::ListPostingsRequest& request) {
    return read([&](pqxx::work& tx) { return parts_.orders.postings(tx, request); });
}

Result<v1::ListSuspenseResponse> GrpcAccountService::list_suspense(
    const Context&, const v1::ListSuspenseRequest& request) {
    return read([&](pqxx::work& tx) { return parts_.orders.list_suspense(tx, request); });
}

Result<v1::SettleSuspenseResponse> GrpcAccountService::settle_suspense(
    const Context& context, const v1::SettleSuspenseRequest& request) {
    using Response = v1::SettleSuspenseResponse;
    PREPAY_ASSIGN_OR_RETURN(const SuspenseOutcome outcome, from_proto(request.outcome()));
    return once<Response>(context, [&](pqxx::work& tx) -> Result<Response> {
        PREPAY_ASSIGN_OR_RETURN(
            auto settled, parts_.orders.settle(
                              tx, {request.provider_transaction_id(), outcome, request.account_id(),
                                   request.note(), context.identity.subject, context.request_id,
                                   context.content_hash}));
        Response response;
        *response.mutable_item() = std::move(settled.item);
        if (settled.order) {
            *response.mutable_order() = to_proto(*settled.order);
            *response.mutable_account() = parts_.accounts.get(tx, settled.order->account_no);
        }
        return response;
    });
}

Result<v1::ListSwitchIntentsResponse> GrpcAccountService::list_switch_intents(
    const Context&, const v1::ListSwitchIntentsRequest& request) {
    return read([&](pqxx::work& tx) { return parts_.credit.list(tx, request); });
}

Result<v1::GetTrialBalanceResponse> GrpcAccountService::get_trial_balance(
    const Context&, const v1::GetTrialBalanceRequest&) {
    return read([&](pqxx::work& tx) -> Result<v1::GetTrialBalanceResponse> {
        return parts_.orders.trial_balance(tx);
    });
}

Result<v1::CheckCutResponse> GrpcAccountService::check_cut(const Context&,
                                                           const v1::CheckCutRequest& request) {
    return read([&](pqxx::work& tx) { return parts_.credit.check_cut(tx, request); });
}

Result<v1::ClaimSwitchIntentResponse> GrpcAccountService::claim_switch_intent(
    const Context&, const v1::ClaimSwitchIntentRequest& request) {
    return parts_.database.transact(
        [&](pqxx::work& tx) { return parts_.credit.claim(tx, request); });
}

Result<v1::HandleWechatNoticeResponse> GrpcAccountService::handle_wechat_notice(
    const Context&, const v1::HandleWechatNoticeRequest& request) {
    if (parts_.payments == nullptr) {
        return failed_precondition("WECHAT_NOT_CONFIGURED", "WeChat Pay is not configured");
    }
    PREPAY_RETURN_IF_ERROR(
        parts_.payments->handle_notice({request.timestamp(), request.nonce(), request.signature(),
                                        request.serial(), request.body()}));
    PREPAY_CRASH_POINT("payment.before_reply");
    return v1::HandleWechatNoticeResponse();
}

}  // namespace prepay::account
