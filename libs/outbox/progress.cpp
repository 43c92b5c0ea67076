#include "outbox/progress.h"

#include <algorithm>

namespace prepay::outbox {

using std::chrono::milliseconds;

void Progress::look(const std::map<Place, Seen>& places, Time now) {
    milliseconds passed{0};
    if (last_look_ != Time{}) {
        passed = std::min(std::chrono::duration_cast<milliseconds>(now - last_look_),
                          2 * options_.ask_interval);
    }
    last_look_ = now;
    for (const auto& [place, given] : places) {
        Watched& watched = watched_[place];
        Seen seen = given;
        seen.published = given.published < 0 ? watched.seen.published : given.published;
        seen.numbered = given.numbered < 0 ? watched.seen.numbered : given.numbered;
        const bool was_behind = watched.seen.published > watched.seen.position;
        const bool is_behind = seen.published > seen.position;
        const bool moved = seen.position > watched.seen.position || seen.busy;
        watched.waited =
            was_behind && is_behind && !moved ? watched.waited + passed : milliseconds(0);
        watched.ahead = given.numbered >= 0 && seen.position > seen.numbered
                            ? watched.ahead + passed
                            : milliseconds(0);
        if (watched.age.count() > 0 || watched.target > 0) {
            watched.age += passed;
        }
        if (seen.position >= watched.target) {
            watched.target = is_behind ? seen.published : 0;
            watched.age = milliseconds(0);
        }
        watched.seen = seen;
    }
    since_rebuild_ += passed;
    if (!is_stalled()) {
        rebuild_pause_ = milliseconds(0);
        rebuild_due_ = false;
        return;
    }
    rebuild_due_ = since_rebuild_ >= rebuild_pause_;
    if (rebuild_due_) {
        since_rebuild_ = milliseconds(0);
        rebuild_pause_ = std::max(2 * rebuild_pause_, options_.stalled_after);
    }
}

std::vector<std::pair<Progress::Place, std::int64_t>> Progress::tails() const {
    std::vector<std::pair<Place, std::int64_t>> found;
    for (const auto& [place, watched] : watched_) {
        if (watched.seen.ours && watched.waited >= options_.grace) {
            found.emplace_back(place, watched.seen.published);
        }
    }
    return found;
}

Progress::Stall Progress::worst() const {
    Stall worst;
    for (const auto& [place, watched] : watched_) {
        if (watched.seen.ours && watched.waited > worst.time) {
            worst = {place, watched.seen, watched.waited};
        }
    }
    return worst;
}

bool Progress::is_stalled() const { return worst().time >= options_.stalled_after; }

bool Progress::is_hopeless() const {
    return options_.end_after.count() > 0 && worst().time >= options_.end_after;
}

std::vector<Progress::Place> Progress::places_back() const {
    std::vector<Place> places;
    for (const auto& [place, watched] : watched_) {
        if (watched.seen.went_back || watched.ahead >= options_.stalled_after) {
            places.push_back(place);
        }
    }
    return places;
}

std::int64_t Progress::lag() const {
    std::int64_t lag = 0;
    for (const auto& [place, watched] : watched_) {
        lag += std::max<std::int64_t>(watched.seen.published - watched.seen.position, 0);
    }
    return lag;
}

milliseconds Progress::lag_age() const {
    milliseconds age{0};
    for (const auto& [place, watched] : watched_) {
        age = std::max(age, watched.age);
    }
    return age;
}

}  // namespace prepay::outbox
