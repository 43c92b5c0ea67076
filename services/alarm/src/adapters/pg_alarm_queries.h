#pragma once

#include <pqxx/pqxx>
#include <string>

#include "convert.h"
#include "pg/database.h"
#include "pg/request_answer.h"

namespace prepay::alarm {

/// One episode with the number of its notifications; it must exist.
v1::Episode read_episode(pqxx::work& tx, const std::string& episode_id);

/// Newest first. Reason BAD_PAGE_TOKEN.
Result<v1::ListEpisodesResponse> list_episodes(pg::Database& database,
                                               const v1::ListEpisodesRequest& request);
Result<v1::ListNotificationsResponse> list_notifications(
    pg::Database& database, const v1::ListNotificationsRequest& request, bool is_unmasked);

Result<std::vector<Channel>> list_channels(pg::Database& database);

/// Stores a checked channel once per request; an empty secret keeps the stored one. Reasons
/// CHANNEL_KIND_FIXED, BAD_SECRET, those of check_channel, REQUEST_ID_REUSED.
Result<v1::PutChannelResponse> put_channel(pg::Database& database, const pg::RequestKey& key,
                                           Channel channel);

/// The mail channel to the customer's own address that every installation with a mail server begins
/// with. Does nothing once it exists, also when it was switched off.
Status ensure_default_channel(pg::Database& database);

/// A test notification in state SENDING, to be sent and marked by the caller.
Status insert_test(pg::Database& database, const Channel& channel,
                   const std::string& notification_id, const std::string& recipient,
                   const std::string& subject, const std::string& body, Instant now,
                   Duration lease);
Result<v1::Notification> read_notification(pg::Database& database,
                                           const std::string& notification_id, bool is_unmasked);

}  // namespace prepay::alarm
