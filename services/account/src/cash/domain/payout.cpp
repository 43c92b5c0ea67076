#include "cash/domain/payout.h"

namespace prepay::account {

std::string payout_obstacle(AccountState state, const BillState& bill) {
    if (state == AccountState::kOpen) {
        return "";
    }
    std::string meters;
    for (const BilledMeter& meter : bill.meters) {
        if (!meter.billed_until || *meter.billed_until < meter.end) {
            meters += (meters.empty() ? "" : ", ") + meter.meter_id + " (" +
                      (meter.billed_until ? "billed until " + format_time(*meter.billed_until)
                                          : std::string("its end is not billed")) +
                      ")";
        }
    }
    if (!meters.empty()) {
        return "not billed to the account's end: " + meters +
               "; try again once they were read, or let somebody who may decide "
               "(override_unbilled)";
    }
    return bill.is_posted ? "" : "the last charges are on their way; try again in a moment";
}

}  // namespace prepay::account
