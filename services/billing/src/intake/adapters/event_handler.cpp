#include "intake/adapters/event_handler.h"

#include <algorithm>
#include <tuple>

#include "charges/adapters/pg_accounts.h"
#include "charges/adapters/pg_charges.h"
#include "charges/adapters/pg_rooms.h"
#include "core/crash_point.h"
#include "intake/convert.h"
#include "prepay/account/v1/events.pb.h"
#include "prepay/metering/v1/events.pb.h"
#include "rating/adapters/pg_meters.h"

namespace prepay::billing {
namespace {

constexpr const char* kReadingsTopic = "prepay.metering.readings.v1";
constexpr const char* kOccupanciesTopic = "prepay.account.occupancies.v1";
constexpr const char* kRoomsTopic = "prepay.account.rooms.v1";
constexpr const char* kGroup = "prepay-billing";
/// A message may hold thousands of readings bad for one reason.
constexpr int kReasonCountMax = 5;
/// Of a gateway's channels, the one that counts what is billed.
constexpr int kBillingChannel = 0;

/// What a message tells of one meter.
struct MeterNews {
    std::vector<Reading> readings;
    std::map<int, Resource> resources;  ///< By epoch, of the last one that says it.
};
using ReadingsByMeter = std::map<std::string, MeterNews>;
using OccupanciesByMeter = std::map<std::string, std::vector<Occupancy>>;

Status bad(const kafka::Message& message, const std::string& why) {
    return outbox::bad_message(message.topic + " offset " + std::to_string(message.offset) + ": " +
                               why);
}

/// The readings of a message that can be billed, added to `by_meter`. What cannot is set aside as a
/// message of its own, so that the good neighbours are rated now and a redrive sees the bad only.
Status take_readings(pqxx::work& tx, const outbox::Outbox& outbox, const kafka::Message& message,
                     ReadingsByMeter& by_meter) {
    metering::v1::ReadingsRecorded event;
    if (!event.ParseFromString(message.payload)) {
        return bad(message, "not a ReadingsRecorded");
    }
    metering::v1::ReadingsRecorded refused;
    std::string reasons;
    bool any_good = false;
    for (const metering::v1::Reading& proto : event.readings()) {
        if (proto.channel() != kBillingChannel) {
            continue;
        }
        const Result<Reading> reading = reading_from_proto(proto);
        if (reading.ok()) {
            MeterNews& news = by_meter[proto.meter_id()];
            news.readings.push_back(*reading);
            if (proto.resource() != common::v1::RESOURCE_UNSPECIFIED) {
                news.resources[proto.register_epoch()] = from_proto(proto.resource());
            }
            any_good = true;
        } else if (*refused.add_readings() = proto; refused.readings_size() <= kReasonCountMax) {
            reasons += (reasons.empty() ? "" : "; ") + proto.meter_id() + " reading " +
                       std::to_string(proto.reading_id()) + ": " + error_message(reading.status());
        }
    }
    if (refused.readings().empty()) {
        return absl::OkStatus();
    }
    if (!any_good) {
        return bad(message, reasons);
    }
    *refused.mutable_header() = event.header();
    kafka::Message part = message;
    part.payload = refused.SerializeAsString();
    outbox::set_aside(tx, outbox, kGroup, part, reasons);
    return absl::OkStatus();
}

Result<OccupanciesByMeter> parse_occupancies(const std::vector<kafka::Message>& messages) {
    OccupanciesByMeter by_meter;
    for (const kafka::Message& message : messages) {
        account::v1::OccupanciesChanged event;
        if (!event.ParseFromString(message.payload)) {
            return bad(message, "not an OccupanciesChanged");
        }
        for (const account::v1::Occupancy& proto : event.occupancies()) {
            Result<Occupancy> occupancy = occupancy_from_proto(proto);
            if (!occupancy.ok()) {
                return bad(message, error_message(occupancy.status()));
            }
            by_meter[proto.meter_id()].push_back(*std::move(occupancy));
        }
    }
    return by_meter;
}

template <typename Map>
std::vector<std::string> names_of(const Map& map) {
    std::vector<std::string> names;
    names.reserve(map.size());
    for (const auto& entry : map) {
        names.push_back(entry.first);
    }
    return names;
}

bool is_late(const MeterState& meter, const Reading& reading) {
    return meter.base && reading.revision == 0 &&
           std::tie(reading.epoch, reading.slot_time) <
               std::tie(meter.base->epoch, meter.base->slot_time);
}

/// Takes meters back that get a reading from before their base that tells something new.
void rewind_to_late_readings(pqxx::work& tx, std::vector<MeterWork>& works) {
    std::vector<std::pair<std::int64_t, Reading>> candidates;
    std::vector<MeterWork*> owners;
    std::map<MeterWork*, Instant> moments;
    const auto note = [&](MeterWork* work, Instant moment) {
        const auto [place, fresh] = moments.emplace(work, moment);
        place->second = fresh ? moment : std::min(place->second, moment);
    };
    for (MeterWork& work : works) {
        for (const Reading& reading : work.readings) {
            if (is_history(work.state, reading)) {
                note(&work, reading.read_time);
            } else if (is_late(work.state, reading)) {
                candidates.emplace_back(work.meter_key, reading);
                owners.push_back(&work);
            }
        }
    }
    for (const std::size_t index : find_inside_charges(tx, candidates)) {
        note(owners[index], candidates[index].second.read_time);
    }
    for (const auto& [work, moment] : moments) {
        rewind(*work, moment, charges_since(tx, work->meter_key, moment));
    }
}

}  // namespace

std::vector<std::string> EventHandler::topics() {
    return {kReadingsTopic, kOccupanciesTopic, kRoomsTopic};
}

Status EventHandler::apply(pqxx::work& tx, const std::vector<kafka::Message>& messages) {
    PREPAY_CRASH_POINT("billing.polled");
    const std::string& topic = messages.front().topic;
    if (topic == kReadingsTopic) {
        return apply_readings(tx, messages);
    }
    if (topic == kOccupanciesTopic) {
        return apply_occupancies(tx, messages);
    }
    if (topic == kRoomsTopic) {
        return apply_rooms(tx, messages);
    }
    return outbox::bad_message("no handler for " + topic);
}

Status EventHandler::apply_readings(pqxx::work& tx, const std::vector<kafka::Message>& messages) {
    ReadingsByMeter by_meter;
    for (const kafka::Message& message : messages) {
        PREPAY_RETURN_IF_ERROR(take_readings(tx, outbox_, message, by_meter));
    }
    if (by_meter.empty()) {
        return absl::OkStatus();
    }
    std::vector<MeterWork> works = lock_meters(tx, names_of(by_meter));
    for (MeterWork& work : works) {
        MeterNews& news = by_meter[work.meter_id];
        work.readings = std::move(news.readings);
        for (const auto& [epoch, resource] : news.resources) {
            work.resources[epoch] = resource;
        }
    }
    if (std::ranges::any_of(works, [](const MeterWork& work) {
            return std::ranges::any_of(work.stored_resources, [&](const auto& stored) {
                return work.resources.at(stored.first) != stored.second;
            });
        })) {
        take_pending(tx, works);  // Set right: its tariff fits again.
    }
    rewind_to_late_readings(tx, works);
    rating_.finish(tx, works);
    return absl::OkStatus();
}

Status EventHandler::apply_occupancies(pqxx::work& tx,
                                       const std::vector<kafka::Message>& messages) {
    PREPAY_ASSIGN_OR_RETURN(const OccupanciesByMeter by_meter, parse_occupancies(messages));
    if (by_meter.empty()) {
        return absl::OkStatus();
    }
    std::vector<MeterWork> works = lock_meters(tx, names_of(by_meter));
    std::map<std::string, std::int64_t> accounts;
    {
        std::vector<std::string> ids;
        for (const auto& [meter_id, changes] : by_meter) {
            for (const Occupancy& change : changes) {
                ids.push_back(change.account_id);
            }
        }
        accounts = account_keys(tx, ids);
    }
    std::vector<std::vector<Occupancy>> before;
    for (MeterWork& work : works) {
        before.push_back(work.state.occupancies);
        std::vector<Occupancy> changes = by_meter.at(work.meter_id);
        for (Occupancy& change : changes) {
            change.account_key = accounts.at(change.account_id);
        }
        upsert_occupancies(tx, work.meter_key, changes);
    }
    reload_occupancies(tx, works);
    for (std::size_t i = 0; i < works.size(); ++i) {
        const auto moment = first_difference(before[i], works[i].state.occupancies);
        if (moment && works[i].state.base && *moment <= works[i].state.base->read_time) {
            rewind(works[i], *moment, charges_since(tx, works[i].meter_key, *moment));
        }
    }
    take_pending(tx, works);
    rating_.finish(tx, works);
    return absl::OkStatus();
}

Status EventHandler::apply_rooms(pqxx::work& tx, const std::vector<kafka::Message>& messages) {
    for (const kafka::Message& message : messages) {
        account::v1::RoomsChanged event;
        if (!event.ParseFromString(message.payload)) {
            return bad(message, "not a RoomsChanged");
        }
        for (const account::v1::Room& room : event.rooms()) {
            if (room.room_id().empty()) {
                return bad(message, "a room without room_id");
            }
            upsert_room(tx, {room.room_id(), room.site_id(), room.building(), room.display_name(),
                             room.revision()});
        }
    }
    return absl::OkStatus();
}

}  // namespace prepay::billing
