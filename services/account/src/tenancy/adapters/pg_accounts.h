#pragma once

#include <pqxx/pqxx>
#include <string>

#include "books/adapters/pg_account_views.h"
#include "books/adapters/pg_posting.h"
#include "core/status.h"
#include "prepay/account/v1/account.pb.h"
#include "tenancy/adapters/pg_rooms.h"

namespace prepay::account {

/// Opens and closes customers' accounts. Thread-safe.
class PgAccounts {
public:
    PgAccounts(PgAccountBook& book, PgAccountViews& views, PgPosting& posting, PgRooms& rooms,
               const Clock& clock)
        : book_(book), views_(views), posting_(posting), rooms_(rooms), clock_(clock) {}

    /// Makes the account and moves the room's meters to it; the number of the account is given, the
    /// first top-up is the caller's. Reasons ROOM_NOT_FOUND, ROOM_OCCUPIED, ROOM_WITHOUT_METERS,
    /// METER_NOT_IN_ROOM, BAD_CUSTOMER, CUSTOMER_NOT_FOUND, BAD_ALARM_LEVELS, CREDIT_NOT_ALLOWED,
    /// BAD_REGISTER, TIME_IN_FUTURE, TIME_OVERLAPS.
    Result<std::int64_t> open(pqxx::work& tx, const v1::OpenAccountRequest& request,
                              CreditRight right);
    /// Reasons ACCOUNT_NOT_FOUND, ACCOUNT_CLOSED, METER_NOT_IN_ROOM, BAD_REGISTER, TIME_IN_FUTURE,
    /// TIME_OVERLAPS.
    Result<v1::Account> close(pqxx::work& tx, const v1::CloseAccountRequest& request);

private:
    Result<std::string> put_customer(pqxx::work& tx, const v1::Customer& customer);

    PgAccountBook& book_;
    PgAccountViews& views_;
    PgPosting& posting_;
    PgRooms& rooms_;
    const Clock& clock_;
};

}  // namespace prepay::account
