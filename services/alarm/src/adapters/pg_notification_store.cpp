#include "adapters/pg_notification_store.h"

#include "adapters/pg_notification_writer.h"
#include "convert.h"

namespace prepay::alarm {
namespace {

constexpr int kRepeatsMax = 100;  // Episodes a transaction.

const char* state_text(NotificationState state) {
    switch (state) {
        case NotificationState::kWaiting:
            return "WAITING";
        case NotificationState::kSending:
            return "SENDING";
        case NotificationState::kSent:
            return "SENT";
        case NotificationState::kFailed:
            return "FAILED";
        case NotificationState::kUnknown:
            return "UNKNOWN";
    }
    return "";
}

}  // namespace

PgNotificationStore::PgNotificationStore(pg::Database& database, const AlarmConfig& config,
                                         const Clock& clock)
    : database_(database), config_(config), clock_(clock) {}

Result<std::optional<OutgoingNotification>> PgNotificationStore::claim_next(Instant now,
                                                                            Duration lease) {
    using Claimed = std::optional<OutgoingNotification>;
    return database_.transact([&](pqxx::work& tx) -> Result<Claimed> {
        const auto rows = tx.exec_params(
            "UPDATE notifications n SET state = 'SENDING', attempt_count = n.attempt_count + 1,"
            " lease_time = $2 WHERE n.notification_seq = (SELECT notification_seq FROM "
            "notifications"
            " WHERE state = 'WAITING' AND due_time <= $1 ORDER BY due_time, notification_seq LIMIT "
            "1"
            " FOR UPDATE SKIP LOCKED)"
            " RETURNING n.notification_id, n.channel_kind, n.recipient, n.subject, n.body,"
            " n.attempt_count,"
            " (SELECT c.secret FROM channels c WHERE c.channel_id = n.channel_id)",
            pg::to_timestamptz(now), pg::to_timestamptz(now + lease));
        if (rows.empty()) {
            return Claimed();
        }
        OutgoingNotification claimed;
        claimed.notification_id = rows[0][0].as<std::string>();
        claimed.kind = kind_from_text(rows[0][1].as<std::string>());
        claimed.recipient = rows[0][2].as<std::string>();
        claimed.subject = rows[0][3].as<std::string>();
        claimed.body = rows[0][4].as<std::string>();
        claimed.attempt_count = rows[0][5].as<int>();
        claimed.secret = rows[0][6].as<std::string>("");
        return Claimed(std::move(claimed));
    });
}

Status PgNotificationStore::mark(const std::string& notification_id, int attempt_count,
                                 const NextStep& step, Instant now) {
    const bool is_final = step.state != NotificationState::kWaiting;
    return database_.transact([&](pqxx::work& tx) {
        // UNKNOWN too: the mark may come late, after the lease, and it knows better.
        tx.exec_params(
            "UPDATE notifications SET state = $3, failure_reason = $4, lease_time = NULL,"
            " due_time = CASE WHEN $5 THEN due_time ELSE $6::timestamptz END,"
            " finish_time = CASE WHEN $5 THEN $7::timestamptz END"
            " WHERE notification_id = $1 AND attempt_count = $2 AND state IN ('SENDING', "
            "'UNKNOWN')",
            notification_id, attempt_count, state_text(step.state), step.reason, is_final,
            pg::to_timestamptz(now + step.delay), pg::to_timestamptz(now));
        return absl::OkStatus();
    });
}

Result<int> PgNotificationStore::close_abandoned(Instant now) {
    return database_.transact([&](pqxx::work& tx) -> Result<int> {
        const auto closed = tx.exec_params(
            "UPDATE notifications SET state = 'UNKNOWN', failure_reason = 'ANSWER_LOST',"
            " finish_time = $1 WHERE state = 'SENDING' AND lease_time < $1",
            pg::to_timestamptz(now));
        return static_cast<int>(closed.affected_rows());
    });
}

Result<int> PgNotificationStore::plan_repeats(Instant now) {
    return database_.transact([&](pqxx::work& tx) -> Result<int> {
        const auto rows = tx.exec_params(
            "SELECT e.episode_id, e.account_id, e.site_id, e.level, e.nth + 1, " +
                pg::micros("e.start_time") +
                ", a.balance_micros, a.keep_power, array_to_string(a.room_names, chr(31)),"
                " a.customer_name, a.customer_email"
                " FROM episodes e JOIN accounts a USING (account_id)"
                " WHERE e.state = 'OPEN' AND e.next_notify_time <= $1"
                " ORDER BY e.next_notify_time LIMIT $2 FOR UPDATE OF e SKIP LOCKED",
            pg::to_timestamptz(now), kRepeatsMax);
        const std::vector<Channel> channels =
            rows.empty() ? std::vector<Channel>() : read_channels(tx);
        for (const auto& row : rows) {
            EpisodeFacts facts{row[0].as<std::string>(),
                               row[1].as<std::string>(),
                               row[2].as<std::string>(),
                               row[3].as<int>(),
                               row[4].as<int>(),
                               from_micros(row[5].as<std::int64_t>()),
                               Money::from_micros(row[6].as<std::int64_t>()),
                               row[7].as<bool>(),
                               split_list(row[8].as<std::string>()),
                               row[9].as<std::string>(),
                               row[10].as<std::string>()};
            const RepeatRule& rule = config_.repeats[static_cast<std::size_t>(facts.level - 1)];
            if (facts.nth <= rule.count) {  // The rule may have become shorter since.
                write_notifications(tx, facts, channels, config_.pay_url, clock_);
            }
            tx.exec_params(
                "UPDATE episodes SET nth = least(nth + 1, $3),"
                " next_notify_time = nullif($2, '')::timestamptz WHERE episode_id = $1",
                facts.episode_id,
                facts.nth < rule.count ? pg::to_timestamptz(now + rule.gap) : std::string(),
                rule.count);
        }
        return static_cast<int>(rows.size());
    });
}

Result<int> PgNotificationStore::count_waiting() {
    return database_.read([](pqxx::work& tx) -> Result<int> {
        return tx.exec1("SELECT count(*) FROM notifications WHERE state = 'WAITING'")[0].as<int>();
    });
}

}  // namespace prepay::alarm
