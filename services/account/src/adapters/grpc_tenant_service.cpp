#include "adapters/grpc_account_service.h"
#include "convert.h"

// The tenant's half of GrpcAccountService: the account is the token's, whatever a request says.
namespace prepay::account {
namespace {

constexpr int kDayCountDefault = 14;
constexpr int kDayCountMax = 62;

Status account_closed() { return failed_precondition("ACCOUNT_CLOSED", "this account is closed"); }

// Open or closed.
Result<v1::Account> own_account(PgAccounts& accounts, pqxx::work& tx,
                                const rpc::CallContext& context) {
    PREPAY_ASSIGN_OR_RETURN(v1::Account account, accounts.get(tx, context.identity.account_id));
    if (!account.has_customer()) {
        return not_found("ACCOUNT_NOT_FOUND", "there is no such account");
    }
    return account;
}

Result<v1::Account> own_open_account(PgAccounts& accounts, pqxx::work& tx,
                                     const rpc::CallContext& context) {
    PREPAY_ASSIGN_OR_RETURN(v1::Account account, own_account(accounts, tx, context));
    if (account.state() != v1::ACCOUNT_STATE_OPEN) {
        return account_closed();
    }
    return account;
}

// Of a closed account a refusal is always ACCOUNT_CLOSED, whatever else is wrong with the request;
// a fault of the moment (no database, provider busy) stays what it is.
bool is_of_request(const Status& status) {
    return status.code() == absl::StatusCode::kInvalidArgument ||
           status.code() == absl::StatusCode::kNotFound ||
           status.code() == absl::StatusCode::kFailedPrecondition;
}

Status closed_first(pg::Database& database, PgAccounts& accounts, const rpc::CallContext& context,
                    const Status& refusal) {
    if (!is_of_request(refusal)) {
        return refusal;
    }
    const Result<v1::Account> account = database.read([&](pqxx::work& tx) -> Result<v1::Account> {
        return own_open_account(accounts, tx, context);
    });
    return error_reason(account.status()) == "ACCOUNT_CLOSED" ? account.status() : refusal;
}

}  // namespace

Result<v1::GetOverviewResponse> GrpcAccountService::get_overview(const Context& context,
                                                                 const v1::GetOverviewRequest&) {
    return read([&](pqxx::work& tx) -> Result<v1::GetOverviewResponse> {
        v1::GetOverviewResponse response;
        PREPAY_ASSIGN_OR_RETURN(*response.mutable_account(),
                                own_open_account(parts_.accounts, tx, context));
        for (const std::string& room_id : response.account().room_ids()) {
            PREPAY_ASSIGN_OR_RETURN(*response.add_rooms(), parts_.rooms.get(tx, room_id));
        }
        for (const v1::Site& site : parts_.rooms.list_sites(tx)) {
            if (site.site_id() == response.account().site_id()) {
                response.set_site_name(site.display_name());
                response.set_time_zone(site.time_zone());
            }
        }
        return response;
    });
}

Result<v1::CreatePaymentResponse> GrpcAccountService::create_payment(
    const Context& context, const v1::CreatePaymentRequest& request) {
    if (parts_.payments == nullptr) {
        return closed_first(
            parts_.database, parts_.accounts, context,
            failed_precondition("WECHAT_NOT_CONFIGURED", "WeChat Pay is not configured"));
    }
    const Result<Payments::Started> started = parts_.payments->start(
        {context.request_id, context.content_hash, context.identity.account_id,
         context.identity.subject, Money::from_micros(request.amount_micros()), request.openid(),
         "预付能源费 Prepaid energy"});
    if (!started.ok()) {
        return closed_first(parts_.database, parts_.accounts, context, started.status());
    }
    v1::CreatePaymentResponse response;
    *response.mutable_order() = to_proto(started->order);
    v1::WechatClientParameters& wechat = *response.mutable_wechat();
    wechat.set_app_id(started->client.app_id);
    wechat.set_time_stamp(started->client.time_stamp);
    wechat.set_nonce_str(started->client.nonce_str);
    wechat.set_package(started->client.package);
    wechat.set_sign_type(started->client.sign_type);
    wechat.set_pay_sign(started->client.pay_sign);
    return response;
}

Result<v1::GetPaymentResponse> GrpcAccountService::get_payment(
    const Context& context, const v1::GetPaymentRequest& request) {
    return read([&](pqxx::work& tx) -> Result<v1::GetPaymentResponse> {
        v1::GetPaymentResponse response;
        // Also once the account is closed: whoever has paid must see where the money went.
        PREPAY_ASSIGN_OR_RETURN(*response.mutable_account(),
                                own_account(parts_.accounts, tx, context));
        const Result<Order> order =
            parts_.orders.get(tx, request.order_id(), context.identity.account_id);
        if (!order.ok()) {
            const bool is_closed = response.account().state() != v1::ACCOUNT_STATE_OPEN;
            return is_closed && is_of_request(order.status()) ? account_closed() : order.status();
        }
        *response.mutable_order() = to_proto(*order);
        return response;
    });
}

Result<v1::ListHistoryResponse> GrpcAccountService::list_history(
    const Context& context, const v1::ListHistoryRequest& request) {
    return read([&](pqxx::work& tx) -> Result<v1::ListHistoryResponse> {
        PREPAY_RETURN_IF_ERROR(own_open_account(parts_.accounts, tx, context).status());
        v1::ListPostingsRequest postings;
        postings.set_account_id(context.identity.account_id);
        postings.set_page_size(request.page_size());
        postings.set_page_token(request.page_token());
        PREPAY_ASSIGN_OR_RETURN(v1::ListPostingsResponse found,
                                parts_.orders.postings(tx, postings, request.without_charges()));
        v1::ListHistoryResponse response;
        *response.mutable_postings() = std::move(*found.mutable_postings());
        response.set_next_page_token(found.next_page_token());
        return response;
    });
}

Result<v1::GetDailyUseResponse> GrpcAccountService::get_daily_use(
    const Context& context, const v1::GetDailyUseRequest& request) {
    const int day_count = request.day_count() == 0 ? kDayCountDefault : request.day_count();
    return read([&](pqxx::work& tx) -> Result<v1::GetDailyUseResponse> {
        PREPAY_RETURN_IF_ERROR(own_open_account(parts_.accounts, tx, context).status());
        if (day_count < 0 || day_count > kDayCountMax) {
            return invalid_argument("BAD_COUNT", "day_count: 1 .. 62");
        }
        v1::GetDailyUseResponse response;
        for (auto& [local_date, amount] :
             parts_.orders.daily_use(tx, context.identity.account_id, day_count)) {
            v1::DailyUse& day = *response.add_days();
            day.set_local_date(local_date);
            day.set_amount_micros(amount.micros());
        }
        return response;
    });
}

}  // namespace prepay::account
