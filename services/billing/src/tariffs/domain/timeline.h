#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tariffs/domain/compiled_tariff.h"

namespace prepay::billing {

/// From when a tariff version is in force at a meter.
struct TariffInForce {
    Instant start;
    std::string tariff_id;
    std::int64_t tariff_key = 0;
    int version = 0;
    Resource resource = Resource::kElectricity;
    const CompiledTariff* rates = nullptr;
};

/// The tariff in force at a moment. `tariffs` is not empty.
const TariffInForce& tariff_at(const std::vector<TariffInForce>& tariffs, Instant moment);

/// A tariff given to a meter from a time on.
struct Assignment {
    Instant start;
    std::int64_t tariff_key = 0;
};

/// A version of a tariff, compiled for the window that is to be rated.
struct VersionInForce {
    Instant effective;
    int version = 0;
    const CompiledTariff* rates = nullptr;
};

struct KnownTariff {
    std::string tariff_id;
    Resource resource = Resource::kElectricity;
    std::vector<VersionInForce> versions;  ///< By effective time, at least one.
};

/// Which tariffs a piece of work needs, and for what time.
struct TariffsNeeded {
    std::set<std::int64_t> keys;
    Instant start = Instant::max();
    Instant end = Instant::min();

    void include(Instant moment);
    /// Whether there is nothing to rate, or nothing to rate it with.
    [[nodiscard]] bool empty() const { return keys.empty() || start > end; }
};

/// Lays assignments (by start) and versions on one time line. Before a tariff's first version
/// becomes effective that version holds already. A tariff of another resource than what the
/// register is known to count is as if it were not assigned: a litre must never be priced as a Wh.
std::vector<TariffInForce> tariff_timeline(const std::vector<Assignment>& assignments,
                                           const std::map<std::int64_t, KnownTariff>& tariffs,
                                           std::optional<Resource> resource);

}  // namespace prepay::billing
