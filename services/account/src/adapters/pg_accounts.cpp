#include "adapters/pg_accounts.h"

#include <algorithm>
#include <map>
#include <set>

#include "convert.h"
#include "core/ids.h"
#include "pg/database.h"
#include "pg/page.h"
#include "pg/row.h"
#include "rpc/request_rules.h"
#include "telemetry/log.h"

namespace prepay::account {
namespace {

constexpr std::size_t kTextMax = 200;
constexpr std::int64_t kRegisterMax = 1'000'000'000'000'000;

constexpr const char* kSelectAccount = R"sql(
SELECT a.account_no, a.account_id, a.site_id, a.state, b.balance_micros, b.version,
       a.level_1_micros, a.level_2_micros, a.level_3_micros, a.cut_floor_micros, a.keep_power, a.cut,
       (extract(epoch from a.open_time) * 1000000)::bigint AS open_micros,
       (extract(epoch from a.close_time) * 1000000)::bigint AS close_micros,
       c.customer_id, c.display_name, c.phone, c.email,
       coalesce(o.room_ids, '{}') AS room_ids, coalesce(o.meter_ids, '{}') AS meter_ids, a.kind
FROM accounts a JOIN balances b USING (account_no) LEFT JOIN customers c USING (customer_id)
LEFT JOIN LATERAL (
    SELECT array_agg(DISTINCT room_id) AS room_ids, array_agg(DISTINCT meter_id) AS meter_ids
    FROM occupancies WHERE account_no = a.account_no AND NOT deleted AND NOT vacancy
        AND (end_time IS NULL OR (a.state = 'closed' AND end_time = a.close_time))
) o ON true
)sql";

void add_all(const std::string& array_text, google::protobuf::RepeatedPtrField<std::string>* out) {
    pqxx::array_parser parser(array_text.c_str());
    for (auto item = parser.get_next(); item.first != pqxx::array_parser::done;
         item = parser.get_next()) {
        if (item.first == pqxx::array_parser::string_value) {
            *out->Add() = item.second;
        }
    }
}

v1::Account to_account(const pg::Row& row) {
    v1::Account account;
    CreditTerms terms;
    terms.kind = ledger_kind_from(row.text("kind"));
    terms.state = row.text("state") == "open" ? AccountState::kOpen : AccountState::kClosed;
    terms.levels = {Money::from_micros(row.number("level_1_micros")),
                    Money::from_micros(row.number("level_2_micros")),
                    Money::from_micros(row.number("level_3_micros")),
                    Money::from_micros(row.number("cut_floor_micros"))};
    terms.keep_power = row.get<bool>("keep_power");
    terms.cut = row.get<bool>("cut");
    const Money balance = Money::from_micros(row.number("balance_micros"));
    account.set_account_id(row.text("account_id"));
    account.set_site_id(row.text("site_id"));
    account.set_state(to_proto(terms.state));
    account.set_balance_micros(balance.micros());
    account.set_version(row.number("version"));
    account.set_currency_code("CNY");
    *account.mutable_alarm_levels() = to_proto(terms.levels);
    account.set_keep_power(terms.keep_power);
    account.set_fee_state(to_proto(fee_state(terms, balance)));
    *account.mutable_open_time() = to_proto(row.time("open_micros"));
    if (const auto close_time = row.find_time("close_micros")) {
        *account.mutable_close_time() = to_proto(*close_time);
    }
    if (!row.is_null("customer_id")) {
        account.mutable_customer()->set_customer_id(row.text("customer_id"));
        account.mutable_customer()->set_display_name(row.text("display_name"));
        account.mutable_customer()->set_phone(row.text("phone"));
        account.mutable_customer()->set_email(row.text("email"));
    }
    add_all(row.text("room_ids"), account.mutable_room_ids());
    add_all(row.text("meter_ids"), account.mutable_meter_ids());
    return account;
}

// One @ with something on both sides, no blanks, quotes or control characters: what may stand in
// the header of a mail. Whether somebody reads it there, only a mail can tell.
bool is_email(const std::string& text) {
    const std::size_t at = text.find('@');
    return at != std::string::npos && at > 0 && at + 1 < text.size() && at == text.rfind('@') &&
           std::all_of(text.begin(), text.end(), [](char c) {
               return static_cast<unsigned char>(c) > 0x20 && c != 0x7F && c != '"' && c != ',' &&
                      c != ';' && c != '<' && c != '>';
           });
}

// A number that can be dialled, as people write it.
bool is_phone(const std::string& text) {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    return std::count_if(text.begin(), text.end(), is_digit) >= 3 &&
           text.find_first_not_of("0123456789 +-()/") == std::string::npos;
}

Status check_floor(CreditRight right, Money before, Money wanted) {
    return may_set_floor(right, before, wanted)
               ? absl::OkStatus()
               : permission_denied("CREDIT_NOT_ALLOWED",
                                   "a cut floor below zero is credit; an operator may give it");
}

/// The registers a request names, for meters of the set; others get "the next reading".
Result<std::map<std::string, std::int64_t>> registers_of(
    const google::protobuf::RepeatedPtrField<v1::OpeningRegister>& given,
    const std::set<std::string>& meter_ids) {
    std::map<std::string, std::int64_t> registers;
    for (const v1::OpeningRegister& item : given) {
        if (!meter_ids.contains(item.meter_id())) {
            return invalid_argument("METER_NOT_IN_ROOM",
                                    "meter " + item.meter_id() + " does not belong here");
        }
        if (item.register_total() < kNextReading || item.register_total() > kRegisterMax) {
            return invalid_argument("BAD_REGISTER",
                                    "register_total must be -1 or a register in Wh");
        }
        if (!registers.emplace(item.meter_id(), item.register_total()).second) {
            return invalid_argument("DUPLICATE_METER",
                                    "meter " + item.meter_id() + " is given twice");
        }
    }
    return registers;
}

}  // namespace

