#pragma once

#include <string>
#include <vector>

#include "core/status.h"
#include "domain/channel.h"
#include "domain/episode.h"
#include "prepay/account/v1/events.pb.h"
#include "prepay/alarm/v1/alarm.pb.h"

namespace prepay::alarm {

/// The changes of one event, in its order. Reason BAD_MESSAGE for what can never be taken in: bytes
/// that are no BalancesChanged, a change without account, an account with alarms but without
/// levels, a text with a NUL.
Result<std::vector<AccountChange>> changes_from_payload(const std::string& payload);

/// Reasons BAD_CHANNEL_KIND and those of check_channel (without the rules about the secret).
Result<Channel> channel_from_proto(const v1::Channel& proto);
/// Without the secret; target and recipients masked unless `is_unmasked`.
v1::Channel to_proto(const Channel& channel, bool is_unmasked);

v1::ChannelKind kind_to_proto(ChannelKind kind);
/// "EMAIL", "WEBHOOK" as stored; and back. The reverse asserts: the database checks them.
const char* kind_text(ChannelKind kind);
ChannelKind kind_from_text(const std::string& text);

/// A waiting or sending notification is "waiting" to its readers.
v1::NotificationState state_to_proto(const std::string& stored);

}  // namespace prepay::alarm
