#include "convert.h"

#include <algorithm>

#include "core/assert.h"
#include "core/proto_time.h"

namespace prepay::alarm {
namespace {

bool has_nul(const std::string& text) { return text.find('\0') != std::string::npos; }

Status bad_message(const std::string& message) { return invalid_argument("BAD_MESSAGE", message); }

Result<AccountChange> change_from_proto(const account::v1::BalanceChange& proto,
                                        Instant occur_time) {
    AccountChange change;
    change.account_id = proto.account_id();
    change.site_id = proto.site_id();
    change.revision = {proto.version(), proto.settings_revision()};
    change.balance = Money::from_micros(proto.balance_micros());
    change.keep_power = proto.keep_power();
    change.alarms_wanted = !proto.vacancy() && proto.state() != account::v1::ACCOUNT_STATE_CLOSED;
    change.room_names.assign(proto.room_names().begin(), proto.room_names().end());
    change.customer_name = proto.customer().display_name();
    change.customer_email = proto.customer().email();
    change.occur_time = occur_time;
    if (change.account_id.empty()) {
        return bad_message("a balance change without account_id");
    }
    if (change.alarms_wanted && !proto.has_alarm_levels()) {
        return bad_message("account " + change.account_id + " without alarm levels");
    }
    bool is_bad_text = has_nul(change.account_id) || has_nul(change.site_id) ||
                       has_nul(change.customer_name) || has_nul(change.customer_email);
    for (const std::string& name : change.room_names) {
        is_bad_text = is_bad_text || has_nul(name);
    }
    if (is_bad_text) {
        return bad_message("a text with a NUL character");
    }
    const account::v1::AlarmLevels& levels = proto.alarm_levels();
    change.thresholds = {
        Money::from_micros(levels.level_1_micros()), Money::from_micros(levels.level_2_micros()),
        Money::from_micros(levels.level_3_micros()), Money::from_micros(levels.cut_floor_micros())};
    return change;
}

}  // namespace

Result<std::vector<AccountChange>> changes_from_payload(const std::string& payload) {
    account::v1::BalancesChanged event;
    if (!event.ParseFromString(payload)) {
        return bad_message("not a BalancesChanged");
    }
    const Instant occur_time = from_proto_time(event.header().occur_time());
    std::vector<AccountChange> changes;
    changes.reserve(static_cast<std::size_t>(event.changes_size()));
    for (const account::v1::BalanceChange& proto : event.changes()) {
        PREPAY_ASSIGN_OR_RETURN(AccountChange change, change_from_proto(proto, occur_time));
        changes.push_back(std::move(change));
    }
    return changes;
}

Result<Channel> channel_from_proto(const v1::Channel& proto) {
    Channel channel;
    channel.channel_id = proto.channel_id();
    channel.site_id = proto.site_id();
    switch (proto.kind()) {
        case v1::CHANNEL_KIND_EMAIL:
            channel.kind = ChannelKind::kEmail;
            break;
        case v1::CHANNEL_KIND_WEBHOOK:
            channel.kind = ChannelKind::kWebhook;
            channel.target = proto.target();
            channel.secret = proto.secret();
            break;
        default:
            return invalid_argument("BAD_CHANNEL_KIND", "kind must be EMAIL or WEBHOOK");
    }
    channel.enabled = proto.enabled();
    channel.extra_recipients.assign(proto.extra_recipients().begin(),
                                    proto.extra_recipients().end());
    channel.levels.assign(proto.levels().begin(), proto.levels().end());
    return channel;
}

v1::Channel to_proto(const Channel& channel, bool is_unmasked) {
    v1::Channel proto;
    proto.set_channel_id(channel.channel_id);
    proto.set_site_id(channel.site_id);
    proto.set_kind(kind_to_proto(channel.kind));
    proto.set_enabled(channel.enabled);
    proto.set_target(is_unmasked ? channel.target : mask_recipient(channel.target));
    for (const std::string& recipient : channel.extra_recipients) {
        proto.add_extra_recipients(is_unmasked ? recipient : mask_recipient(recipient));
    }
    for (const int level : channel.levels) {
        proto.add_levels(level);
    }
    return proto;
}

v1::ChannelKind kind_to_proto(ChannelKind kind) {
    switch (kind) {
        case ChannelKind::kEmail:
            return v1::CHANNEL_KIND_EMAIL;
        case ChannelKind::kWebhook:
            return v1::CHANNEL_KIND_WEBHOOK;
    }
    return v1::CHANNEL_KIND_UNSPECIFIED;
}

const char* kind_text(ChannelKind kind) {
    switch (kind) {
        case ChannelKind::kEmail:
            return "EMAIL";
        case ChannelKind::kWebhook:
            return "WEBHOOK";
    }
    return "";
}

ChannelKind kind_from_text(const std::string& text) {
    const auto* const found =
        std::find_if(kChannelKinds.begin(), kChannelKinds.end(),
                     [&text](ChannelKind kind) { return text == kind_text(kind); });
    PREPAY_ASSERT(found != kChannelKinds.end());
    return *found;
}

v1::NotificationState state_to_proto(const std::string& stored) {
    if (stored == "SENT") {
        return v1::NOTIFICATION_STATE_SENT;
    }
    if (stored == "FAILED") {
        return v1::NOTIFICATION_STATE_FAILED;
    }
    if (stored == "UNKNOWN") {
        return v1::NOTIFICATION_STATE_UNKNOWN;
    }
    return v1::NOTIFICATION_STATE_WAITING;
}

}  // namespace prepay::alarm