Result<std::string> PgAccounts::put_customer(pqxx::work& tx, const v1::Customer& customer) {
    if (!customer.customer_id().empty()) {
        if (tx.exec_params("SELECT 1 FROM customers WHERE customer_id = $1", customer.customer_id())
                .empty()) {
            return not_found("CUSTOMER_NOT_FOUND",
                             "there is no customer " + customer.customer_id());
        }
        return customer.customer_id();
    }
    if (customer.display_name().empty() || customer.display_name().size() > kTextMax ||
        customer.phone().size() > 40 || customer.email().size() > kTextMax) {
        return invalid_argument(
            "BAD_CUSTOMER",
            "a customer needs a display_name of 1 .. 200 bytes, a phone of at most"
            " 40 and an e-mail of at most 200");
    }
    if (!customer.email().empty() && !is_email(customer.email())) {
        return invalid_argument("BAD_CUSTOMER", "the e-mail must be like name@example.org");
    }
    if (!customer.phone().empty() && !is_phone(customer.phone())) {
        return invalid_argument("BAD_CUSTOMER",
                                "the phone has at least three digits, and beside them only blanks"
                                " and + - ( ) /");
    }
    const std::string customer_id = new_id(clock_);
    tx.exec_params(
        "INSERT INTO customers (customer_id, display_name, phone, email) VALUES ($1, $2, $3, $4)",
        customer_id, customer.display_name(), customer.phone(), customer.email());
    return customer_id;
}

Result<std::int64_t> PgAccounts::open(pqxx::work& tx, const v1::OpenAccountRequest& request,
                                      CreditRight right) {
    AlarmLevels levels;
    if (request.has_alarm_levels()) {
        PREPAY_ASSIGN_OR_RETURN(levels, from_proto(request.alarm_levels()));
        PREPAY_RETURN_IF_ERROR(check_floor(right, Money(), levels.cut_floor));
    }
    PREPAY_ASSIGN_OR_RETURN(const Instant start,
                            rooms_.time_or_now(request.has_start_time(), request.start_time()));
    PREPAY_RETURN_IF_ERROR(rooms_.lock(tx, request.room_id()));
    PREPAY_ASSIGN_OR_RETURN(const v1::Room room, rooms_.get(tx, request.room_id()));
    if (!room.account_id().empty()) {
        return failed_precondition("ROOM_OCCUPIED", "the room has an open account already",
                                   {{"account_id", room.account_id()}});
    }
    std::set<std::string> meter_ids(room.meter_ids().begin(), room.meter_ids().end());
    if (meter_ids.empty()) {
        return failed_precondition("ROOM_WITHOUT_METERS", "attach a meter to the room first");
    }
    PREPAY_ASSIGN_OR_RETURN(auto registers, registers_of(request.opening_registers(), meter_ids));
    PREPAY_ASSIGN_OR_RETURN(const std::string customer_id, put_customer(tx, request.customer()));
    const auto account_no = pg::only<std::int64_t>(tx.exec_params1(
        "INSERT INTO accounts (account_id, site_id, kind, customer_id, level_1_micros,"
        " level_2_micros, level_3_micros, cut_floor_micros, open_time)"
        " VALUES ($1, $2, 'purse', $3, $4, $5, $6, $7, $8) RETURNING account_no",
        new_id(clock_), room.site_id(), customer_id, levels.level_1.micros(),
        levels.level_2.micros(), levels.level_3.micros(), levels.cut_floor.micros(),
        pg::to_timestamptz(start)));
    tx.exec_params("INSERT INTO balances (account_no) VALUES ($1)", account_no);
    LockedAccount opened;
    for (const LockedAccount& account :
         book_.lock(tx, {account_no, book_.find_site(tx, room.site_id())->vacancy_no})) {
        opened = account.balance.account_no == account_no ? account : opened;
    }
    std::vector<Occupancy> spans;
    for (const std::string& meter_id : meter_ids) {
        const auto given = registers.find(meter_id);
        Occupancy span;
        span.account_no = account_no;
        span.room_id = room.room_id();
        span.meter_id = meter_id;
        span.start_time = start;
        span.opening_register = given == registers.end() ? kNextReading : given->second;
        spans.push_back(std::move(span));
    }
    PREPAY_RETURN_IF_ERROR(rooms_.move(tx, spans, clock_.now()));
    PREPAY_RETURN_IF_ERROR(rooms_.announce_room(tx, room.room_id()).status());
    // With a first top-up the posting announces the account: nobody is warned about a purse that is
    // being filled in the same transaction.
    if (request.first_top_up_micros() == 0) {
        settle_settings(tx, opened);
    } else {
        // It has rooms now, and a relay that the previous tenant's debt opened is to close: the
        // posting changes no wish, so nothing after this would see to it.
        switches_.reconcile(tx, {book_.touch(tx, opened)}, clock_.now());
    }
    return account_no;
}

