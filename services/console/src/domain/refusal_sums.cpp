#include "domain/refusal_sums.h"

namespace prepay::console {
namespace {

constexpr const char* kOthers = "others";

}  // namespace

std::optional<RefusalLine> RefusalSums::add(const std::string& client, const std::string& outcome,
                                            Instant now) {
    const auto found = sums_.find(client);
    if (found != sums_.end()) {
        ++found->second.counts[outcome];
        return std::nullopt;
    }
    if (sums_.size() < kClientsMax) {
        sums_[client].since = now;
        return RefusalLine{client, {{outcome, 1}}, Duration{}};
    }
    Sum& others = sums_[kOthers];
    if (others.counts.empty()) {
        others.since = now;
    }
    ++others.counts[outcome];
    return std::nullopt;
}

std::vector<RefusalLine> RefusalSums::sweep(Instant now, bool everything) {
    std::vector<RefusalLine> lines;
    for (auto at = sums_.begin(); at != sums_.end();) {
        Sum& sum = at->second;
        if (now - sum.since < kSpan && !everything) {
            ++at;
        } else if (sum.counts.empty()) {
            at = sums_.erase(at);
        } else {
            lines.push_back({at->first, std::move(sum.counts), now - sum.since});
            sum = {now, {}};
            ++at;
        }
    }
    return lines;
}

}  // namespace prepay::console
