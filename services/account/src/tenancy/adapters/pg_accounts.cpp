#include "tenancy/adapters/pg_accounts.h"

#include <algorithm>

#include "core/ids.h"
#include "pg/database.h"
#include "pg/row.h"

namespace prepay::account {
namespace {

Status to_status(const TenancyDecision& decision, const std::string& occupant = "") {
    switch (decision.verdict) {
        case TenancyVerdict::kMove:
            return absl::OkStatus();
        case TenancyVerdict::kRoomOccupied:
            return failed_precondition("ROOM_OCCUPIED", "the room has an open account already",
                                       {{"account_id", occupant}});
        case TenancyVerdict::kRoomWithoutMeters:
            return failed_precondition("ROOM_WITHOUT_METERS", "attach a meter to the room first");
        case TenancyVerdict::kClosedBefore:
            return failed_precondition("ACCOUNT_CLOSED", "the account is closed already");
        case TenancyVerdict::kForeignMeter:
            return invalid_argument("METER_NOT_IN_ROOM",
                                    "meter " + decision.meter_id + " does not belong here");
        case TenancyVerdict::kBadRegister:
            return invalid_argument("BAD_REGISTER",
                                    "register_total must be -1 or a register in Wh or mL");
        case TenancyVerdict::kMeterTwice:
            return invalid_argument("DUPLICATE_METER",
                                    "meter " + decision.meter_id + " is given twice");
    }
    return absl::OkStatus();
}

std::vector<PaidMeter> paid_meters(pqxx::work& tx, std::int64_t account_no) {
    std::vector<PaidMeter> meters;
    for (const pg::Row row : tx.exec_params(
             "SELECT meter_id, room_id FROM occupancies WHERE account_no = $1 AND end_time IS NULL"
             " AND NOT deleted ORDER BY meter_id",
             account_no)) {
        meters.push_back({row.text("meter_id"), row.text("room_id")});
    }
    return meters;
}

}  // namespace

Result<std::string> PgAccounts::put_customer(pqxx::work& tx, const MoveIn& wanted) {
    if (!wanted.customer_id.empty()) {
        if (tx.exec_params("SELECT 1 FROM customers WHERE customer_id = $1", wanted.customer_id)
                .empty()) {
            return not_found("CUSTOMER_NOT_FOUND", "there is no customer " + wanted.customer_id);
        }
        return wanted.customer_id;
    }
    const NewCustomer& customer = wanted.customer;
    if (const std::string problem = problem_of(customer); !problem.empty()) {
        return invalid_argument("BAD_CUSTOMER", problem);
    }
    const std::string customer_id = new_id(clock_);
    tx.exec_params(
        "INSERT INTO customers (customer_id, display_name, phone, email) VALUES ($1, $2, $3, $4)",
        customer_id, customer.display_name, customer.phone, customer.email);
    return customer_id;
}

Result<std::int64_t> PgAccounts::open(pqxx::work& tx, const MoveIn& wanted, CreditRight right) {
    const AlarmLevels levels = wanted.levels.value_or(AlarmLevels());
    if (wanted.levels) {
        PREPAY_RETURN_IF_ERROR(check_floor(right, Money(), levels.cut_floor));
    }
    PREPAY_ASSIGN_OR_RETURN(const Instant start, rooms_.time_or_now(wanted.start_time));
    PREPAY_RETURN_IF_ERROR(rooms_.lock(tx, wanted.room_id));
    PREPAY_ASSIGN_OR_RETURN(const Room room, rooms_.get(tx, wanted.room_id));
    TenancyDecision decision = decide_open({room.room_id, !room.account_id.empty(), room.meter_ids},
                                           start, wanted.opening_registers);
    PREPAY_RETURN_IF_ERROR(to_status(decision, room.account_id));
    PREPAY_ASSIGN_OR_RETURN(const std::string customer_id, put_customer(tx, wanted));
    const auto account_no = pg::only<std::int64_t>(tx.exec_params1(
        "INSERT INTO accounts (account_id, site_id, kind, customer_id, level_1_micros,"
        " level_2_micros, level_3_micros, cut_floor_micros, open_time)"
        " VALUES ($1, $2, 'purse', $3, $4, $5, $6, $7, $8) RETURNING account_no",
        new_id(clock_), room.site_id, customer_id, levels.level_1.micros(), levels.level_2.micros(),
        levels.level_3.micros(), levels.cut_floor.micros(), pg::to_timestamptz(start)));
    tx.exec_params("INSERT INTO balances (account_no) VALUES ($1)", account_no);
    LockedAccount opened;
    for (const LockedAccount& account :
         book_.lock(tx, {account_no, book_.find_site(tx, room.site_id)->vacancy_no})) {
        opened = account.balance.account_no == account_no ? account : opened;
    }
    for (Occupancy& span : decision.spans) {
        span.account_no = account_no;
    }
    PREPAY_RETURN_IF_ERROR(rooms_.move(tx, decision.spans, clock_.now()));
    PREPAY_RETURN_IF_ERROR(rooms_.announce_room(tx, room.room_id).status());
    // With a first top-up the posting announces the account: nobody is warned about a purse that is
    // being filled in the same transaction.
    if (wanted.first_top_up == Money()) {
        posting_.settings_changed(tx, opened);
    } else {
        // It has rooms now, and a relay that the previous tenant's debt opened is to close: the
        // posting changes no wish, so nothing after this would see to it.
        posting_.settings_changed_before_posting(tx, opened);
    }
    return account_no;
}

Result<std::int64_t> PgAccounts::close(pqxx::work& tx, const MoveOut& wanted) {
    PREPAY_ASSIGN_OR_RETURN(const Instant end, rooms_.time_or_now(wanted.end_time));
    PREPAY_ASSIGN_OR_RETURN(const std::int64_t account_no, book_.find_purse(tx, wanted.account_id));
    std::vector<Room> rooms = rooms_.of_account(tx, account_no);
    std::sort(rooms.begin(), rooms.end(),
              [](const Room& a, const Room& b) { return a.room_id < b.room_id; });
    for (const Room& room : rooms) {
        PREPAY_RETURN_IF_ERROR(rooms_.lock(tx, room.room_id));
    }
    const auto site_id = pg::only<std::string>(
        tx.exec_params1("SELECT site_id FROM accounts WHERE account_no = $1", account_no));
    const std::int64_t vacancy_no = book_.find_site(tx, site_id)->vacancy_no;
    LockedAccount before;
    for (const LockedAccount& account : book_.lock(tx, {account_no, vacancy_no})) {
        before = account.balance.account_no == account_no ? account : before;
    }
    const TenancyDecision decision =
        decide_close(before.profile->terms.state, paid_meters(tx, account_no), vacancy_no, end,
                     wanted.closing_registers);
    PREPAY_RETURN_IF_ERROR(to_status(decision));
    // While the meters are still the account's: waiting trips go, and nothing new comes.
    tx.exec_params(
        "UPDATE accounts SET state = 'closed', close_time = $2, close_reason = $3"
        " WHERE account_no = $1",
        account_no, pg::to_timestamptz(end), wanted.reason_text);
    posting_.settings_changed(tx, before);
    PREPAY_RETURN_IF_ERROR(rooms_.move(tx, decision.spans, clock_.now()));
    for (const Room& room : rooms) {
        PREPAY_RETURN_IF_ERROR(rooms_.announce_room(tx, room.room_id).status());
    }
    return account_no;
}

}  // namespace prepay::account
