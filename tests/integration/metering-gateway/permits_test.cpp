#include <grpcpp/grpcpp.h>

#include "commands/adapters/grpc_switch_permits.h"
#include "gateway_fixture.h"
#include "prepay/account/v1/account.grpc.pb.h"

using namespace prepay;
using namespace prepay::metering;
using namespace prepay::metering::test;

namespace {

/// Account on the wire, with the answers that a test gives it.
class AccountOnTheWire final : public account::v1::AccountService::Service {
public:
    AccountOnTheWire() {
        grpc::ServerBuilder builder;
        builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
        builder.RegisterService(this);
        server_ = builder.BuildAndStart();
        REQUIRE(server_);
    }
    ~AccountOnTheWire() override { server_->Shutdown(); }

    [[nodiscard]] rpc::Client client() const {
        rpc::ClientOptions options;
        options.address = "127.0.0.1:" + std::to_string(port_);
        options.timeout = std::chrono::seconds(10);
        return rpc::Client(options);
    }

    grpc::Status CheckCut(grpc::ServerContext*, const account::v1::CheckCutRequest* request,
                          account::v1::CheckCutResponse* response) override {
        asked = request->meter_id();
        *response = cut;
        return status;
    }
    grpc::Status ClaimSwitchIntent(grpc::ServerContext*,
                                   const account::v1::ClaimSwitchIntentRequest* request,
                                   account::v1::ClaimSwitchIntentResponse* response) override {
        asked = request->intent_id() + " " + request->claimant();
        response->set_granted(granted);
        return status;
    }

    grpc::Status status;
    account::v1::CheckCutResponse cut;
    bool granted = false;
    std::string asked;

private:
    int port_ = 0;
    std::unique_ptr<grpc::Server> server_;
};

const grpc::Status kNotFound(grpc::StatusCode::NOT_FOUND, "no such intent");
const grpc::Status kRefused(grpc::StatusCode::PERMISSION_DENIED, "not you");

}  // namespace

TEST_CASE("Account's word on a cut, over the wire: yes, no with who and why, or none") {
    AccountOnTheWire account;
    const rpc::Client client = account.client();
    GrpcSwitchPermits permits(client);
    account.cut.set_allowed(true);
    CHECK(permits.check_cut("m-7").outcome == ClaimOutcome::kGranted);
    CHECK(account.asked == "m-7");
    account.cut.set_allowed(false);
    account.cut.set_reason("KEEP_POWER");
    account.cut.set_reason_text("dialysis at home");
    account.cut.set_user("user:zhang");
    const CutAnswer denied = permits.check_cut("m-7");
    CHECK(denied.outcome == ClaimOutcome::kDenied);
    CHECK(denied.reason_text == "dialysis at home");
    CHECK(denied.user == "user:zhang");
    account.status = kRefused;
    CHECK(permits.check_cut("m-7").outcome == ClaimOutcome::kUnanswered);
}

TEST_CASE(
    "Account's word on an intent, over the wire: granted, denied, unknown is denied, or none") {
    AccountOnTheWire account;
    const rpc::Client client = account.client();
    GrpcSwitchPermits permits(client);
    account.granted = true;
    CHECK(permits.claim("intent-1") == ClaimOutcome::kGranted);
    CHECK(account.asked == "intent-1 prepay-metering");
    account.granted = false;
    CHECK(permits.claim("intent-1") == ClaimOutcome::kDenied);
    account.status = kNotFound;
    CHECK(permits.claim("intent-1") == ClaimOutcome::kDenied);
    account.status = kRefused;
    CHECK(permits.claim("intent-1") == ClaimOutcome::kUnanswered);
}

TEST_CASE("A trip of a kept room is refused with who keeps its power and why") {
    SKIP_WITHOUT_POSTGRES();
    Fixture fixture;
    Gateway& gateway = *fixture.gateway;
    gateway.add_line("line-01", "127.0.0.1:1", v1::TRANSPORT_MODBUS_TCP, 60'000);
    gateway.add_meter("m-1", "line-01", 1, "acrel-ddsy1352");
    fixture.permits.cut_outcome = ClaimOutcome::kDenied;
    const Status refused = gateway.submit("kept", "m-1", v1::COMMAND_ACTION_TRIP).status();
    CHECK(error_reason(refused) == "KEEP_POWER");
    CHECK(error_message(refused) ==
          "the account of meter m-1 keeps its power, set by user:zhang: \"dialysis\"; cutting it"
          " needs an override");
    CHECK(error_metadata(refused).at("keep_reason") == "dialysis");
    CHECK(error_metadata(refused).at("keep_user") == "user:zhang");
}
