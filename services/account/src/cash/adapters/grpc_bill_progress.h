#pragma once

#include <memory>

#include "cash/ports.h"
#include "prepay/billing/v1/billing.pb.h"
#include "rpc/client.h"

namespace prepay::account {

/// Asks the billing service. Thread-safe.
class GrpcBillProgress final : public BillProgress {
public:
    explicit GrpcBillProgress(const rpc::Client& billing);
    ~GrpcBillProgress() override;
    Result<Bill> ask(const std::string& account_id,
                     const std::vector<std::string>& meter_ids) override;
    /// Charges by id, at most 100; those that exist.
    Result<std::vector<billing::v1::Charge>> charges(const std::vector<std::string>& charge_ids);

private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace prepay::account
