#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "tariffs/domain/compiled_tariff.h"

namespace prepay::billing {

/// Compiled tariff versions, kept over transactions: versions never change. Thread-safe.
class TariffBook {
public:
    /// Whether `add` was called for the version.
    bool has(std::int64_t tariff_key, int version) const;
    void add(std::int64_t tariff_key, int version, TariffDefinition definition);
    /// The version laid out over at least [start, end]; it must have been added.
    std::shared_ptr<const CompiledTariff> compiled(std::int64_t tariff_key, int version,
                                                   Instant start, Instant end);

private:
    struct Entry {
        TariffDefinition definition;
        Instant window_start;
        Instant window_end;
        std::shared_ptr<const CompiledTariff> compiled;
    };
    mutable std::mutex mutex_;
    std::map<std::pair<std::int64_t, int>, Entry> entries_;
};

}  // namespace prepay::billing