Result<LockedAccount> PgAccounts::lock_open(pqxx::work& tx, const std::string& account_id) {
    PREPAY_ASSIGN_OR_RETURN(const std::int64_t account_no, book_.find_purse(tx, account_id));
    LockedAccount account = book_.lock_one(tx, account_no);
    if (account.profile->terms.state == AccountState::kClosed) {
        return failed_precondition("ACCOUNT_CLOSED", "the account is closed");
    }
    return account;
}

void PgAccounts::settle_settings(pqxx::work& tx, const LockedAccount& before) {
    const LockedAccount after = book_.touch(tx, before);
    const Instant now = clock_.now();
    switches_.reconcile(tx, {after}, now);
    book_.announce(tx, {{before, after}}, now);
}

Result<v1::Account> PgAccounts::close(pqxx::work& tx, const v1::CloseAccountRequest& request) {
    PREPAY_ASSIGN_OR_RETURN(const Instant end,
                            rooms_.time_or_now(request.has_end_time(), request.end_time()));
    PREPAY_ASSIGN_OR_RETURN(const std::int64_t account_no,
                            book_.find_purse(tx, request.account_id()));
    std::vector<v1::Room> rooms = rooms_.of_account(tx, account_no);
    std::sort(rooms.begin(), rooms.end(),
              [](const v1::Room& a, const v1::Room& b) { return a.room_id() < b.room_id(); });
    for (const v1::Room& room : rooms) {
        PREPAY_RETURN_IF_ERROR(rooms_.lock(tx, room.room_id()));
    }
    const auto site_id = pg::only<std::string>(
        tx.exec_params1("SELECT site_id FROM accounts WHERE account_no = $1", account_no));
    const std::int64_t vacancy_no = book_.find_site(tx, site_id)->vacancy_no;
    LockedAccount before;
    for (const LockedAccount& account : book_.lock(tx, {account_no, vacancy_no})) {
        before = account.balance.account_no == account_no ? account : before;
    }
    if (before.profile->terms.state == AccountState::kClosed) {
        return failed_precondition("ACCOUNT_CLOSED", "the account is closed already");
    }
    std::set<std::string> meter_ids;
    std::vector<Occupancy> spans;
    for (const pg::Row row : tx.exec_params(
             "SELECT meter_id, room_id FROM occupancies WHERE account_no = $1 AND end_time IS NULL"
             " AND NOT deleted ORDER BY meter_id",
             account_no)) {
        Occupancy span;
        span.account_no = vacancy_no;
        span.meter_id = row.text("meter_id");
        span.room_id = row.text("room_id");
        span.start_time = end;
        span.vacancy = true;
        meter_ids.insert(span.meter_id);
        spans.push_back(std::move(span));
    }
    PREPAY_ASSIGN_OR_RETURN(auto registers, registers_of(request.closing_registers(), meter_ids));
    for (Occupancy& span : spans) {
        const auto given = registers.find(span.meter_id);
        span.opening_register = given == registers.end() ? kNextReading : given->second;
    }
    // While the meters are still the account's: waiting trips go, and nothing new comes.
    tx.exec_params(
        "UPDATE accounts SET state = 'closed', close_time = $2, close_reason = $3"
        " WHERE account_no = $1",
        account_no, pg::to_timestamptz(end), request.reason_text());
    settle_settings(tx, before);
    PREPAY_RETURN_IF_ERROR(rooms_.move(tx, spans, clock_.now()));
    for (const v1::Room& room : rooms) {
        PREPAY_RETURN_IF_ERROR(rooms_.announce_room(tx, room.room_id()).status());
    }
    return get(tx, account_no);
}

