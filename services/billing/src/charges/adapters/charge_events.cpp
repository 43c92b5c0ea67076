#include "charges/adapters/charge_events.h"

#include "charges/adapters/pg_accounts.h"
#include "charges/adapters/pg_charges.h"
#include "charges/convert.h"
#include "core/ids.h"
#include "prepay/billing/v1/events.pb.h"

namespace prepay::billing {
namespace {

constexpr const char* kChargesTopic = "prepay.billing.charges.v1";
constexpr int kChargesAtOnce = 500;

}  // namespace

void ChargeEvents::publish(pqxx::work& tx, const std::vector<Charge>& charges) const {
    outbox::EventBatch batch(events_, kChargesTopic, &v1::ChargesRated::mutable_charges);
    for (const Charge& charge : charges) {
        *batch.event_of(charge.account_id).add_charges() = to_proto(charge);
    }
    batch.append(tx, clock_.now());
}

Status ChargeEvents::tell(pqxx::work& tx, const outbox::SnapshotRequest& request,
                          const outbox::EmitEvent& emit) const {
    for (const auto& [account_key, account_id] : list_accounts(tx)) {
        if (partition_of(account_id, request.partition_count) != request.partition) {
            continue;
        }
        std::int64_t after_id = 0;
        while (true) {
            const std::vector<Charge> charges =
                charges_after(tx, account_key, after_id, kChargesAtOnce);
            if (charges.empty()) {
                break;
            }
            after_id = charges.back().charge_id;
            v1::ChargesRated message;
            for (const Charge& charge : charges) {
                *message.add_charges() = to_proto(charge);
            }
            PREPAY_RETURN_IF_ERROR(events_.emit(emit, request.topic, account_id, std::move(message),
                                                &v1::ChargesRated::mutable_charges));
        }
    }
    return absl::OkStatus();
}

}  // namespace prepay::billing
