#include "integration/account/server.h"

#include <stdexcept>

namespace prepay::account::test {
namespace {

rpc::ServerOptions options(const prepay::test::TokenKeys& keys) {
    rpc::ServerOptions options;
    options.listen = "127.0.0.1:0";
    options.public_key_pem = keys.public_pem();
    options.worker_count = 32;  // As the service has.
    return options;
}

}  // namespace

AccountServer::AccountServer(World& world, PayWorld& pay)
    : server_(options(keys), registry_, clock_),
      books_(*world.database, world.views, world.statements),
      credit_(*world.database, world.terms, *world.credit),
      payments_(*world.database, world.views, *world.orders, *world.suspense, pay.payments.get()),
      cash_(*world.database, world.views, *world.cash, bills),
      tenancy_(
          *world.database, world.views, world.rooms, world.accounts, registry,
          [this](pqxx::work& tx, const rpc::CallContext& context, const std::string& account_id,
                 Money amount) { return cash_.first_top_up(tx, context, account_id, amount); }) {
    books_.register_with(server_);
    credit_.register_with(server_);
    payments_.register_with(server_);
    cash_.register_with(server_);
    tenancy_.register_with(server_);
    if (const Status started = server_.start(); !started.ok()) {
        throw std::runtime_error(error_message(started));
    }
}

Result<v1::HandleWechatNoticeResponse> AccountServer::hand_over(const SignedNotice& notice) const {
    v1::HandleWechatNoticeRequest request;
    request.set_timestamp(notice.timestamp);
    request.set_nonce(notice.nonce);
    request.set_signature(notice.signature);
    request.set_serial(notice.serial);
    request.set_body(notice.body);
    return call(service, &v1::PaymentCallbackService::StubInterface::HandleWechatNotice, request);
}

rpc::Client AccountServer::client(const std::string& token) const {
    rpc::ClientOptions options;
    options.address = "127.0.0.1:" + std::to_string(server_.port());
    options.token = token;
    options.timeout = std::chrono::seconds(20);
    return rpc::Client(options);
}

}  // namespace prepay::account::test
