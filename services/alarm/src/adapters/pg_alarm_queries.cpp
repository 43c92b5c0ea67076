#include "adapters/pg_alarm_queries.h"

#include <algorithm>

#include "adapters/pg_notification_writer.h"
#include "core/proto_time.h"
#include "pg/page.h"
#include "pg/row.h"
#include "rpc/request_rules.h"

namespace prepay::alarm {
namespace {

const std::string kEpisodeColumns =
    "SELECT e.episode_seq, e.episode_id, e.account_id, e.site_id, e.level, e.state, " +
    pg::micros("e.start_time") + " AS start_time, " + pg::micros("e.end_time") +
    " AS end_time, e.balance_micros, e.customer_name,"
    " (SELECT count(*) FROM notifications n WHERE n.episode_id = e.episode_id) AS "
    "notification_count"
    " FROM episodes e";

const std::string kNotificationColumns =
    "SELECT notification_seq, notification_id, episode_id, account_id, level, channel_kind,"
    " channel_id, recipient, nth, state, subject, body, " +
    pg::micros("create_time") + " AS create_time, " + pg::micros("finish_time") +
    " AS finish_time, attempt_count, failure_reason, CASE WHEN retry_left THEN " +
    pg::micros("due_time") + " END AS retry_time FROM notifications";

v1::Episode episode_of(const pg::Row& row) {
    v1::Episode episode;
    episode.set_episode_id(row.text("episode_id"));
    episode.set_account_id(row.text("account_id"));
    episode.set_site_id(row.text("site_id"));
    episode.set_level(row.get<int>("level"));
    episode.set_state(row.text("state") == "OPEN" ? v1::EPISODE_STATE_OPEN
                                                  : v1::EPISODE_STATE_ENDED);
    set_time(*episode.mutable_start_time(), row.time("start_time"));
    if (!row.is_null("end_time")) {
        set_time(*episode.mutable_end_time(), row.time("end_time"));
    }
    episode.set_balance_micros(row.number("balance_micros"));
    episode.set_customer_name(row.text("customer_name"));
    episode.set_notification_count(row.get<int>("notification_count"));
    return episode;
}

v1::Notification notification_of(const pg::Row& row, bool is_unmasked) {
    v1::Notification notification;
    notification.set_notification_id(row.text("notification_id"));
    notification.set_episode_id(row.get_or<std::string>("episode_id", ""));
    notification.set_account_id(row.text("account_id"));
    notification.set_level(row.get<int>("level"));
    notification.set_channel_kind(kind_to_proto(kind_from_text(row.text("channel_kind"))));
    notification.set_channel_id(row.text("channel_id"));
    const std::string recipient = row.text("recipient");
    notification.set_recipient(is_unmasked ? recipient : mask_recipient(recipient));
    notification.set_nth(row.get<int>("nth"));
    notification.set_state(state_to_proto(row.text("state")));
    notification.set_subject(row.text("subject"));
    notification.set_body(row.text("body"));
    set_time(*notification.mutable_create_time(), row.time("create_time"));
    if (!row.is_null("finish_time")) {
        set_time(*notification.mutable_finish_time(), row.time("finish_time"));
    }
    notification.set_attempt_count(row.get<int>("attempt_count"));
    notification.set_failure_reason(row.text("failure_reason"));
    if (!row.is_null("retry_time")) {
        set_time(*notification.mutable_retry_time(), row.time("retry_time"));
    }
    return notification;
}

std::string level_array(const std::vector<int>& levels) {
    return pg::to_array(std::vector<std::int64_t>(levels.begin(), levels.end()));
}

}  // namespace

v1::Episode read_episode(pqxx::work& tx, const std::string& episode_id) {
    return episode_of(tx.exec_params1(kEpisodeColumns + " WHERE e.episode_id = $1", episode_id));
}

Result<v1::ListEpisodesResponse> list_episodes(pg::Database& database,
                                               const v1::ListEpisodesRequest& request) {
    PREPAY_ASSIGN_OR_RETURN(const std::int64_t border, rpc::sequence_of(request.page_token()));
    const int size = rpc::page_size_of(request.page_size());
    return database.read([&](pqxx::work& tx) -> Result<v1::ListEpisodesResponse> {
        v1::ListEpisodesResponse response;
        const auto rows = tx.exec_params(
            kEpisodeColumns +
                " WHERE ($1 = 0 OR e.episode_seq < $1) AND ($2 = '' OR e.account_id = $2)"
                " AND ($3 = '' OR e.site_id = $3) AND (NOT $4 OR e.state = 'OPEN')"
                " ORDER BY e.episode_seq DESC LIMIT $5",
            border, request.account_id(), request.site_id(), request.open_only(), size + 1);
        pg::fill_page(rows, size, "episode_seq", response,
                      [&](const pg::Row& row) { *response.add_episodes() = episode_of(row); });
        return response;
    });
}

Result<v1::ListNotificationsResponse> list_notifications(
    pg::Database& database, const v1::ListNotificationsRequest& request, bool is_unmasked) {
    PREPAY_ASSIGN_OR_RETURN(const std::int64_t border, rpc::sequence_of(request.page_token()));
    const int size = rpc::page_size_of(request.page_size());
    return database.read([&](pqxx::work& tx) -> Result<v1::ListNotificationsResponse> {
        v1::ListNotificationsResponse response;
        const auto rows = tx.exec_params(
            kNotificationColumns +
                " WHERE ($1 = 0 OR notification_seq < $1) AND ($2 = '' OR account_id = $2)"
                " AND ($3 = '' OR episode_id = $3)"
                " ORDER BY notification_seq DESC LIMIT $4",
            border, request.account_id(), request.episode_id(), size + 1);
        pg::fill_page(rows, size, "notification_seq", response, [&](const pg::Row& row) {
            *response.add_notifications() = notification_of(row, is_unmasked);
        });
        return response;
    });
}

Result<std::vector<Channel>> list_channels(pg::Database& database) {
    return database.read(
        [](pqxx::work& tx) -> Result<std::vector<Channel>> { return read_channels(tx); });
}

namespace {

// The secret is in no hash of the request, so the channel's own tells a repetition from another
// request. An empty one stands for whatever there is.
Status check_same_secret(pqxx::work& tx, const std::string& answer, const std::string& secret) {
    v1::PutChannelResponse response;
    response.ParseFromString(answer);
    const auto same =
        tx.exec_params1("SELECT count(*) AS n FROM channels WHERE channel_id = $1 AND secret <> $2",
                        response.channel().channel_id(), secret);
    return secret.empty() || same["n"].as<int>() == 0
               ? absl::OkStatus()
               : already_exists("REQUEST_ID_REUSED",
                                "this request_id stored the channel with another secret");
}

}  // namespace

Result<v1::PutChannelResponse> put_channel(pg::Database& database, const pg::RequestKey& key,
                                           Channel channel) {
    const std::string given_secret = channel.secret;
    PREPAY_ASSIGN_OR_RETURN(
        const std::string answer, database.transact([&](pqxx::work& tx) -> Result<std::string> {
            PREPAY_ASSIGN_OR_RETURN(std::optional<std::string> known, pg::find_answer(tx, key));
            if (known) {
                PREPAY_RETURN_IF_ERROR(check_same_secret(tx, *known, given_secret));
                return *std::move(known);
            }
            return pg::answer_once(tx, key, [&](pqxx::work&) -> Result<std::string> {
                const auto stored = tx.exec_params(
                    "SELECT kind, secret FROM channels WHERE channel_id = $1 FOR UPDATE",
                    channel.channel_id);
                if (!stored.empty() &&
                    pg::Row(stored.front()).text("kind") != kind_text(channel.kind)) {
                    return failed_precondition(
                        "CHANNEL_KIND_FIXED",
                        "the kind of a channel cannot change; add another one");
                }
                if (!stored.empty() && channel.secret.empty()) {
                    channel.secret = pg::Row(stored.front()).text("secret");
                }
                if (const auto problem = check_channel(channel)) {
                    return invalid_argument(problem->reason, problem->message);
                }
                tx.exec_params(
                    "INSERT INTO channels (channel_id, site_id, kind, enabled, target, secret,"
                    " extra_recipients, levels) VALUES ($1, $2, $3, $4, $5, $6, $7::text[],"
                    " $8::smallint[]) ON CONFLICT (channel_id) DO UPDATE SET"
                    " site_id = EXCLUDED.site_id, enabled = EXCLUDED.enabled,"
                    " target = EXCLUDED.target, secret = EXCLUDED.secret,"
                    " extra_recipients = EXCLUDED.extra_recipients, levels = EXCLUDED.levels,"
                    " update_time = now()",
                    channel.channel_id, channel.site_id, kind_text(channel.kind), channel.enabled,
                    channel.target, channel.secret, pg::to_array(channel.extra_recipients),
                    level_array(channel.levels));
                v1::PutChannelResponse response;
                *response.mutable_channel() = to_proto(channel, true);
                return response.SerializeAsString();
            });
        }));
    v1::PutChannelResponse response;
    response.ParseFromString(answer);
    return response;
}

Status ensure_default_channel(pg::Database& database) {
    return database.transact([](pqxx::work& tx) {
        tx.exec(
            "INSERT INTO channels (channel_id, site_id, kind, enabled, target, secret,"
            " extra_recipients, levels) VALUES ('customer-mail', '', 'EMAIL', true, '', '', '{}',"
            " '{}') ON CONFLICT (channel_id) DO NOTHING");
        return absl::OkStatus();
    });
}

Status insert_test(pg::Database& database, const Channel& channel,
                   const std::string& notification_id, const std::string& recipient,
                   const std::string& subject, const std::string& body, Instant now,
                   Duration lease) {
    return database.transact([&](pqxx::work& tx) {
        tx.exec_params(
            "INSERT INTO notifications (notification_id, account_id, level, channel_id,"
            " channel_kind, recipient, nth, state, subject, body, create_time, due_time,"
            " lease_time, attempt_count)"
            " VALUES ($1, '', 0, $2, $3, $4, 1, 'SENDING', $5, $6, $7, $7, $8, 1)",
            notification_id, channel.channel_id, kind_text(channel.kind), recipient, subject, body,
            pg::to_timestamptz(now), pg::to_timestamptz(now + lease));
        return absl::OkStatus();
    });
}

Result<v1::Notification> read_notification(pg::Database& database,
                                           const std::string& notification_id, bool is_unmasked) {
    return database.read([&](pqxx::work& tx) -> Result<v1::Notification> {
        return notification_of(
            tx.exec_params1(kNotificationColumns + " WHERE notification_id = $1", notification_id),
            is_unmasked);
    });
}

}  // namespace prepay::alarm
