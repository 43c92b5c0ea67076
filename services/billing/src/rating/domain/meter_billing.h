#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "charges/domain/energy_basis.h"
#include "charges/domain/occupancy.h"
#include "rating/domain/rating.h"
#include "tariffs/domain/timeline.h"

namespace prepay::billing {

/// What billing knows of a meter. A copy of it is the whole state of the pure functions below.
struct MeterState {
    std::vector<Occupancy> occupancies;  ///< Not deleted ones, by start.
    std::vector<TariffInForce> tariffs;  ///< By start; the first one reaches back without limit.
    std::optional<Reading> first;        ///< The first base ever.
    std::optional<Reading> base;         ///< Last billed register.
    std::map<std::string, TierCounter> counters;  ///< By account.
};

/// One interval (or part) of one account and one tariff version, before rounding.
struct ChargeDraft {
    Occupancy occupancy;
    TariffInForce tariff;
    Reading from;  ///< The readings around; the charge may be a part between them.
    Reading to;
    Instant start;
    Instant end;
    RegisterTotal start_total;
    RegisterTotal end_total;
    TierCounter before;
    TierCounter after;
    std::vector<RatedLine> lines;

    [[nodiscard]] Quantity quantity() const {
        return (end_total - start_total).of(tariff.resource);
    }
    /// Sum of the lines.
    [[nodiscard]] Int128 picos() const;
};

enum class ReadingOutcome {
    kRated,        ///< Gave at least one charge.
    kUnchanged,    ///< Nothing used since the base; the base moved on.
    kBase,         ///< Became the first base, or the base of a new epoch.
    kKnown,        ///< At or before the base: a repetition or a revision of a billed slot.
    kDip,          ///< Below the base: never becomes one.
    kImplausible,  ///< More than kIntervalQuantityMax at once.
    kNoOccupancy,  ///< Nobody is known to pay yet: keep and try again.
    kNoTariff,     ///< No tariff is assigned yet: keep and try again.
};
constexpr std::size_t kReadingOutcomeCount = 8;

/// "rated", "unchanged", "base", "known", "dip", "implausible", "no_occupancy", "no_tariff".
const char* to_text(ReadingOutcome outcome);

/// Whether the reading must be kept until an occupancy or a tariff arrives.
bool is_pending(ReadingOutcome outcome);

/// Bills a meter up to a reading: appends the charges of [base, reading) and moves base and
/// counters. Changes nothing unless the outcome is kRated, kUnchanged or kBase. (kNoTariff may set
/// the base.)
ReadingOutcome bill_reading(MeterState& meter, const Reading& reading,
                            std::vector<ChargeDraft>& charges);

}  // namespace prepay::billing
