#include "cash/adapters/grpc_bill_progress.h"

#include "books/convert.h"
#include "prepay/billing/v1/billing.grpc.pb.h"

namespace prepay::account {

struct GrpcBillProgress::State {
    const rpc::Client& client;
    std::unique_ptr<billing::v1::BillingService::StubInterface> stub;
};

GrpcBillProgress::GrpcBillProgress(const rpc::Client& billing)
    : state_(std::make_unique<State>(
          State{billing, billing::v1::BillingService::NewStub(billing.channel())})) {}

GrpcBillProgress::~GrpcBillProgress() = default;

Result<BillProgress::Bill> GrpcBillProgress::ask(const std::string& account_id,
                                                 const std::vector<std::string>& meter_ids) {
    billing::v1::GetBilledUntilRequest request;
    request.set_account_id(account_id);
    request.mutable_meter_ids()->Add(meter_ids.begin(), meter_ids.end());
    PREPAY_ASSIGN_OR_RETURN(
        const billing::v1::GetBilledUntilResponse response,
        state_->client.call(*state_->stub,
                            &billing::v1::BillingService::StubInterface::GetBilledUntil, request));
    Bill bill;
    for (const billing::v1::MeterBilledUntil& meter : response.meters()) {
        if (meter.has_billed_until()) {
            bill.billed_until[meter.meter_id()] = from_proto(meter.billed_until());
        }
    }
    bill.last_charge_ids = {response.last_charge_ids().begin(), response.last_charge_ids().end()};
    return bill;
}

Result<std::vector<billing::v1::Charge>> GrpcBillProgress::charges(
    const std::vector<std::string>& charge_ids) {
    billing::v1::GetChargesRequest request;
    request.mutable_charge_ids()->Add(charge_ids.begin(), charge_ids.end());
    PREPAY_ASSIGN_OR_RETURN(
        const billing::v1::GetChargesResponse response,
        state_->client.call(*state_->stub, &billing::v1::BillingService::StubInterface::GetCharges,
                            request));
    return std::vector<billing::v1::Charge>(response.charges().begin(), response.charges().end());
}

}  // namespace prepay::account
