#include "adapters/pg_episode_writer.h"

#include <optional>
#include <set>

#include "adapters/pg_alarm_queries.h"
#include "core/crash_point.h"
#include "core/ids.h"
#include "pg/database.h"
#include "pg/row.h"
#include "telemetry/log.h"

namespace prepay::alarm {
namespace {

constexpr const char* kProducer = "prepay-alarm";

// What an account is after the batch; written once however many changes it had.
struct Account {
    AccountMemory memory;
    const AccountChange* last = nullptr;  // Last change taken.
};
using Accounts = std::map<std::string, Account>;

// Locked in id order.
Accounts load_accounts(pqxx::work& tx, const std::vector<AccountChange>& changes) {
    std::set<std::string> ids;
    for (const AccountChange& change : changes) {
        ids.insert(change.account_id);
    }
    Accounts accounts;
    const auto rows = tx.exec_params(
        "SELECT account_id, version, settings_revision, open_levels FROM accounts"
        " WHERE account_id = ANY ($1::text[]) ORDER BY account_id FOR UPDATE",
        pg::to_array(std::vector<std::string>(ids.begin(), ids.end())));
    for (const pg::Row row : rows) {
        accounts[row.text("account_id")].memory = {
            {row.number("version"), row.number("settings_revision")},
            LevelSet::from_bits(row.get<int>("open_levels"))};
    }
    return accounts;
}

void store_accounts(pqxx::work& tx, const Accounts& accounts, Instant now) {
    std::vector<std::string> ids, sites, names, emails;
    std::vector<std::string> rooms;  // Array literals.
    std::vector<std::int64_t> versions, revisions, balances, keeps, levels;
    for (const auto& [id, account] : accounts) {
        if (account.last == nullptr) {
            continue;
        }
        ids.push_back(id);
        sites.push_back(account.last->site_id);
        versions.push_back(account.memory.revision.version);
        revisions.push_back(account.memory.revision.settings_revision);
        balances.push_back(account.last->balance.micros());
        keeps.push_back(account.last->keep_power ? 1 : 0);
        rooms.push_back(pg::to_array(account.last->room_names));
        names.push_back(account.last->customer_name);
        emails.push_back(account.last->customer_email);
        levels.push_back(account.memory.open.bits());
    }
    tx.exec_params(
        "INSERT INTO accounts (account_id, site_id, version, settings_revision, balance_micros,"
        " keep_power, room_names, customer_name, customer_email, open_levels, update_time)"
        " SELECT u.id, u.site, u.version, u.revision, u.balance, u.keep <> 0,"
        " u.rooms::text[], u.name, u.email, u.levels, $11"
        " FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[],"
        " $6::bigint[], $7::text[], $8::text[], $9::text[], $10::bigint[])"
        " AS u (id, site, version, revision, balance, keep, rooms, name, email, levels)"
        " ON CONFLICT (account_id) DO UPDATE SET site_id = EXCLUDED.site_id,"
        " version = EXCLUDED.version, settings_revision = EXCLUDED.settings_revision,"
        " balance_micros = EXCLUDED.balance_micros, keep_power = EXCLUDED.keep_power,"
        " room_names = EXCLUDED.room_names, customer_name = EXCLUDED.customer_name,"
        " customer_email = EXCLUDED.customer_email, open_levels = EXCLUDED.open_levels,"
        " update_time = EXCLUDED.update_time",
        pg::to_array(ids), pg::to_array(sites), pg::to_array(versions), pg::to_array(revisions),
        pg::to_array(balances), pg::to_array(keeps), pg::to_array(rooms), pg::to_array(names),
        pg::to_array(emails), pg::to_array(levels), pg::to_timestamptz(now));
}

}  // namespace

EpisodeWriter::EpisodeWriter(const outbox::Outbox& outbox, const AlarmConfig& config,
                             const Clock& clock, const AlarmMetrics& metrics)
    : events_(outbox, clock, kProducer), config_(config), clock_(clock), metrics_(metrics) {}

void EpisodeWriter::apply(pqxx::work& tx, const std::vector<AccountChange>& changes) const {
    Accounts accounts = load_accounts(tx, changes);
    std::optional<std::vector<Channel>> channels;  // Read at the first crossing, which is rare.
    for (const AccountChange& change : changes) {
        Account& account = accounts[change.account_id];
        const EpisodeDecision decision = decide(account.memory, change);
        if (decision.stale) {
            metrics_.stale_change();
            continue;
        }
        account.memory = {change.revision, decision.open};
        account.last = &change;
        for (int level = 1; level <= kLevelCount; ++level) {
            if (decision.ended.has(level)) {
                end(tx, change, level);
            }
            if (decision.opened.has(level)) {
                if (!channels) {
                    channels = read_channels(tx);
                }
                open(tx, change, level, *channels);
            }
        }
    }
    store_accounts(tx, accounts, clock_.now());
    if (channels) {
        PREPAY_CRASH_POINT("alarm.stored");
    }
}

void EpisodeWriter::open(pqxx::work& tx, const AccountChange& change, int level,
                         const std::vector<Channel>& channels) const {
    const RepeatRule& repeat = config_.repeats[static_cast<std::size_t>(level - 1)];
    const EpisodeFacts facts{new_id(clock_),
                             change.account_id,
                             change.site_id,
                             level,
                             1,
                             change.occur_time,
                             change.balance,
                             change.keep_power,
                             change.room_names,
                             change.customer_name,
                             change.customer_email};
    tx.exec_params(
        "INSERT INTO episodes (episode_id, account_id, site_id, level, start_time, balance_micros,"
        " customer_name, next_notify_time)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, nullif($8, '')::timestamptz)",
        facts.episode_id, facts.account_id, facts.site_id, level,
        pg::to_timestamptz(facts.start_time), facts.balance.micros(), facts.customer_name,
        repeat.count > 1 ? pg::to_timestamptz(clock_.now() + repeat.gap) : std::string());
    const int count = write_notifications(tx, facts, channels, config_.pay_url, clock_);
    if (count == 0) {
        telemetry::log_warning("an episode reaches nobody: no channel or no address",
                               {{"episode_id", facts.episode_id}});
    }
    publish(tx, facts.episode_id, change.occur_time);
    metrics_.episode_opened(level);
}

void EpisodeWriter::end(pqxx::work& tx, const AccountChange& change, int level) const {
    const auto rows = tx.exec_params(
        "UPDATE episodes SET state = 'ENDED', end_time = greatest($3, start_time),"
        " next_notify_time = NULL"
        " WHERE account_id = $1 AND level = $2 AND state = 'OPEN' RETURNING episode_id",
        change.account_id, level, pg::to_timestamptz(change.occur_time));
    for (const auto& row : rows) {
        publish(tx, pg::only<std::string>(row), change.occur_time);
        metrics_.episode_ended(level);
    }
}

void EpisodeWriter::publish(pqxx::work& tx, const std::string& episode_id,
                            Instant occur_time) const {
    v1::EpisodeChanged event;
    *event.mutable_episode() = read_episode(tx, episode_id);
    const std::string key = event.episode().account_id();
    events_.append(tx, kAlarmsTopic, key, std::move(event), occur_time);
}

}  // namespace prepay::alarm
