#include "books/adapters/pg_account_book.h"

#include <algorithm>
#include <map>

#include "books/adapters/events.h"
#include "books/convert.h"
#include "core/assert.h"
#include "core/ids.h"
#include "pg/database.h"
#include "pg/row.h"

namespace prepay::account {
namespace {

constexpr const char* kTopic = "prepay.account.balance-changes.v1";
constexpr std::size_t kRememberedMax = 1'000'000;

constexpr const char* kLock = R"sql(
SELECT account_no, balance_micros, version, credit_total_micros, charge_total_micros,
       settings_revision
FROM balances WHERE account_no = ANY($1::bigint[]) ORDER BY account_no FOR NO KEY UPDATE
)sql";

constexpr const char* kProfiles = R"sql(
SELECT a.account_no, a.account_id, a.site_id, b.settings_revision, a.kind, a.state,
       a.level_1_micros, a.level_2_micros, a.level_3_micros, a.cut_floor_micros, a.keep_power, a.cut,
       c.customer_id, c.display_name, c.phone, c.email,
       coalesce(r.room_ids, '{}') AS room_ids, coalesce(r.room_names, '{}') AS room_names
FROM accounts a JOIN balances b USING (account_no) LEFT JOIN customers c USING (customer_id)
LEFT JOIN LATERAL (
    SELECT array_agg(room_id ORDER BY room_id) AS room_ids,
           array_agg(display_name ORDER BY room_id) AS room_names
    FROM rooms WHERE room_id IN (
        SELECT o.room_id FROM occupancies o WHERE o.account_no = a.account_no
            AND o.end_time IS NULL AND NOT o.deleted AND NOT o.vacancy)
) r ON true
WHERE a.account_no = ANY($1::bigint[])
)sql";

CreditTerms terms_of(const pg::Row& row) {
    CreditTerms terms;
    terms.kind = ledger_kind_from(row.text("kind"));
    terms.state = row.text("state") == "open" ? AccountState::kOpen : AccountState::kClosed;
    terms.levels = {Money::from_micros(row.number("level_1_micros")),
                    Money::from_micros(row.number("level_2_micros")),
                    Money::from_micros(row.number("level_3_micros")),
                    Money::from_micros(row.number("cut_floor_micros"))};
    terms.keep_power = row.get<bool>("keep_power");
    terms.cut = row.get<bool>("cut");
    return terms;
}

std::shared_ptr<const AccountProfile> to_profile(const pg::Row& row) {
    auto profile = profile_of(row);
    profile->settings_revision = row.number("settings_revision");
    profile->room_names = row.texts("room_names");
    return profile;
}

}  // namespace

std::shared_ptr<AccountProfile> profile_of(const pg::Row& row) {
    auto profile = std::make_shared<AccountProfile>();
    profile->account_no = row.number("account_no");
    profile->account_id = row.text("account_id");
    profile->site_id = row.text("site_id");
    profile->terms = terms_of(row);
    profile->customer_id = row.get_or<std::string>("customer_id", "");
    profile->customer_name = row.get_or<std::string>("display_name", "");
    profile->phone = row.get_or<std::string>("phone", "");
    profile->email = row.get_or<std::string>("email", "");
    profile->room_ids = row.texts("room_ids");
    return profile;
}

PgAccountBook::PgAccountBook(const outbox::Outbox& outbox, const Clock& clock)
    : outbox_(outbox), clock_(clock) {}

std::vector<std::int64_t> PgAccountBook::find(pqxx::work& tx,
                                              const std::vector<std::string>& account_ids) {
    std::vector<std::int64_t> found(account_ids.size(), 0);
    std::vector<std::string> missing;
    {
        const std::lock_guard lock(mutex_);
        for (std::size_t i = 0; i < account_ids.size(); ++i) {
            const auto known = account_nos_.find(account_ids[i]);
            if (known != account_nos_.end()) {
                found[i] = known->second;
            } else if (!account_ids[i].empty()) {
                missing.push_back(account_ids[i]);
            }
        }
    }
    if (missing.empty()) {
        return found;
    }
    const auto rows = run_prepared(
        tx, "book_find",
        "SELECT account_id, account_no FROM accounts WHERE account_id = ANY($1::text[])",
        pg::to_array(missing));
    std::unordered_map<std::string, std::int64_t> fresh;
    for (const pg::Row row : rows) {
        fresh[row.text("account_id")] = row.number("account_no");
    }
    for (std::size_t i = 0; i < account_ids.size(); ++i) {
        if (found[i] == 0) {
            const auto known = fresh.find(account_ids[i]);
            found[i] = known == fresh.end() ? 0 : known->second;
        }
    }
    const std::lock_guard lock(mutex_);
    if (account_nos_.size() + fresh.size() > kRememberedMax) {
        account_nos_.clear();
    }
    account_nos_.merge(fresh);
    return found;
}

Result<std::int64_t> PgAccountBook::find_purse(pqxx::work& tx, const std::string& account_id) {
    const auto rows = run_prepared(
        tx, "book_find_purse",
        "SELECT account_no FROM accounts WHERE account_id = $1 AND kind = 'purse'", account_id);
    if (rows.empty()) {
        return not_found("ACCOUNT_NOT_FOUND", "there is no account " + account_id);
    }
    return pg::only<std::int64_t>(rows[0]);
}

