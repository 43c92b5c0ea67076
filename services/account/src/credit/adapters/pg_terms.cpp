#include "credit/adapters/pg_terms.h"

#include "pg/database.h"
#include "telemetry/log.h"

namespace prepay::account {
namespace {

constexpr std::size_t kReasonMax = 500;

}  // namespace

Result<LockedAccount> PgTerms::lock_open(pqxx::work& tx, const std::string& account_id) {
    PREPAY_ASSIGN_OR_RETURN(const std::int64_t account_no, book_.find_purse(tx, account_id));
    LockedAccount account = book_.lock_one(tx, account_no);
    if (account.profile->terms.state == AccountState::kClosed) {
        return failed_precondition("ACCOUNT_CLOSED", "the account is closed");
    }
    return account;
}

Result<AccountView> PgTerms::set_levels(pqxx::work& tx, const std::string& account_id,
                                        const AlarmLevels& levels, CreditRight right) {
    PREPAY_ASSIGN_OR_RETURN(const LockedAccount before, lock_open(tx, account_id));
    PREPAY_RETURN_IF_ERROR(
        check_floor(right, before.profile->terms.levels.cut_floor, levels.cut_floor));
    tx.exec_params(
        "UPDATE accounts SET level_1_micros = $2, level_2_micros = $3, level_3_micros = $4,"
        " cut_floor_micros = $5 WHERE account_no = $1",
        before.balance.account_no, levels.level_1.micros(), levels.level_2.micros(),
        levels.level_3.micros(), levels.cut_floor.micros());
    posting_.settings_changed(tx, before);
    return views_.get(tx, before.balance.account_no);
}

Result<AccountView> PgTerms::set_keep_power(pqxx::work& tx, const std::string& account_id,
                                            bool keep_power, const KeepPowerWord& word) {
    if (word.reason_text.size() > kReasonMax) {
        return invalid_argument("TEXT_TOO_LONG", "reason_text has at most 500 bytes");
    }
    PREPAY_ASSIGN_OR_RETURN(const LockedAccount before, lock_open(tx, account_id));
    tx.exec_params(
        "UPDATE accounts SET keep_power = $2, keep_power_user = $3, keep_power_reason = $4,"
        " keep_power_time = $5 WHERE account_no = $1",
        before.balance.account_no, keep_power, word.user, word.reason_text,
        pg::to_timestamptz(clock_.now()));
    if (before.profile->terms.keep_power != keep_power) {
        posting_.settings_changed(tx, before);
        telemetry::log_info("keep-power changed", {{"account_id", account_id},
                                                   {"keep_power", keep_power ? "on" : "off"},
                                                   {"reason", word.reason_text}});
    }
    return views_.get(tx, before.balance.account_no);
}

}  // namespace prepay::account
