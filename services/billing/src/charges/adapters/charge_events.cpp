#include "charges/adapters/charge_events.h"

#include "charges/adapters/pg_accounts.h"
#include "charges/adapters/pg_charges.h"
#include "charges/convert.h"
#include "core/ids.h"
#include "outbox/parts.h"
#include "telemetry/log.h"

namespace prepay::billing {
namespace {

constexpr const char* kChargesTopic = "prepay.billing.charges.v1";
constexpr int kChargesAtOnce = 500;

}  // namespace

void ChargeEvents::publish(pqxx::work& tx, const std::vector<Charge>& charges) const {
    std::vector<v1::ChargesRated> messages(static_cast<std::size_t>(outbox_.partition_count()));
    for (const Charge& charge : charges) {
        const int partition = partition_of(charge.account_id, outbox_.partition_count());
        *messages[static_cast<std::size_t>(partition)].add_charges() = to_proto(charge);
    }
    for (v1::ChargesRated& message : messages) {
        if (message.charges_size() != 0) {
            // Any account of the partition leads to it; all charges in the message belong there.
            const std::string key = message.charges(0).account_id();
            outbox::append_in_parts(tx, outbox_, kChargesTopic, key, std::move(message),
                                    &v1::ChargesRated::mutable_charges,
                                    [this](v1::ChargesRated& part) { add_header(part); });
        }
    }
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
            for (const outbox::NewMessage& part :
                 outbox::in_parts(request.topic, account_id, std::move(message),
                                  &v1::ChargesRated::mutable_charges,
                                  [this](v1::ChargesRated& p) { add_header(p); })) {
                PREPAY_RETURN_IF_ERROR(emit(part));
            }
        }
    }
    return absl::OkStatus();
}

void ChargeEvents::add_header(v1::ChargesRated& message) const {
    common::v1::EventHeader* header = message.mutable_header();
    header->set_event_id(new_id(clock_));
    to_proto(clock_.now(), header->mutable_occur_time());
    header->set_producer("prepay-billing");
    header->set_trace_id(telemetry::current_trace_id());
}

}  // namespace prepay::billing
