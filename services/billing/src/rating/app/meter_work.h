#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rating/domain/energy_charge.h"
#include "tariffs/domain/timeline.h"

namespace prepay::billing {

/// One meter in a billing transaction: what was loaded, what is to be billed, what came out.
struct MeterWork {
    std::int64_t meter_key = 0;
    std::string meter_id;
    MeterState state;
    std::map<int, Resource> resources;         ///< What its readings say they count, by epoch.
    std::map<int, Resource> stored_resources;  ///< As loaded.
    std::vector<Assignment> assignments;
    /// The tariffs in force of each resource that an epoch of the readings has; absent = unknown.
    std::map<std::optional<Resource>, std::vector<TariffInForce>> timelines;
    std::optional<Reading> stored_base;                  ///< As loaded.
    std::optional<Reading> stored_first;                 ///< As loaded.
    std::map<std::string, TierCounter> stored_counters;  ///< As loaded.
    std::vector<Reading> readings;                       ///< To bill, any order.
    std::vector<Charge> undone;                          ///< Charges to reverse, oldest first.
    std::vector<ChargeDraft> drafts;
    std::vector<Reading> pending;  ///< Could not be billed yet.
};

using OutcomeCounts = std::array<std::int64_t, kReadingOutcomeCount>;

/// Takes a meter back to before its charges whose later reading is at or after `moment`: base and
/// tier counters as they were then; the readings of those charges are to be billed again.
/// `charges` are these, not yet reversed ones, by their readings. An earlier first base is given up
/// when `moment` reaches it.
void rewind(MeterWork& work, Instant moment, std::vector<Charge> charges);

/// What the registers of an epoch count; nothing when no reading of it told.
std::optional<Resource> resource_of_epoch(const MeterWork& work, int epoch);

/// What the meter counts now: that of the newest epoch. A new tariff must be of it.
std::optional<Resource> resource_now(const MeterWork& work);

/// Bills the readings in register order, each by the tariffs of its epoch's resource, and adds the
/// outcomes up. Charges that came out as they were are neither reversed nor charged again.
void bill(MeterWork& work, OutcomeCounts& counts);

/// Lays the tariffs (by key, as tariffs_needed() said) on the meters' time lines and bills all.
OutcomeCounts bill(std::vector<MeterWork>& works,
                   const std::map<std::int64_t, KnownTariff>& tariffs);

/// The accounts that the drafts and the undone charges are of, by key.
std::vector<std::int64_t> payers_of(const std::vector<MeterWork>& works);

/// Rounds per account, reversals first, meters in order. `remainders` by account id; all accounts
/// of `works` must be there.
std::vector<Charge> settle(const std::vector<MeterWork>& works,
                           std::map<std::string, std::int64_t>& remainders);

/// The tariffs that the meters are assigned, now or later, over the time of their readings.
TariffsNeeded tariffs_needed(const std::vector<MeterWork>& works);

/// Whether a reading at or before the base tells something new about the time before the first
/// base.
bool is_history(const MeterState& meter, const Reading& reading);

/// Whether a new reading lies before the base.
bool is_late(const MeterState& meter, const Reading& reading);

}  // namespace prepay::billing
