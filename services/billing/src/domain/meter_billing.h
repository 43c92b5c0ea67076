#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "domain/rating.h"

namespace prepay::billing {

/// A register value at a moment. `reading_id` 0 = no reading of the gateway but an opening
/// register.
struct Reading {
    Instant slot_time;  ///< Identity and order within an epoch, with revision.
    int revision = 0;
    Instant read_time;  ///< When the register had the value.
    RegisterTotal total;
    int epoch = 0;  ///< Grows with swap and rollover; totals of two epochs don't mix.
    std::int64_t reading_id = 0;
    bool operator==(const Reading&) const = default;
};

/// Which account pays for a meter, from when to when.
struct Occupancy {
    std::int64_t key = 0;  ///< Billing's own.
    std::string occupancy_id;
    std::string account_id;
    std::int64_t account_key = 0;
    std::string room_id;
    std::string site_id;
    Instant start;
    std::optional<Instant> end;  ///< Absent = open.
    std::int64_t opening_register =
        -1;  ///< Base units at start; -1 = the first reading at or after it.
    std::int64_t closing_register =
        -1;  ///< Base units at end; -1 = the first reading at or after it.
    std::int64_t revision = 0;
    bool vacancy = false;
    bool deleted = false;
    bool operator==(const Occupancy&) const = default;
};

/// From when a tariff version is in force at a meter.
struct TariffInForce {
    Instant start;
    std::string tariff_id;
    std::int64_t tariff_key = 0;
    int version = 0;
    Resource resource = Resource::kElectricity;
    const CompiledTariff* rates = nullptr;
};

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

/// The paying occupancy at a moment; where two overlap, the one that started later, then the one
/// that is not a vacancy. Null = none.
const Occupancy* owner_at(const std::vector<Occupancy>& occupancies, Instant moment);

/// The tariff in force at a moment. `tariffs` is not empty.
const TariffInForce& tariff_at(const std::vector<TariffInForce>& tariffs, Instant moment);

/// The earliest moment at which two sets of occupancies of one meter differ in who pays or in a
/// register at a border; nothing when they do not differ.
std::optional<Instant> first_difference(const std::vector<Occupancy>& before,
                                        const std::vector<Occupancy>& after);

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

/// Lays assignments (by start) and versions on one time line. Before a tariff's first version
/// becomes effective that version holds already. A tariff of another resource than what the
/// register is known to count is as if it were not assigned: a litre must never be priced as a Wh.
std::vector<TariffInForce> tariff_timeline(const std::vector<Assignment>& assignments,
                                           const std::map<std::int64_t, KnownTariff>& tariffs,
                                           std::optional<Resource> resource);

}  // namespace prepay::billing
