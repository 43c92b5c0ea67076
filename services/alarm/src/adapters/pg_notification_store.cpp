#include "adapters/pg_notification_store.h"

#include "adapters/pg_notification_writer.h"
#include "convert.h"
#include "pg/row.h"

namespace prepay::alarm {
namespace {

constexpr int kRepeatsMax = 100;  // Episodes a transaction.
constexpr int kAbandonedMax = 100;

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

void write_step(pqxx::work& tx, const std::string& notification_id, int attempt_count,
                const NextStep& step, Instant now) {
    const bool is_final = step.state != NotificationState::kWaiting;
    // UNKNOWN and WAITING too: the mark may come late, after the lease, and it knows better.
    tx.exec_params(
        "UPDATE notifications SET state = $3, failure_reason = $4, lease_time = NULL,"
        " retry_left = $3 = 'UNKNOWN' AND $5::timestamptz IS NOT NULL,"
        " due_time = coalesce($5::timestamptz, due_time),"
        " finish_time = CASE WHEN $6 THEN $7::timestamptz END"
        " WHERE notification_id = $1 AND attempt_count = $2"
        " AND state IN ('SENDING', 'UNKNOWN', 'WAITING')",
        notification_id, attempt_count, state_text(step.state), step.reason,
        step.delay ? std::optional(pg::to_timestamptz(now + *step.delay)) : std::nullopt, is_final,
        pg::to_timestamptz(now));
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
            " is_retry = n.is_retry OR n.retry_left, retry_left = false, finish_time = NULL,"
            " lease_time = $2 WHERE n.notification_seq = (SELECT notification_seq"
            " FROM notifications WHERE (state = 'WAITING' OR retry_left) AND due_time <= $1"
            " ORDER BY due_time, notification_seq LIMIT 1 FOR UPDATE SKIP LOCKED)"
            " RETURNING n.notification_id, coalesce(n.episode_id, '') AS episode_id,"
            " n.account_id, n.to_customer, n.channel_kind, n.recipient, n.subject, n.body,"
            " n.attempt_count, n.is_retry,"
            " (SELECT c.secret FROM channels c WHERE c.channel_id = n.channel_id) AS secret",
            pg::to_timestamptz(now), pg::to_timestamptz(now + lease));
        if (rows.empty()) {
            return Claimed();
        }
        OutgoingNotification claimed;
        const pg::Row row(rows.front());
        claimed.notification_id = row.text("notification_id");
        claimed.episode_id = row.text("episode_id");
        claimed.account_id = row.text("account_id");
        claimed.to_customer = row.get<bool>("to_customer");
        claimed.kind = kind_from_text(row.text("channel_kind"));
        claimed.recipient = row.text("recipient");
        claimed.subject = row.text("subject");
        claimed.body = row.text("body");
        claimed.secret = row.get_or<std::string>("secret", "");
        claimed.attempt = {row.get<int>("attempt_count"), row.get<bool>("is_retry"),
                           is_idempotent(claimed.kind)};
        return Claimed(std::move(claimed));
    });
}

Status PgNotificationStore::mark(const std::string& notification_id, int attempt_count,
                                 const NextStep& step, Instant now) {
    return database_.transact([&](pqxx::work& tx) {
        write_step(tx, notification_id, attempt_count, step, now);
        return absl::OkStatus();
    });
}

Result<int> PgNotificationStore::close_abandoned(Instant now) {
    return database_.transact([&](pqxx::work& tx) -> Result<int> {
        const auto rows = tx.exec_params(
            "SELECT notification_id, channel_kind, attempt_count, is_retry,"
            " episode_id IS NULL AS is_test FROM notifications"
            " WHERE state = 'SENDING' AND lease_time < $1"
            " ORDER BY lease_time LIMIT $2 FOR UPDATE SKIP LOCKED",
            pg::to_timestamptz(now), kAbandonedMax);
        for (const pg::Row row : rows) {
            const Attempt attempt{row.get<int>("attempt_count"), row.get<bool>("is_retry"),
                                  is_idempotent(kind_from_text(row.text("channel_kind")))};
            const RetryRule& rule = row.get<bool>("is_test") ? kOneTry : config_.retry;
            const NextStep step = next_step(abandoned(), attempt, rule);
            write_step(tx, row.text("notification_id"), attempt.count, step, now);
        }
        return static_cast<int>(rows.size());
    });
}

Result<int> PgNotificationStore::plan_repeats(Instant now) {
    return database_.transact([&](pqxx::work& tx) -> Result<int> {
        const auto rows = tx.exec_params(
            "SELECT e.episode_id, e.account_id, e.site_id, e.level, e.nth + 1 AS next_nth, " +
                pg::micros("e.start_time") +
                " AS start_time, a.balance_micros, a.keep_power, a.room_names,"
                " a.customer_name, a.customer_email"
                " FROM episodes e JOIN accounts a USING (account_id)"
                " WHERE e.state = 'OPEN' AND e.next_notify_time <= $1"
                " ORDER BY e.next_notify_time LIMIT $2 FOR UPDATE OF e SKIP LOCKED",
            pg::to_timestamptz(now), kRepeatsMax);
        const std::vector<Channel> channels =
            rows.empty() ? std::vector<Channel>() : read_channels(tx);
        for (const pg::Row row : rows) {
            EpisodeFacts facts{row.text("episode_id"),
                               row.text("account_id"),
                               row.text("site_id"),
                               row.get<int>("level"),
                               row.get<int>("next_nth"),
                               row.time("start_time"),
                               Money::from_micros(row.number("balance_micros")),
                               row.get<bool>("keep_power"),
                               row.texts("room_names"),
                               row.text("customer_name"),
                               row.text("customer_email")};
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
        return pg::only<int>(
            tx.exec1("SELECT count(*) FROM notifications WHERE state = 'WAITING'"));
    });
}

}  // namespace prepay::alarm
