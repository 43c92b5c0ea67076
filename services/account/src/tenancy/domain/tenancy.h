#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "books/domain/terms.h"
#include "core/time.h"
#include "tenancy/domain/customer.h"
#include "tenancy/domain/occupancy.h"

namespace prepay::account {

/// A register of a meter as the desk read it: Wh, or kNextReading.
struct GivenRegister {
    std::string meter_id;
    std::int64_t register_total = kNextReading;
};

/// No register of a meter stands higher, in Wh.
constexpr std::int64_t kRegisterMax = 1'000'000'000'000'000;

/// Somebody moves into a room.
struct MoveIn {
    std::string room_id;
    std::string customer_id;  ///< Empty = `customer` is a new one.
    NewCustomer customer;
    std::vector<GivenRegister> opening_registers;
    std::optional<Instant> start_time;  ///< Absent = now.
    std::optional<AlarmLevels> levels;  ///< Absent = those of every new account.
    Money first_top_up;                 ///< Cash that comes with the opening; zero = none.
};

/// Somebody moves out.
struct MoveOut {
    std::string account_id;
    std::vector<GivenRegister> closing_registers;
    std::optional<Instant> end_time;  ///< Absent = now.
    std::string reason_text;
};

/// Whether, and how, somebody may move in or out.
enum class TenancyVerdict {
    kMove,
    kRoomOccupied,       ///< Moving in: the room has an open account.
    kRoomWithoutMeters,  ///< Moving in: there is nothing to pay for.
    kClosedBefore,       ///< Moving out: the account is closed already.
    kForeignMeter,       ///< A register was given for a meter that does not belong here.
    kBadRegister,        ///< A register that no meter can show.
    kMeterTwice,         ///< Two registers for one meter.
};

struct TenancyDecision {
    TenancyVerdict verdict = TenancyVerdict::kMove;
    std::string meter_id;          ///< Of the last three verdicts.
    std::vector<Occupancy> spans;  ///< Who pays from now on, a span a meter, by meter_id.
};

/// A room that somebody wants to move into, under its lock.
struct RoomToOpen {
    std::string room_id;
    bool is_occupied = false;
    std::vector<std::string> meter_ids;
};

/// Opens an account: checked in the order of the verdicts. The account pays for each meter of the
/// room from `start_time` on; a meter without a given register begins with its next reading. The
/// spans are without account_no, which the account gets afterwards.
TenancyDecision decide_open(const RoomToOpen& room, Instant start_time,
                            const std::vector<GivenRegister>& registers);

/// A meter that an account pays for now.
struct PaidMeter {
    std::string meter_id;
    std::string room_id;
};

/// Closes an account: from `end_time` on its meters are paid for by the site's vacancy account,
/// beginning with the register that closes the account's span.
TenancyDecision decide_close(AccountState state, const std::vector<PaidMeter>& meters,
                             std::int64_t vacancy_no, Instant end_time,
                             const std::vector<GivenRegister>& registers);

}  // namespace prepay::account
