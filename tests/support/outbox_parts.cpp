#include "support/outbox_parts.h"

namespace prepay::test {

std::unique_ptr<outbox::Relay> new_relay(pg::DatabaseOptions database, const std::string& brokers,
                                         const std::string& producer_name,
                                         std::chrono::milliseconds delivery_timeout) {
    database.pool_size = 2;
    kafka::ProducerOptions options;
    options.brokers = brokers;
    options.client_id = producer_name;
    options.linger = std::chrono::milliseconds(1);
    options.delivery_timeout = delivery_timeout;
    return std::make_unique<outbox::Relay>(std::make_unique<pg::Database>(database),
                                           kafka::Producer::create(options).value(),
                                           outbox::RelayOptions{.producer_name = producer_name});
}

bool publish_all(outbox::Relay& relay, pg::Database& database) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (std::chrono::steady_clock::now() < deadline) {
        const bool went = relay.run_once().ok();
        const Result<outbox::Backlog> backlog = outbox::measure_backlog(database);
        if (went && backlog.ok() && backlog->message_count == 0) {
            return true;
        }
    }
    return false;
}

outbox::Replay no_replay() {
    return [](const std::string&, int, std::int64_t,
              std::int64_t) -> Result<std::vector<kafka::Message>> {
        return unavailable("NO_REPLAY", "there are no gaps here");
    };
}

}  // namespace prepay::test
