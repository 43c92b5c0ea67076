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
      handlers_({*world.database, world.rooms, world.accounts, *world.orders, *world.credit,
                 pay.payments.get(), bills, registry}) {
    handlers_.register_with(server_);
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
