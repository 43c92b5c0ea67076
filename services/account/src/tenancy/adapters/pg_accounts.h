#pragma once

#include <pqxx/pqxx>
#include <string>

#include "books/adapters/pg_posting.h"
#include "core/status.h"
#include "tenancy/adapters/pg_rooms.h"
#include "tenancy/domain/tenancy.h"

namespace prepay::account {

/// Opens and closes customers' accounts. Thread-safe.
class PgAccounts {
public:
    PgAccounts(PgAccountBook& book, PgPosting& posting, PgRooms& rooms, const Clock& clock)
        : book_(book), posting_(posting), rooms_(rooms), clock_(clock) {}

    /// Makes the account and moves the room's meters to it; the number of the account is given, the
    /// first top-up is the caller's. Reasons ROOM_NOT_FOUND, ROOM_OCCUPIED, ROOM_WITHOUT_METERS,
    /// METER_NOT_IN_ROOM, BAD_CUSTOMER, CUSTOMER_NOT_FOUND, CREDIT_NOT_ALLOWED, BAD_REGISTER,
    /// TIME_IN_FUTURE, TIME_OVERLAPS.
    Result<std::int64_t> open(pqxx::work& tx, const MoveIn& wanted, CreditRight right);
    /// Gives the number of the account. Reasons ACCOUNT_NOT_FOUND, ACCOUNT_CLOSED,
    /// METER_NOT_IN_ROOM, BAD_REGISTER, TIME_IN_FUTURE, TIME_OVERLAPS.
    Result<std::int64_t> close(pqxx::work& tx, const MoveOut& wanted);

private:
    Result<std::string> put_customer(pqxx::work& tx, const MoveIn& wanted);

    PgAccountBook& book_;
    PgPosting& posting_;
    PgRooms& rooms_;
    const Clock& clock_;
};

}  // namespace prepay::account
