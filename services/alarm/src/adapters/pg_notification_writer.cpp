#include "adapters/pg_notification_writer.h"

#include <nlohmann/json.hpp>

#include "convert.h"
#include "core/ids.h"
#include "pg/database.h"
#include "pg/row.h"

namespace prepay::alarm {
namespace {

std::string webhook_body(const EpisodeFacts& facts, const std::string& notification_id,
                         const MessageText& text) {
    const nlohmann::ordered_json body = {
        {"type", facts.episode_id.empty() ? "prepay.alarm.test.v1" : "prepay.alarm.low-balance.v1"},
        {"notification_id", notification_id},
        {"episode_id", facts.episode_id},
        {"account_id", facts.account_id},
        {"site_id", facts.site_id},
        {"level", facts.level},
        {"level_word", level_word(facts.level)},
        {"nth", facts.nth},
        {"start_time", format_time(facts.start_time)},
        {"balance_micros", std::to_string(facts.balance.micros())},
        {"balance_yuan", yuan_text(facts.balance)},
        {"keep_power", facts.keep_power},
        {"room_names", facts.room_names},
        {"customer_name", facts.customer_name},
        {"subject", text.subject},
        {"text", text.body}};
    return body.dump();
}

}  // namespace

std::vector<Channel> read_channels(pqxx::work& tx) {
    std::vector<Channel> channels;
    for (const pg::Row row :
         tx.exec("SELECT channel_id, site_id, kind, enabled, target, secret,"
                 " extra_recipients, levels FROM channels ORDER BY channel_id")) {
        Channel channel;
        channel.channel_id = row.text("channel_id");
        channel.site_id = row.text("site_id");
        channel.kind = kind_from_text(row.text("kind"));
        channel.enabled = row.get<bool>("enabled");
        channel.target = row.text("target");
        channel.secret = row.text("secret");
        channel.extra_recipients = row.texts("extra_recipients");
        for (const std::int64_t level : row.numbers("levels")) {
            channel.levels.push_back(static_cast<int>(level));
        }
        channels.push_back(std::move(channel));
    }
    return channels;
}

std::string body_of(ChannelKind kind, const EpisodeFacts& facts, const std::string& notification_id,
                    const MessageText& text) {
    switch (kind) {
        case ChannelKind::kEmail:
            return text.body;
        case ChannelKind::kWebhook:
            break;
    }
    return webhook_body(facts, notification_id, text);
}

int write_notifications(pqxx::work& tx, const EpisodeFacts& facts,
                        const std::vector<Channel>& channels, const std::string& pay_url,
                        const Clock& clock) {
    const MessageText text = compose({facts.level, facts.room_names, facts.customer_name,
                                      facts.balance, facts.keep_power, pay_url});
    int written_count = 0;
    for (const Channel& channel : channels) {
        if (!covers(channel, facts.site_id, facts.level)) {
            continue;
        }
        for (const std::string& recipient : recipients_of(channel, facts.customer_email)) {
            const std::string id = new_id(clock);
            const auto result = tx.exec_params(
                "INSERT INTO notifications (notification_id, episode_id, account_id, level,"
                " channel_id, channel_kind, recipient, nth, subject, body, create_time, due_time,"
                " to_customer)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12)"
                " ON CONFLICT (episode_id, level, recipient, channel_id, nth) DO NOTHING",
                id, facts.episode_id, facts.account_id, facts.level, channel.channel_id,
                kind_text(channel.kind), recipient, facts.nth, text.subject,
                body_of(channel.kind, facts, id, text), pg::to_timestamptz(clock.now()),
                goes_to_customer(channel.kind, recipient, facts.customer_email));
            written_count += static_cast<int>(result.affected_rows());
        }
    }
    return written_count;
}

}  // namespace prepay::alarm
