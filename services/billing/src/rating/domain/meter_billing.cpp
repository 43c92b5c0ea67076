#include "rating/domain/meter_billing.h"

#include <algorithm>
#include <tuple>

namespace prepay::billing {
namespace {

/// A stretch of an interval that one account pays.
struct Piece {
    const Occupancy* owner = nullptr;
    Instant start;
    Instant end;
    RegisterTotal start_total;
    RegisterTotal end_total;
};

std::vector<Instant> borders_between(const std::vector<Occupancy>& occupancies, Instant after,
                                     Instant before) {
    std::vector<Instant> borders;
    for (const Occupancy& occupancy : occupancies) {
        if (occupancy.start > after && occupancy.start < before) {
            borders.push_back(occupancy.start);
        }
        if (occupancy.end && *occupancy.end > after && *occupancy.end < before) {
            borders.push_back(*occupancy.end);
        }
    }
    std::sort(borders.begin(), borders.end());
    borders.erase(std::unique(borders.begin(), borders.end()), borders.end());
    return borders;
}

/// The register at the border between two owners: the opening one wins over the closing one;
/// nothing = the first reading at or after the border.
std::optional<RegisterTotal> register_at(const Occupancy& previous, const Occupancy& next,
                                         Instant border, RegisterTotal low, RegisterTotal high) {
    std::int64_t units = -1;
    if (next.start == border && next.opening_register >= 0) {
        units = next.opening_register;
    } else if (previous.end == border && previous.closing_register >= 0) {
        units = previous.closing_register;
    }
    const RegisterTotal total = RegisterTotal::from_base_units(units);
    if (units < 0 || total < low || total > high) {
        return std::nullopt;
    }
    return total;
}

/// Cuts [base, reading) at the changes of the payer. Nothing = for some of it nobody pays yet.
std::optional<std::vector<Piece>> cut_by_owner(const std::vector<Occupancy>& occupancies,
                                               const Reading& base, const Reading& reading) {
    std::vector<Piece> pieces;
    Piece current{owner_at(occupancies, base.read_time), base.read_time, reading.read_time,
                  base.total, reading.total};
    if (current.owner == nullptr) {
        return std::nullopt;
    }
    for (const Instant border : borders_between(occupancies, base.read_time, reading.read_time)) {
        const Occupancy* next = owner_at(occupancies, border);
        if (next == nullptr) {
            return std::nullopt;
        }
        if (next == current.owner) {
            continue;
        }
        const auto total =
            register_at(*current.owner, *next, border, current.start_total, reading.total);
        if (!total) {
            continue;  // The owner pays on until the reading, or a later border with a register.
        }
        current.end = border;
        current.end_total = *total;
        pieces.push_back(current);
        current = {next, border, reading.read_time, *total, reading.total};
    }
    pieces.push_back(current);
    return pieces;
}

void rate_part(MeterState& meter, const Reading& from, const Reading& to, const Piece& part,
               const TariffInForce& tariff, std::vector<ChargeDraft>& charges) {
    const Quantity used = (part.end_total - part.start_total).of(tariff.resource);
    if (used.base_units() == 0) {
        return;
    }
    ChargeDraft draft;
    draft.occupancy = *part.owner;
    draft.tariff = tariff;
    draft.from = from;
    draft.to = to;
    draft.start = part.start;
    draft.end = part.end;
    draft.start_total = part.start_total;
    draft.end_total = part.end_total;
    TierCounter& counter = meter.counters[part.owner->account_id];
    draft.before = counter;
    rate(*tariff.rates, {part.start, part.end, used}, counter, draft.lines);
    draft.after = counter;
    charges.push_back(std::move(draft));
}

/// Cuts a piece where another tariff version comes into force.
void rate_piece(MeterState& meter, const Reading& from, const Reading& to, const Piece& piece,
                std::vector<ChargeDraft>& charges) {
    const RegisterDifference whole = piece.end_total - piece.start_total;
    Piece part = piece;
    const TariffInForce* tariff = &tariff_at(meter.tariffs, piece.start);
    for (const TariffInForce& next : meter.tariffs) {
        if (&next == &meter.tariffs.front() || next.start <= piece.start ||
            next.start >= piece.end) {
            continue;
        }
        part.end = next.start;
        part.end_total =
            piece.start_total +
            RegisterDifference(share_until(whole.base_units(), piece.start, piece.end, next.start));
        rate_part(meter, from, to, part, *tariff, charges);
        part.start = part.end;
        part.start_total = part.end_total;
        tariff = &next;
    }
    part.end = piece.end;
    part.end_total = piece.end_total;
    rate_part(meter, from, to, part, *tariff, charges);
}

/// The register from which a meter without base is billed: the earliest opening register that the
/// reading does not contradict, else the reading itself.
Reading first_base(const std::vector<Occupancy>& occupancies, const Reading& reading) {
    for (const Occupancy& occupancy : occupancies) {
        const bool known = occupancy.opening_register >= 0 &&
                           occupancy.opening_register <= reading.total.base_units() &&
                           occupancy.start < reading.read_time;
        if (known) {
            Reading base = reading;
            base.slot_time = occupancy.start;
            base.revision = 0;
            base.read_time = occupancy.start;
            base.total = RegisterTotal::from_base_units(occupancy.opening_register);
            base.reading_id = 0;
            return base;
        }
    }
    return reading;
}

}  // namespace

Int128 ChargeDraft::picos() const {
    Int128 sum = 0;
    for (const RatedLine& line : lines) {
        sum += line.picos();
    }
    return sum;
}

const char* to_text(ReadingOutcome outcome) {
    switch (outcome) {
        case ReadingOutcome::kRated:
            return "rated";
        case ReadingOutcome::kUnchanged:
            return "unchanged";
        case ReadingOutcome::kBase:
            return "base";
        case ReadingOutcome::kKnown:
            return "known";
        case ReadingOutcome::kDip:
            return "dip";
        case ReadingOutcome::kImplausible:
            return "implausible";
        case ReadingOutcome::kNoOccupancy:
            return "no_occupancy";
        case ReadingOutcome::kNoTariff:
            return "no_tariff";
    }
    return "unknown";
}

bool is_pending(ReadingOutcome outcome) {
    return outcome == ReadingOutcome::kNoOccupancy || outcome == ReadingOutcome::kNoTariff;
}

ReadingOutcome bill_reading(MeterState& meter, const Reading& reading,
                            std::vector<ChargeDraft>& charges) {
    if (meter.base &&
        (reading.epoch < meter.base->epoch ||
         (reading.epoch == meter.base->epoch && reading.slot_time <= meter.base->slot_time))) {
        return ReadingOutcome::kKnown;
    }
    if (owner_at(meter.occupancies, reading.read_time) == nullptr) {
        return ReadingOutcome::kNoOccupancy;
    }
    if (!meter.base) {
        meter.base = first_base(meter.occupancies, reading);
        meter.first = meter.base;
        if (*meter.base == reading) {
            return ReadingOutcome::kBase;
        }
    }
    if (meter.tariffs.empty()) {
        return ReadingOutcome::kNoTariff;  // Before all else: nothing may overtake a kept reading.
    }
    if (meter.base->epoch != reading.epoch) {
        meter.base = reading;
        return ReadingOutcome::kBase;
    }
    // A gateway whose clock was set back may answer with a time before the base's.
    Reading to = reading;
    to.read_time = std::max(reading.read_time, meter.base->read_time);
    const std::int64_t used = (to.total - meter.base->total).base_units();
    if (used < 0) {
        return ReadingOutcome::kDip;
    }
    if (used > kIntervalQuantityMax) {
        return ReadingOutcome::kImplausible;
    }
    if (used == 0) {
        meter.base = to;
        return ReadingOutcome::kUnchanged;
    }
    const auto pieces = cut_by_owner(meter.occupancies, *meter.base, to);
    if (!pieces) {
        return ReadingOutcome::kNoOccupancy;
    }
    for (const Piece& piece : *pieces) {
        rate_piece(meter, *meter.base, to, piece, charges);
    }
    meter.base = to;
    return ReadingOutcome::kRated;
}

}  // namespace prepay::billing