Result<v1::Account> PgAccounts::set_levels(pqxx::work& tx, const v1::SetAlarmLevelsRequest& request,
                                           CreditRight right) {
    PREPAY_ASSIGN_OR_RETURN(const AlarmLevels levels, from_proto(request.alarm_levels()));
    PREPAY_ASSIGN_OR_RETURN(const LockedAccount before, lock_open(tx, request.account_id()));
    PREPAY_RETURN_IF_ERROR(
        check_floor(right, before.profile->terms.levels.cut_floor, levels.cut_floor));
    tx.exec_params(
        "UPDATE accounts SET level_1_micros = $2, level_2_micros = $3, level_3_micros = $4,"
        " cut_floor_micros = $5 WHERE account_no = $1",
        before.balance.account_no, levels.level_1.micros(), levels.level_2.micros(),
        levels.level_3.micros(), levels.cut_floor.micros());
    settle_settings(tx, before);
    return get(tx, before.balance.account_no);
}

Result<v1::Account> PgAccounts::set_keep_power(pqxx::work& tx,
                                               const v1::SetKeepPowerRequest& request) {
    PREPAY_ASSIGN_OR_RETURN(const LockedAccount before, lock_open(tx, request.account_id()));
    if (before.profile->terms.keep_power != request.keep_power()) {
        tx.exec_params("UPDATE accounts SET keep_power = $2 WHERE account_no = $1",
                       before.balance.account_no, request.keep_power());
        settle_settings(tx, before);
        telemetry::log_info("keep-power changed",
                            {{"account_id", request.account_id()},
                             {"keep_power", request.keep_power() ? "on" : "off"},
                             {"reason", request.reason_text()}});
    }
    return get(tx, before.balance.account_no);
}

v1::Account PgAccounts::get(pqxx::work& tx, std::int64_t account_no) {
    static const std::string sql = std::string(kSelectAccount) + " WHERE a.account_no = $1";
    return to_account(run_prepared(tx, "accounts_get", sql.c_str(), account_no)[0]);
}

Result<v1::Account> PgAccounts::get(pqxx::work& tx, const std::string& account_id) {
    const auto rows =
        tx.exec_params(std::string(kSelectAccount) + " WHERE a.account_id = $1", account_id);
    if (rows.empty()) {
        return not_found("ACCOUNT_NOT_FOUND", "there is no account " + account_id);
    }
    return to_account(rows[0]);
}

Result<v1::ListAccountsResponse> PgAccounts::list(pqxx::work& tx,
                                                  const v1::ListAccountsRequest& request,
                                                  bool by_phone) {
    const int limit = rpc::page_size_of(request.page_size());
    const auto rows = tx.exec_params(
        std::string(kSelectAccount) +
            " WHERE a.kind = 'purse' AND ($1 = '' OR a.site_id = $1) AND ($2 OR a.state = 'open')"
            " AND ($3 = '' OR c.display_name ILIKE $4 OR ($7 AND c.phone LIKE $4) OR a.account_id "
            "= $3"
            " OR $3 = ANY(o.meter_ids) OR EXISTS (SELECT 1 FROM rooms r"
            " WHERE r.room_id = ANY(o.room_ids) AND (r.display_name ILIKE $4 OR r.room_id = $3)))"
            " AND a.account_no > coalesce((SELECT account_no FROM accounts WHERE account_id = $5), "
            "0)"
            " ORDER BY a.account_no LIMIT $6",
        request.site_id(), request.include_closed(), request.query(), "%" + request.query() + "%",
        request.page_token(), limit + 1, by_phone);
    v1::ListAccountsResponse response;
    pg::fill_page(rows, limit, "account_id", response,
                  [&](const pg::Row& row) { *response.add_accounts() = to_account(row); });
    return response;
}

}  // namespace prepay::account
