#include "tenancy/domain/tenancy.h"

#include <algorithm>
#include <map>

namespace prepay::account {
namespace {

// Gives the spans, which are by meter_id, their registers; `decision` says what is wrong.
void take_registers(TenancyDecision& decision, const std::vector<GivenRegister>& registers) {
    std::map<std::string, bool> given;  // By meter of the spans: whether it has its register.
    for (const Occupancy& span : decision.spans) {
        given.emplace(span.meter_id, false);
    }
    for (const GivenRegister& item : registers) {
        const auto place = given.find(item.meter_id);
        decision.meter_id = item.meter_id;
        if (place == given.end()) {
            decision.verdict = TenancyVerdict::kForeignMeter;
            return;
        }
        if (item.register_total < kNextReading || item.register_total > kRegisterMax) {
            decision.verdict = TenancyVerdict::kBadRegister;
            return;
        }
        if (place->second) {
            decision.verdict = TenancyVerdict::kMeterTwice;
            return;
        }
        place->second = true;
        for (Occupancy& span : decision.spans) {
            if (span.meter_id == item.meter_id) {
                span.opening_register = item.register_total;
            }
        }
    }
    decision.meter_id.clear();
}

void sort_by_meter(std::vector<Occupancy>& spans) {
    std::sort(spans.begin(), spans.end(),
              [](const Occupancy& a, const Occupancy& b) { return a.meter_id < b.meter_id; });
}

}  // namespace

TenancyDecision decide_open(const RoomToOpen& room, Instant start_time,
                            const std::vector<GivenRegister>& registers) {
    TenancyDecision decision;
    if (room.is_occupied) {
        decision.verdict = TenancyVerdict::kRoomOccupied;
        return decision;
    }
    if (room.meter_ids.empty()) {
        decision.verdict = TenancyVerdict::kRoomWithoutMeters;
        return decision;
    }
    for (const std::string& meter_id : room.meter_ids) {
        Occupancy& span = decision.spans.emplace_back();
        span.room_id = room.room_id;
        span.meter_id = meter_id;
        span.start_time = start_time;
    }
    sort_by_meter(decision.spans);
    take_registers(decision, registers);
    return decision;
}

TenancyDecision decide_close(AccountState state, const std::vector<PaidMeter>& meters,
                             std::int64_t vacancy_no, Instant end_time,
                             const std::vector<GivenRegister>& registers) {
    TenancyDecision decision;
    if (state == AccountState::kClosed) {
        decision.verdict = TenancyVerdict::kClosedBefore;
        return decision;
    }
    for (const PaidMeter& meter : meters) {
        Occupancy& span = decision.spans.emplace_back();
        span.account_no = vacancy_no;
        span.meter_id = meter.meter_id;
        span.room_id = meter.room_id;
        span.start_time = end_time;
        span.vacancy = true;
    }
    sort_by_meter(decision.spans);
    take_registers(decision, registers);
    return decision;
}

}  // namespace prepay::account
