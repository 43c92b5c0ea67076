#include "books/adapters/grpc_books.h"

#include "books/adapters/grpc_own_account.h"
#include "books/convert.h"
#include "rpc/personal.h"

namespace prepay::account {
namespace {

constexpr int kDayCountDefault = 14;
constexpr int kDayCountMax = 62;

// Postings as both lists of them answer.
template <typename Response>
Response postings_response(const pg::Page<StatementLine>& page) {
    Response response;
    for (const StatementLine& line : page.rows) {
        *response.add_postings() = to_proto(line);
    }
    response.set_next_page_token(page.next_page_token);
    return response;
}

}  // namespace

void GrpcBooks::register_with(rpc::Server& server) {
    using Self = GrpcBooks;
    const std::string account = "prepay.account.v1.AccountService/";
    server.unary(account + "GetAccount", this, &Self::get_account);
    server.unary(account + "ListAccounts", this, &Self::list_accounts);
    server.unary(account + "ListPostings", this, &Self::list_postings);
    server.unary(account + "GetTrialBalance", this, &Self::get_trial_balance);
    const std::string tenant = "prepay.account.v1.TenantService/";
    server.unary(tenant + "ListHistory", this, &Self::list_history);
    server.unary(tenant + "GetDailyUse", this, &Self::get_daily_use);
}

Result<v1::GetAccountResponse> GrpcBooks::get_account(const Context&,
                                                      const v1::GetAccountRequest& request) {
    return database_.read([&](pqxx::work& tx) -> Result<v1::GetAccountResponse> {
        v1::GetAccountResponse response;
        PREPAY_ASSIGN_OR_RETURN(const AccountView view, views_.get(tx, request.account_id()));
        *response.mutable_account() = to_proto(view);
        return response;
    });
}

Result<v1::ListAccountsResponse> GrpcBooks::list_accounts(const Context& context,
                                                          const v1::ListAccountsRequest& request) {
    return database_.read([&](pqxx::work& tx) -> Result<v1::ListAccountsResponse> {
        const pg::Page<AccountView> page =
            views_.list(tx, from_proto(request, rpc::sees_personal(context.identity.role)));
        v1::ListAccountsResponse response;
        for (const AccountView& view : page.rows) {
            *response.add_accounts() = to_proto(view);
        }
        response.set_next_page_token(page.next_page_token);
        return response;
    });
}

Result<v1::ListPostingsResponse> GrpcBooks::list_postings(const Context&,
                                                          const v1::ListPostingsRequest& request) {
    return database_.read([&](pqxx::work& tx) -> Result<v1::ListPostingsResponse> {
        PREPAY_ASSIGN_OR_RETURN(const pg::Page<StatementLine> page,
                                statements_.postings(tx, from_proto(request)));
        return postings_response<v1::ListPostingsResponse>(page);
    });
}

Result<v1::GetTrialBalanceResponse> GrpcBooks::get_trial_balance(
    const Context&, const v1::GetTrialBalanceRequest&) {
    return database_.read([&](pqxx::work& tx) -> Result<v1::GetTrialBalanceResponse> {
        return to_proto(statements_.trial_balance(tx));
    });
}

Result<v1::ListHistoryResponse> GrpcBooks::list_history(const Context& context,
                                                        const v1::ListHistoryRequest& request) {
    return database_.read([&](pqxx::work& tx) -> Result<v1::ListHistoryResponse> {
        PREPAY_RETURN_IF_ERROR(own_open_account(views_, tx, context).status());
        PREPAY_ASSIGN_OR_RETURN(
            const pg::Page<StatementLine> page,
            statements_.postings(tx, from_proto(request, context.identity.account_id)));
        return postings_response<v1::ListHistoryResponse>(page);
    });
}

Result<v1::GetDailyUseResponse> GrpcBooks::get_daily_use(const Context& context,
                                                         const v1::GetDailyUseRequest& request) {
    const int day_count = request.day_count() == 0 ? kDayCountDefault : request.day_count();
    return database_.read([&](pqxx::work& tx) -> Result<v1::GetDailyUseResponse> {
        PREPAY_RETURN_IF_ERROR(own_open_account(views_, tx, context).status());
        if (day_count < 0 || day_count > kDayCountMax) {
            return invalid_argument("BAD_COUNT", "day_count: 1 .. 62");
        }
        v1::GetDailyUseResponse response;
        for (auto& [local_date, amount] :
             statements_.daily_use(tx, context.identity.account_id, day_count)) {
            v1::DailyUse& day = *response.add_days();
            day.set_local_date(local_date);
            day.set_amount_micros(amount.micros());
        }
        return response;
    });
}

}  // namespace prepay::account
