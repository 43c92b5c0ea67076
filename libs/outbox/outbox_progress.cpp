#include "outbox/outbox_progress.h"

#include <algorithm>
#include <utility>

namespace prepay::outbox {

using std::chrono::milliseconds;

void OutboxProgress::look(const Seen& seen, Time now) {
    milliseconds passed{0};
    if (last_look_ != Time{}) {
        passed = std::min(std::chrono::duration_cast<milliseconds>(now - last_look_),
                          2 * options_.ask_interval);
    }
    last_look_ = now;
    const Seen before = std::exchange(seen_, seen);
    rebuild_due_ = false;
    give_lead_up_ = false;
    if (seen.waiting == 0 || before.waiting == 0 || seen.published != before.published) {
        waited_ = tried_ = cut_off_ = milliseconds(0);
        rebuilt_ = false;
        return;
    }
    waited_ += seen.broker_away ? milliseconds(0) : passed;
    if (!seen.leads) {
        tried_ = milliseconds(0);
        rebuilt_ = false;
    } else if (!seen.broker_away && !seen.hindered) {
        tried_ += passed;
    }
    cut_off_ = seen.leads && seen.broker_away ? cut_off_ + passed : milliseconds(0);
    if (cut_off_ >= options_.stalled_after) {
        cut_off_ = milliseconds(0);
        give_lead_up_ = true;
    }
    rebuild_due_ = !rebuilt_ && tried_ >= options_.stalled_after;
    rebuilt_ = rebuilt_ || rebuild_due_;
}

bool OutboxProgress::is_hopeless() const {
    return options_.end_after.count() > 0 && tried_ >= options_.end_after && !seen_.broker_away &&
           !seen_.hindered;
}

}  // namespace prepay::outbox
