#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "outbox/outbox.h"

namespace prepay::test {

/// The relay of a service's database to a broker, with a connection of its own.
std::unique_ptr<outbox::Relay> new_relay(
    pg::DatabaseOptions database, const std::string& brokers,
    const std::string& producer_name = "prepay-test",
    std::chrono::milliseconds delivery_timeout = std::chrono::milliseconds(3000));

/// Rounds until nothing waits, 30 s at most: a transaction of another test, anywhere on the server,
/// holds rows back for a while, so that a round without messages is no end. Whether it came to one.
bool publish_all(outbox::Relay& relay, pg::Database& database);

/// Of a stream that has no gaps: a subscriber that asks gets NO_REPLAY.
outbox::Replay no_replay();

}  // namespace prepay::test
