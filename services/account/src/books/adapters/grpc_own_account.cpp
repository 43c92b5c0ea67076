#include "books/adapters/grpc_own_account.h"

#include "books/convert.h"

namespace prepay::account {

Status account_closed() { return failed_precondition("ACCOUNT_CLOSED", "this account is closed"); }

Result<v1::Account> own_account(PgAccountViews& views, pqxx::work& tx,
                                const rpc::CallContext& context) {
    PREPAY_ASSIGN_OR_RETURN(const AccountView view, views.get(tx, context.identity.account_id));
    if (view.state.profile->customer_id.empty()) {
        return not_found("ACCOUNT_NOT_FOUND", "there is no such account");
    }
    return to_proto(view);
}

Result<v1::Account> own_open_account(PgAccountViews& views, pqxx::work& tx,
                                     const rpc::CallContext& context) {
    PREPAY_ASSIGN_OR_RETURN(v1::Account account, own_account(views, tx, context));
    if (account.state() != v1::ACCOUNT_STATE_OPEN) {
        return account_closed();
    }
    return account;
}

bool is_of_request(const Status& status) {
    return status.code() == absl::StatusCode::kInvalidArgument ||
           status.code() == absl::StatusCode::kNotFound ||
           status.code() == absl::StatusCode::kFailedPrecondition;
}

}  // namespace prepay::account
