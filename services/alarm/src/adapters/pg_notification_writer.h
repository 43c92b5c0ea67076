#pragma once

#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "config.h"
#include "core/time.h"
#include "domain/channel.h"
#include "domain/episode.h"
#include "domain/message.h"

namespace prepay::alarm {

/// An episode that is told about, and what to say.
struct EpisodeFacts {
    std::string episode_id;
    std::string account_id;
    std::string site_id;
    int level = 1;
    int nth = 1;
    Instant start_time;
    Money balance;
    bool keep_power = false;
    std::vector<std::string> room_names;
    std::string customer_name;
    std::string customer_email;
};

/// Writes one WAITING notification per recipient of each channel that covers the episode, in the
/// caller's transaction; those that exist already stay. The number written.
int write_notifications(pqxx::work& tx, const EpisodeFacts& facts,
                        const std::vector<Channel>& channels, const std::string& pay_url,
                        const Clock& clock);

/// What a channel of this kind carries: the text, or the JSON of a webhook, with money as text, as
/// it does not fit every reader's numbers.
std::string body_of(ChannelKind kind, const EpisodeFacts& facts, const std::string& notification_id,
                    const MessageText& text);

/// All channels, by id.
std::vector<Channel> read_channels(pqxx::work& tx);

}  // namespace prepay::alarm
