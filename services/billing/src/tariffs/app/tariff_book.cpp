#include "tariffs/app/tariff_book.h"

#include <algorithm>

#include "core/assert.h"

namespace prepay::billing {
namespace {

/// Room around what is asked for, so that a window lasts for a while.
constexpr auto kMargin = std::chrono::hours(24 * 200);

}  // namespace

bool TariffBook::has(std::int64_t tariff_key, int version) const {
    const std::lock_guard lock(mutex_);
    return entries_.count({tariff_key, version}) != 0;
}

void TariffBook::add(std::int64_t tariff_key, int version, TariffDefinition definition) {
    const std::lock_guard lock(mutex_);
    entries_[{tariff_key, version}] = {std::move(definition), {}, {}, nullptr};
}

std::shared_ptr<const CompiledTariff> TariffBook::compiled(std::int64_t tariff_key, int version,
                                                           Instant start, Instant end) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find({tariff_key, version});
    PREPAY_ASSERT(found != entries_.end());
    Entry& entry = found->second;
    if (!entry.compiled || !entry.compiled->covers(start, end)) {
        const bool fresh = !entry.compiled;
        entry.window_start =
            fresh ? start - kMargin : std::min(entry.window_start, start - kMargin);
        entry.window_end = fresh ? end + kMargin : std::max(entry.window_end, end + kMargin);
        entry.compiled = std::make_shared<const CompiledTariff>(
            entry.definition, entry.window_start, entry.window_end);
    }
    return entry.compiled;
}

}  // namespace prepay::billing
