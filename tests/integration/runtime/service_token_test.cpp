#include "runtime/service_token.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "prepay/account/v1/account.grpc.pb.h"
#include "rpc/client.h"
#include "rpc/server.h"
#include "support/token_keys.h"

using namespace prepay;
using namespace prepay::test;
using account::v1::HandleWechatNoticeRequest;
using account::v1::HandleWechatNoticeResponse;
using account::v1::PaymentCallbackService;

namespace {

class MovedClock final : public Clock {
public:
    [[nodiscard]] Instant now() const override { return now_; }
    [[nodiscard]] std::chrono::steady_clock::time_point steady() const override {
        return SystemClock().steady();
    }
    void advance(Duration span) { now_ += span; }

private:
    Instant now_ = SystemClock().now();
};

/// A peer that takes service tokens, and a service whose token is in a file.
struct Pair {
    Pair() {
        write(keys.token(rpc::Role::kService, "prepay-first", "", clock));
        server.unary("prepay.account.v1.PaymentCallbackService/HandleWechatNotice", this,
                     &Pair::answer);
        REQUIRE(server.start().ok());
        token = std::make_unique<runtime::ServiceToken>(
            read(), file.string(), keys.public_pem(),
            metrics.gauge("prepay_test_service_token_expire_time_seconds", "Of the test."), clock);
    }
    ~Pair() { std::filesystem::remove(file); }

    Result<HandleWechatNoticeResponse> answer(const rpc::CallContext& context,
                                              const HandleWechatNoticeRequest&) {
        caller = context.identity.subject;
        return HandleWechatNoticeResponse();
    }
    void write(const std::string& text) const { std::ofstream(file) << text << "\n"; }
    std::string read() const {
        std::string text;
        std::ifstream(file) >> text;
        return text;
    }
    /// The reason a call is refused for; empty when it is answered.
    std::string call() {
        rpc::ClientOptions options;
        options.address = "127.0.0.1:" + std::to_string(server.port());
        options.current_token = [this] { return token->current(); };
        const rpc::Client client(options);
        const auto stub = PaymentCallbackService::NewStub(client.channel());
        const auto result =
            client.call(*stub, &PaymentCallbackService::StubInterface::HandleWechatNotice,
                        HandleWechatNoticeRequest());
        return result.ok() ? "" : error_reason(result.status());
    }
    bool shows_end_in(std::chrono::seconds span) const {
        const std::string text = metrics.render();
        const auto at = text.find("\nprepay_test_service_token_expire_time_seconds ");
        const double shown = std::stod(text.substr(text.find(' ', at + 1)));
        const double wanted = static_cast<double>(to_micros(clock.now() + span)) / 1e6;
        return shown > wanted - 2 && shown < wanted + 2;
    }

    static rpc::ServerOptions options(const TokenKeys& keys) {
        rpc::ServerOptions options;
        options.listen = "127.0.0.1:0";
        options.public_key_pem = keys.public_pem();
        return options;
    }

    MovedClock clock;
    TokenKeys keys;
    telemetry::Metrics metrics;
    const std::filesystem::path file = std::filesystem::temp_directory_path() /
                                       ("prepay-service-token-" + std::to_string(getpid()));
    rpc::Server server{options(keys), metrics, clock};
    std::unique_ptr<runtime::ServiceToken> token;
    std::string caller;
};

}  // namespace

TEST_CASE("a service goes on calling after its first token's end when the file was renewed") {
    Pair pair;
    CHECK(pair.call().empty());
    CHECK(pair.caller == "prepay-first");
    CHECK(pair.token->check().ok());
    CHECK(pair.shows_end_in(std::chrono::hours(1)));

    pair.clock.advance(std::chrono::hours(1));
    CHECK(pair.call() == "TOKEN_EXPIRED");
    CHECK(error_reason(pair.token->check()) == "SERVICE_TOKEN_EXPIRED");
    REQUIRE(pair.token->read().ok());  // Nothing new.
    CHECK(pair.call() == "TOKEN_EXPIRED");

    pair.write(pair.keys.token(rpc::Role::kService, "prepay-second", "", pair.clock));
    REQUIRE(pair.token->read().ok());
    CHECK(pair.call().empty());
    CHECK(pair.caller == "prepay-second");
    CHECK(pair.token->check().ok());
    CHECK(pair.shows_end_in(std::chrono::hours(1)));
}

TEST_CASE("a token file of no use changes nothing") {
    Pair pair;
    const std::string first = pair.token->current();
    const TokenKeys others;
    pair.write(others.token(rpc::Role::kService, "prepay-forged", "", pair.clock));
    CHECK(error_reason(pair.token->read()) == "TOKEN_INVALID");
    pair.write("half a tok");
    CHECK(error_reason(pair.token->read()) == "TOKEN_INVALID");
    std::filesystem::remove(pair.file);
    CHECK(error_reason(pair.token->read()) == "TOKEN_FILE_UNREADABLE");
    CHECK(pair.token->current() == first);
    CHECK(pair.call().empty());
}