std::optional<SiteAccounts> PgAccountBook::find_site(pqxx::work& tx, const std::string& site_id) {
    {
        const std::lock_guard lock(mutex_);
        const auto known = sites_.find(site_id);
        if (known != sites_.end()) {
            return known->second;
        }
    }
    const auto rows = run_prepared(tx, "book_find_site",
                                   "SELECT kind, account_no"
                                   " FROM accounts a WHERE site_id = $1 AND kind <> 'purse'",
                                   site_id);
    if (rows.empty()) {
        return std::nullopt;
    }
    SiteAccounts site;
    for (const auto& row : rows) {
        const auto kind = row["kind"].as<std::string>();
        const auto account_no = row["account_no"].as<std::int64_t>();
        (kind == "cash"      ? site.cash_no
         : kind == "wechat"  ? site.provider_no
         : kind == "revenue" ? site.revenue_no
         : kind == "vacancy" ? site.vacancy_no
                             : site.suspense_no) = account_no;
    }
    const std::lock_guard lock(mutex_);
    sites_[site_id] = site;
    return site;
}

std::vector<PgAccountBook::ProfilePtr> PgAccountBook::read_profiles(
    pqxx::work& tx, const std::vector<std::int64_t>& nos) {
    std::vector<ProfilePtr> profiles;
    for (const auto& row : run_prepared(tx, "book_profiles", kProfiles, pg::to_array(nos))) {
        profiles.push_back(to_profile(row));
    }
    return profiles;
}

std::vector<LockedAccount> PgAccountBook::lock(pqxx::work& tx, std::vector<std::int64_t> nos) {
    std::sort(nos.begin(), nos.end());
    nos.erase(std::unique(nos.begin(), nos.end()), nos.end());
    const auto rows = run_prepared(tx, "book_lock", kLock, pg::to_array(nos));
    PREPAY_ASSERT(rows.size() == nos.size());
    std::vector<LockedAccount> accounts;
    accounts.reserve(nos.size());
    std::vector<std::int64_t> stale;
    {
        const std::lock_guard guard(mutex_);
        for (const pg::Row row : rows) {
            LockedAccount account;
            account.balance = {
                row.number("account_no"), Money::from_micros(row.number("balance_micros")),
                row.number("version"), Money::from_micros(row.number("credit_total_micros")),
                Money::from_micros(row.number("charge_total_micros"))};
            const auto known = profiles_.find(account.balance.account_no);
            if (known != profiles_.end() &&
                known->second->settings_revision == row.number("settings_revision")) {
                account.profile = known->second;
            } else {
                stale.push_back(account.balance.account_no);
            }
            accounts.push_back(std::move(account));
        }
    }
    if (stale.empty()) {
        return accounts;
    }
    std::unordered_map<std::int64_t, ProfilePtr> fresh;
    for (ProfilePtr& profile : read_profiles(tx, stale)) {
        fresh[profile->account_no] = std::move(profile);
    }
    const std::lock_guard guard(mutex_);
    if (profiles_.size() + fresh.size() > kRememberedMax) {
        profiles_.clear();
    }
    for (LockedAccount& account : accounts) {
        if (!account.profile) {
            account.profile = fresh.at(account.balance.account_no);
            profiles_[account.balance.account_no] = account.profile;
        }
    }
    return accounts;
}

LockedAccount PgAccountBook::lock_one(pqxx::work& tx, std::int64_t account_no) {
    return lock(tx, {account_no}).front();
}

LockedAccount PgAccountBook::touch(pqxx::work& tx, const LockedAccount& account) {
    run_prepared(
        tx, "book_touch",
        "UPDATE balances SET settings_revision = settings_revision + 1 WHERE account_no = $1",
        account.balance.account_no);
    LockedAccount touched = account;
    touched.profile = read_profiles(tx, {account.balance.account_no}).front();
    return touched;
}

void PgAccountBook::announce(pqxx::work& tx, const std::vector<AccountChange>& changes,
                             Instant now) {
    const outbox::EventWriter events = event_writer(outbox_, clock_);
    outbox::EventBatch batch(events, kTopic, &v1::BalancesChanged::mutable_changes);
    for (const AccountChange& change : changes) {
        const AccountProfile& profile = *change.after.profile;
        if (profile.terms.kind == LedgerKind::kPurse ||
            profile.terms.kind == LedgerKind::kVacancy) {
            fill(*batch.event_of(profile.account_id).add_changes(), change);
        }
    }
    batch.append(tx, now);
}

Status PgAccountBook::tell_balances(pqxx::work& tx, const outbox::SnapshotRequest& request,
                                    const outbox::EmitEvent& emit) {
    for (const auto& account :
         tx.exec("SELECT account_no, account_id, balance_micros, version, credit_total_micros,"
                 " charge_total_micros FROM accounts JOIN balances USING (account_no)"
                 " WHERE kind IN ('purse', 'vacancy') ORDER BY account_no")) {
        const auto account_id = account["account_id"].as<std::string>();
        if (partition_of(account_id, request.partition_count) != request.partition) {
            continue;
        }
        LockedAccount state;
        state.balance = {account["account_no"].as<std::int64_t>(),
                         Money::from_micros(account["balance_micros"].as<std::int64_t>()),
                         account["version"].as<std::int64_t>(),
                         Money::from_micros(account["credit_total_micros"].as<std::int64_t>()),
                         Money::from_micros(account["charge_total_micros"].as<std::int64_t>())};
        state.profile = read_profiles(tx, {state.balance.account_no}).front();
        v1::BalancesChanged event;
        fill(*event.add_changes(), {state, state});
        PREPAY_RETURN_IF_ERROR(
            event_writer(outbox_, clock_).emit(emit, request.topic, account_id, std::move(event)));
    }
    return absl::OkStatus();
}

}  // namespace prepay::account
