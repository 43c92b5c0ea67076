#pragma once

#include <string>

#include "adapters/pg_accounts.h"
#include "adapters/pg_credit.h"
#include "adapters/pg_orders.h"
#include "adapters/pg_rooms.h"
#include "app/payments.h"
#include "pg/database.h"
#include "prepay/account/v1/account.pb.h"
#include "rpc/server.h"

namespace prepay::account {

/// What the handlers work with. `payments` is null where no provider is configured.
struct AccountParts {
    pg::Database& database;
    PgRooms& rooms;
    PgAccounts& accounts;
    PgOrders& orders;
    PgCredit& credit;
    Payments* payments;
    BillProgress& bills;
    MeterRegistry& registry;
};

/// Serves AccountService, TenantService and PaymentCallbackService.
class GrpcAccountService {
public:
    explicit GrpcAccountService(AccountParts parts) : parts_(parts) {}

    /// Registers every method. The object must outlive the server.
    void register_with(rpc::Server& server);

private:
    using Context = rpc::CallContext;
    template <typename Response, typename Effect>
    Result<Response> once(const Context& context, Effect&& effect);
    template <typename Read>
    auto read(Read&& work) {
        return parts_.database.read(std::forward<Read>(work));
    }

    Status check_known(const std::vector<std::string>& meter_ids) const;
    Result<v1::CreateSiteResponse> create_site(const Context&, const v1::CreateSiteRequest&);
    Result<v1::ListSitesResponse> list_sites(const Context&, const v1::ListSitesRequest&);
    Result<v1::CreateRoomsResponse> create_rooms(const Context&, const v1::CreateRoomsRequest&);
    Result<v1::ListRoomsResponse> list_rooms(const Context&, const v1::ListRoomsRequest&);
    Result<v1::GetRoomResponse> get_room(const Context&, const v1::GetRoomRequest&);
    Result<v1::AttachMetersResponse> attach_meters(const Context&, const v1::AttachMetersRequest&);
    Result<v1::OpenAccountResponse> open_account(const Context&, const v1::OpenAccountRequest&);
    Result<v1::CloseAccountResponse> close_account(const Context&, const v1::CloseAccountRequest&);
    Result<v1::GetAccountResponse> get_account(const Context&, const v1::GetAccountRequest&);
    Result<v1::ListAccountsResponse> list_accounts(const Context&, const v1::ListAccountsRequest&);
    Result<v1::SetAlarmLevelsResponse> set_alarm_levels(const Context&,
                                                        const v1::SetAlarmLevelsRequest&);
    Result<v1::SetKeepPowerResponse> set_keep_power(const Context&, const v1::SetKeepPowerRequest&);
    Result<v1::TopUpResponse> top_up(const Context&, const v1::TopUpRequest&);
    Result<v1::RefundResponse> refund(const Context&, const v1::RefundRequest&);
    Result<v1::ListOrdersResponse> list_orders(const Context&, const v1::ListOrdersRequest&);
    Result<v1::ListPostingsResponse> list_postings(const Context&, const v1::ListPostingsRequest&);
    Result<v1::ListSuspenseResponse> list_suspense(const Context&, const v1::ListSuspenseRequest&);
    Result<v1::SettleSuspenseResponse> settle_suspense(const Context&,
                                                       const v1::SettleSuspenseRequest&);
    Result<v1::ListSwitchIntentsResponse> list_switch_intents(const Context&,
                                                              const v1::ListSwitchIntentsRequest&);
    Result<v1::GetTrialBalanceResponse> get_trial_balance(const Context&,
                                                          const v1::GetTrialBalanceRequest&);
    Result<v1::CheckCutResponse> check_cut(const Context&, const v1::CheckCutRequest&);
    Result<v1::ClaimSwitchIntentResponse> claim_switch_intent(const Context&,
                                                              const v1::ClaimSwitchIntentRequest&);
    Result<v1::GetOverviewResponse> get_overview(const Context&, const v1::GetOverviewRequest&);
    Result<v1::CreatePaymentResponse> create_payment(const Context&,
                                                     const v1::CreatePaymentRequest&);
    Result<v1::GetPaymentResponse> get_payment(const Context&, const v1::GetPaymentRequest&);
    Result<v1::ListHistoryResponse> list_history(const Context&, const v1::ListHistoryRequest&);
    Result<v1::GetDailyUseResponse> get_daily_use(const Context&, const v1::GetDailyUseRequest&);
    Result<v1::HandleWechatNoticeResponse> handle_wechat_notice(
        const Context&, const v1::HandleWechatNoticeRequest&);

    AccountParts parts_;
};

}  // namespace prepay::account
