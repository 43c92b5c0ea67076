#include "adapters/ended_sessions.h"

#include "core/ids.h"

namespace prepay::console {
namespace {

constexpr std::chrono::seconds kStaleAfter{5};
constexpr std::chrono::minutes kClockSkewMax{1};  ///< Of replicas and the database.
constexpr std::chrono::hours kLinksKeptAfter{24 * 90};

std::string version_of(const std::set<std::string>& ids) {
    std::string all;
    for (const std::string& id : ids) {
        all += id + '\n';
    }
    return std::to_string(ids.size()) + "-" + std::to_string(stable_hash(all));
}

}  // namespace

Status EndedSessions::look() {
    const Instant now = clock_.now();
    PREPAY_ASSIGN_OR_RETURN(std::set<std::string> ended,
                            store_.ended_sessions(now - config_.access_token_time - kClockSkewMax));
    PREPAY_ASSIGN_OR_RETURN(std::set<std::string> revoked, links_.revoked(now - kClockSkewMax));
    ended.merge(revoked);
    access_.refuse_sessions(ended);
    server_.refuse_sessions(ended);
    const std::lock_guard lock(mutex_);
    latest_ = {version_of(ended), std::move(ended)};
    look_time_ = clock_.steady();
    return absl::OkStatus();
}

Result<EndedSessions::Snapshot> EndedSessions::latest() const {
    const std::lock_guard lock(mutex_);
    if (latest_.version.empty() || clock_.steady() - look_time_ > kStaleAfter) {
        return unavailable("SESSIONS_UNKNOWN", "the console cannot read which sessions ended");
    }
    return latest_;
}

Status EndedSessions::keep_house() {
    const Instant now = clock_.now();
    PREPAY_RETURN_IF_ERROR(store_.forget_sessions(now));
    return links_.forget(now - kLinksKeptAfter);
}

}  // namespace prepay::console
