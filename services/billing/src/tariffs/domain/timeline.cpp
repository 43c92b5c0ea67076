#include "tariffs/domain/timeline.h"

#include <algorithm>

namespace prepay::billing {

const TariffInForce& tariff_at(const std::vector<TariffInForce>& tariffs, Instant moment) {
    const TariffInForce* found = &tariffs.front();
    for (const TariffInForce& tariff : tariffs) {
        if (tariff.start <= moment) {
            found = &tariff;
        }
    }
    return *found;
}

void TariffsNeeded::include(Instant moment) {
    start = std::min(start, moment);
    end = std::max(end, moment);
}

std::vector<TariffInForce> tariff_timeline(const std::vector<Assignment>& assignments,
                                           const std::map<std::int64_t, KnownTariff>& tariffs,
                                           std::optional<Resource> resource) {
    std::vector<TariffInForce> timeline;
    std::vector<Assignment> fitting = assignments;
    std::erase_if(fitting, [&](const Assignment& assignment) {
        return resource && tariffs.at(assignment.tariff_key).resource != *resource;
    });
    for (std::size_t i = 0; i < fitting.size(); ++i) {
        const Instant start = fitting[i].start;
        const Instant end = i + 1 < fitting.size() ? fitting[i + 1].start : Instant::max();
        const KnownTariff& tariff = tariffs.at(fitting[i].tariff_key);
        const auto entry = [&](Instant from, const VersionInForce& version) {
            timeline.push_back({from, tariff.tariff_id, fitting[i].tariff_key, version.version,
                                tariff.resource, version.rates});
        };
        const VersionInForce* at_start = &tariff.versions.front();
        for (const VersionInForce& version : tariff.versions) {
            at_start = version.effective <= start ? &version : at_start;
        }
        entry(start, *at_start);
        for (const VersionInForce& version : tariff.versions) {
            if (version.effective > start && version.effective < end &&
                version.version != tariff.versions.front().version) {
                entry(version.effective, version);
            }
        }
    }
    return timeline;
}

}  // namespace prepay::billing
