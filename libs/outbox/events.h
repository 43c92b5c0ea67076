#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/ids.h"
#include "core/proto_time.h"
#include "core/status.h"
#include "core/time.h"
#include "outbox/outbox.h"
#include "outbox/parts.h"
#include "telemetry/log.h"

namespace prepay::outbox {

/// Makes a service's events into messages: every one gets a header of its own (event id, time of
/// the fact, producer, trace id of the thread). `Event` is a protobuf message with an EventHeader
/// `header`. Events of many items are cut by their size, see in_parts(); `items` is the accessor of
/// the repeated field, e.g. `&v1::ChargesRated::mutable_charges`. Cheap to make. Thread-safe.
class EventMaker {
public:
    /// `producer` = "prepay-billing". The clock outlives it.
    EventMaker(const Clock& clock, std::string producer)
        : clock_(clock), producer_(std::move(producer)) {}

    template <typename Event>
    [[nodiscard]] NewMessage make(const std::string& topic, const std::string& key, Event event,
                                  Instant occur_time) const {
        set_header(event, occur_time);
        return {topic, key, event.SerializeAsString()};
    }

    /// An event of many items of one key, in as many messages as it takes.
    template <typename Event, typename Items>
    [[nodiscard]] std::vector<NewMessage> make(const std::string& topic, const std::string& key,
                                               Event event, Items* (Event::*items)(),
                                               Instant occur_time) const {
        return in_parts(topic, key, std::move(event), items,
                        [&](Event& part) { set_header(part, occur_time); });
    }

    /// Gives an event of a snapshot, of now.
    template <typename Event>
    Status emit(const EmitEvent& take, const std::string& topic, const std::string& key,
                Event event) const {
        return take(make(topic, key, std::move(event), clock_.now()));
    }

    /// The same of many items of one key.
    template <typename Event, typename Items>
    Status emit(const EmitEvent& take, const std::string& topic, const std::string& key,
                Event event, Items* (Event::*items)()) const {
        for (const NewMessage& part : make(topic, key, std::move(event), items, clock_.now())) {
            PREPAY_RETURN_IF_ERROR(take(part));
        }
        return absl::OkStatus();
    }

private:
    template <typename Event>
    void set_header(Event& event, Instant occur_time) const {
        auto& header = *event.mutable_header();
        header.set_event_id(new_id(clock_));
        set_time(*header.mutable_occur_time(), occur_time);
        header.set_producer(producer_);
        header.set_trace_id(telemetry::current_trace_id());
    }

    const Clock& clock_;
    const std::string producer_;
};

/// Writes a service's events into its outbox, in the transaction that makes them true.
class EventWriter : public EventMaker {
public:
    /// The outbox and the clock outlive it.
    EventWriter(const Outbox& outbox, const Clock& clock, std::string producer)
        : EventMaker(clock, std::move(producer)), outbox_(outbox) {}

    template <typename Event>
    void append(pqxx::work& tx, const std::string& topic, const std::string& key, Event event,
                Instant occur_time) const {
        const NewMessage message = make(topic, key, std::move(event), occur_time);
        outbox_.append(tx, message.topic, message.key, message.payload);
    }

    /// An event of many items of one key.
    template <typename Event, typename Items>
    void append(pqxx::work& tx, const std::string& topic, const std::string& key, Event event,
                Items* (Event::*items)(), Instant occur_time) const {
        outbox_.append_all(tx, make(topic, key, std::move(event), items, occur_time));
    }

    [[nodiscard]] const Outbox& outbox() const { return outbox_; }

private:
    const Outbox& outbox_;
};

/// The items of one transaction, one event a partition:
///     EventBatch charges(events, kChargesTopic, &v1::ChargesRated::mutable_charges);
///     *charges.event_of(charge.account_id).add_charges() = to_proto(charge);
///     charges.append(tx, clock.now());
/// The messages are in the order of the partitions, their items in the order of adding.
template <typename Event, typename Items>
class EventBatch {
public:
    EventBatch(const EventWriter& writer, std::string topic, Items* (Event::*items)())
        : writer_(writer), topic_(std::move(topic)), items_(items) {}

    /// The event of a key's partition, to add an item to. Its message gets the first key that it
    /// was asked for with: any key leads to the partition. Events with fields beside their items
    /// are told apart by `group` within a partition, in the order of the groups.
    Event& event_of(const std::string& key, const std::string& group = "") {
        const int partition = partition_of(key, writer_.outbox().partition_count());
        return events_.try_emplace({partition, group}, key, Event()).first->second.second;
    }

    /// Appends all of them in one round trip; an event without items is left out.
    void append(pqxx::work& tx, Instant occur_time) {
        std::vector<NewMessage> messages;
        for (auto& [place, keyed] : events_) {
            for (NewMessage& part :
                 writer_.make(topic_, keyed.first, std::move(keyed.second), items_, occur_time)) {
                messages.push_back(std::move(part));
            }
        }
        events_.clear();
        writer_.outbox().append_all(tx, messages);
    }

private:
    const EventWriter& writer_;
    const std::string topic_;
    Items* (Event::*const items_)();
    std::map<std::pair<int, std::string>, std::pair<std::string, Event>> events_;
};

}  // namespace prepay::outbox
