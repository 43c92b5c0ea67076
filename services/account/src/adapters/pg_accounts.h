#pragma once

#include <pqxx/pqxx>
#include <string>

#include "adapters/pg_account_book.h"
#include "adapters/pg_rooms.h"
#include "adapters/pg_switches.h"
#include "core/status.h"
#include "prepay/account/v1/account.pb.h"

namespace prepay::account {

/// Opens, closes, shows and adjusts customers' accounts. Thread-safe.
class PgAccounts {
public:
    PgAccounts(PgAccountBook& book, PgRooms& rooms, PgSwitches& switches, const Clock& clock)
        : book_(book), rooms_(rooms), switches_(switches), clock_(clock) {}

    /// Makes the account and moves the room's meters to it; the number of the account is given, the
    /// first top-up is the caller's. Reasons ROOM_NOT_FOUND, ROOM_OCCUPIED, ROOM_WITHOUT_METERS,
    /// METER_NOT_IN_ROOM, BAD_CUSTOMER, CUSTOMER_NOT_FOUND, BAD_ALARM_LEVELS, CREDIT_NOT_ALLOWED,
    /// BAD_REGISTER, TIME_IN_FUTURE, TIME_OVERLAPS.
    Result<std::int64_t> open(pqxx::work& tx, const v1::OpenAccountRequest& request,
                              CreditRight right);
    /// Reasons ACCOUNT_NOT_FOUND, ACCOUNT_CLOSED, METER_NOT_IN_ROOM, BAD_REGISTER, TIME_IN_FUTURE,
    /// TIME_OVERLAPS.
    Result<v1::Account> close(pqxx::work& tx, const v1::CloseAccountRequest& request);
    /// Reasons ACCOUNT_NOT_FOUND, ACCOUNT_CLOSED, BAD_ALARM_LEVELS, CREDIT_NOT_ALLOWED.
    Result<v1::Account> set_levels(pqxx::work& tx, const v1::SetAlarmLevelsRequest& request,
                                   CreditRight right);
    /// Reasons ACCOUNT_NOT_FOUND, ACCOUNT_CLOSED.
    Result<v1::Account> set_keep_power(pqxx::work& tx, const v1::SetKeepPowerRequest& request);

    /// Reason ACCOUNT_NOT_FOUND.
    Result<v1::Account> get(pqxx::work& tx, const std::string& account_id);
    v1::Account get(pqxx::work& tx, std::int64_t account_no);
    /// The query finds a phone number only for those who see it (`by_phone`), or digits could be
    /// tried one by one.
    Result<v1::ListAccountsResponse> list(pqxx::work& tx, const v1::ListAccountsRequest& request,
                                          bool by_phone);

private:
    Result<LockedAccount> lock_open(pqxx::work& tx, const std::string& account_id);
    Result<std::string> put_customer(pqxx::work& tx, const v1::Customer& customer);
    /// Announces new settings and lets credit control act on them.
    void settle_settings(pqxx::work& tx, const LockedAccount& before);

    PgAccountBook& book_;
    PgRooms& rooms_;
    PgSwitches& switches_;
    const Clock& clock_;
};

}  // namespace prepay::account
