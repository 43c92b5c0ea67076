#include "adapters/rating_transaction.h"

#include <algorithm>
#include <set>

#include "adapters/pg_charges.h"
#include "adapters/pg_meters.h"
#include "adapters/pg_tariffs.h"
#include "convert.h"
#include "core/crash_point.h"
#include "core/ids.h"
#include "outbox/parts.h"
#include "prepay/billing/v1/events.pb.h"
#include "telemetry/log.h"

namespace prepay::billing {
namespace {

constexpr int kChargesAtOnce = 500;
constexpr const char* kChargesTopic = "prepay.billing.charges.v1";

std::vector<std::int64_t> accounts_of(const std::vector<MeterWork>& works) {
    std::set<std::int64_t> keys;
    for (const MeterWork& work : works) {
        for (const Charge& charge : work.undone) {
            keys.insert(charge.account_key);
        }
        for (const ChargeDraft& draft : work.drafts) {
            keys.insert(draft.occupancy.account_key);
        }
    }
    return {keys.begin(), keys.end()};
}

}  // namespace

void RatingTransaction::finish(pqxx::work& tx, std::vector<MeterWork>& works) {
    const auto start = clock_.steady();
    Window window;
    for (const MeterWork& work : works) {
        include(work, window);
    }
    const auto held = load_tariffs(tx, book_, window, works);
    OutcomeCounts counts{};
    for (MeterWork& work : works) {
        bill(work, counts);
    }
    PREPAY_CRASH_POINT("billing.rated");
    const std::vector<std::int64_t> account_keys = accounts_of(works);
    std::vector<Charge> charges;
    if (!account_keys.empty()) {
        auto remainders = lock_remainders(tx, account_keys);
        charges = settle(works, remainders);
        insert_charges(tx, charges);
        PREPAY_CRASH_POINT("billing.charges_saved");
        save_remainders(tx, remainders);
    }
    save_meters(tx, works);
    PREPAY_CRASH_POINT("billing.meters_saved");
    publish(tx, charges);
    metrics_.count_outcomes(counts);
    const auto reversal_count = std::count_if(
        charges.begin(), charges.end(), [](const Charge& c) { return c.reversal_of.has_value(); });
    metrics_.count_charges(static_cast<std::int64_t>(charges.size()) - reversal_count,
                           reversal_count);
    metrics_.observe_batch(std::chrono::duration<double>(clock_.steady() - start).count());
    PREPAY_CRASH_POINT("billing.before_commit");
}

void RatingTransaction::publish(pqxx::work& tx, const std::vector<Charge>& charges) {
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

void RatingTransaction::add_header(v1::ChargesRated& message) const {
    common::v1::EventHeader* header = message.mutable_header();
    header->set_event_id(new_id(clock_));
    to_proto(clock_.now(), header->mutable_occur_time());
    header->set_producer("prepay-billing");
    header->set_trace_id(telemetry::current_trace_id());
}

Status RatingTransaction::tell_charges(pqxx::work& tx, const outbox::SnapshotRequest& request,
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

}  // namespace prepay::billing
