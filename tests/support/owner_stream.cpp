#include "support/owner_stream.h"

#include <algorithm>
#include <stdexcept>
#include <thread>

#include "core/pause.h"
#include "support/outbox_parts.h"
#include "support/require.h"

namespace prepay::test {
OwnerStream::OwnerStream(const TestDatabase& files, int partition_count,
                         std::map<std::string, outbox::SnapshotSource> sources)
    : options_(files.options()),
      partition_count_(partition_count),
      sources_(std::move(sources)),
      database_(files.open()),
      relay_(new_relay(options_, broker_.brokers())) {
    for (const std::string& topic : topics()) {
        broker_.create_topic(topic, partition_count_);
    }
}

std::vector<std::string> OwnerStream::topics() const {
    std::vector<std::string> topics;
    for (const auto& [topic, source] : sources_) {
        topics.push_back(topic);
    }
    return topics;
}

void OwnerStream::publish() {
    if (!publish_all(*relay_, *database_)) {
        throw std::runtime_error("the outbox is not emptied");
    }
}

std::vector<kafka::Message> OwnerStream::forget() {
    publish();
    std::vector<kafka::Message> all;
    for (const std::string& topic : topics()) {
        for (int partition = 0; partition < partition_count_; ++partition) {
            const std::int64_t last = published(topic, partition);
            const auto kept =
                require(outbox::read_stored(*database_, topic, partition, 1, last + 1, 1'000'000));
            if (static_cast<std::int64_t>(kept.size()) != last) {
                throw std::runtime_error("a message of " + topic + " is not kept");
            }
            all.insert(all.end(), kept.begin(), kept.end());
        }
    }
    require(database_->transact([](pqxx::work& tx) {
        tx.exec("UPDATE outbox SET create_time = create_time - interval '8 days'");
        return absl::OkStatus();
    }));
    relay_.reset();
    relay_ = new_relay(options_, broker_.brokers());
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    const std::jthread thread([this](const std::stop_token& stop) { relay_->run(stop); });
    while (require(database_->read([](pqxx::work& tx) -> Result<bool> {
        return tx.exec1("SELECT EXISTS (SELECT FROM outbox) AS some")["some"].as<bool>();
    }))) {
        if (std::chrono::steady_clock::now() > deadline) {
            throw std::runtime_error("the outbox gives nothing up");
        }
        pause(std::stop_token(), std::chrono::milliseconds(20));
    }
    return all;
}

std::int64_t OwnerStream::published(const std::string& topic, int partition) const {
    for (const outbox::HighWater& mark :
         require(outbox::read_head(*database_, {topic})).partitions) {
        if (mark.partition == partition) {
            return mark.published;
        }
    }
    return 0;
}

Result<std::vector<kafka::Message>> OwnerStream::replay(const std::string& topic, int partition,
                                                        std::int64_t from, std::int64_t to) const {
    return outbox::read_stored(*database_, topic, partition, from, to, 100);
}

Result<std::int64_t> OwnerStream::snapshot(
    const std::string& topic, int partition, std::int64_t after,
    const std::function<Status(std::vector<kafka::Message>)>& take) const {
    std::vector<kafka::Message> piece;
    PREPAY_ASSIGN_OR_RETURN(
        const std::int64_t sequence,
        outbox::take_snapshot(*database_, {topic, partition, partition_count_, after, {}},
                              sources_.at(topic), [&](const outbox::NewMessage& event) -> Status {
                                  kafka::Message& message = piece.emplace_back();
                                  message.topic = event.topic;
                                  message.partition = partition;
                                  message.sequence = outbox::kSnapshotSequence;
                                  message.key = event.key;
                                  message.payload = event.payload;
                                  return piece.size() < 3 ? Status(absl::OkStatus())
                                                          : take(std::exchange(piece, {}));
                              }));
    if (!piece.empty()) {
        PREPAY_RETURN_IF_ERROR(take(std::move(piece)));
    }
    return sequence;
}

OwnersReader::OwnersReader(pg::Database& database, const outbox::Outbox& outbox,
                           const outbox::Handlers& handlers,
                           std::map<std::string, outbox::SnapshotSwap> swaps,
                           std::vector<OwnerStream*> owners)
    : handlers_(handlers), owners_(std::move(owners)) {
    outbox::SubscriberOptions options;
    options.group = "prepay-reader";
    options.swaps = std::move(swaps);
    for (const auto& [topic, handler] : handlers_) {
        options.topics.push_back(topic);
    }
    outbox::OwnerCalls calls;
    calls.replay = [this](const std::string& topic, int partition, std::int64_t from,
                          std::int64_t to) {
        return owner_of(topic).replay(topic, partition, from, to);
    };
    calls.fetch_snapshot = [this](const std::string& topic, int partition, std::int64_t after,
                                  const auto& take) {
        return owner_of(topic).snapshot(topic, partition, after, take);
    };
    subscriber_ = std::make_unique<outbox::Subscriber>(
        options, database, outbox, calls,
        [this](pqxx::work& tx, const std::vector<kafka::Message>& messages) {
            return outbox::handle(handlers_, tx, messages);
        });
    for (const auto& [topic, handler] : handlers_) {
        for (int partition = 0; partition < owner_of(topic).partition_count(); ++partition) {
            require(subscriber_->claim(topic, partition).status());
        }
    }
}

OwnerStream& OwnersReader::owner_of(const std::string& topic) const {
    for (OwnerStream* owner : owners_) {
        const std::vector<std::string> topics = owner->topics();
        if (std::find(topics.begin(), topics.end(), topic) != topics.end()) {
            return *owner;
        }
    }
    throw std::runtime_error("nobody owns " + topic);
}

void OwnersReader::catch_up() {
    for (const auto& [topic, handler] : handlers_) {
        OwnerStream& owner = owner_of(topic);
        for (int partition = 0; partition < owner.partition_count(); ++partition) {
            require(subscriber_->catch_up(topic, partition, owner.published(topic, partition)));
        }
    }
    if (require(subscriber_->dead_letter_count()) != 0) {
        throw std::runtime_error("a message could not be applied");
    }
}

void OwnersReader::repeat(const std::vector<kafka::Message>& messages) {
    for (const kafka::Message& message : messages) {
        if (handlers_.contains(message.topic)) {
            require(subscriber_->apply({message}));
        }
    }
}

std::int64_t OwnersReader::snapshot_count() const { return subscriber_->state().snapshot_count; }

}  // namespace prepay::test
