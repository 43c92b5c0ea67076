#pragma once

#include <string>

#include "domain/local_hour.h"
#include "domain/rollup.h"

namespace prepay::reporting {

/// One line of the daily report.
struct RoomDay {
    std::string room_id;
    std::string room_name;
    LocalDate date;
    DaySum sum;
};

/// Adds a line to a grand total.
void add(DaySum& total, const DaySum& sum);

/// CSV by RFC 4180 with a byte order mark, so that spreadsheets read it as UTF-8. Quantities are
/// exact decimals: kWh with 3 digits, cubic metres with 6 at most. The amount is in yuan, to the
/// nearest fen; the last column is the same in micro-yuan, exact. Texts that a
/// spreadsheet would take for a formula get an apostrophe in front.
std::string csv_header();
std::string csv_line(const RoomDay& day);
std::string csv_total_line(const DaySum& total);

}  // namespace prepay::reporting
