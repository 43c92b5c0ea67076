#include "intake/adapters/event_handler.h"

#include "charges/adapters/pg_rooms.h"
#include "core/crash_point.h"
#include "intake/convert.h"
#include "prepay/account/v1/events.pb.h"
#include "prepay/metering/v1/events.pb.h"
#include "rating/adapters/meter_news.h"

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

Status bad(const kafka::Message& message, const std::string& why) {
    return outbox::bad_message(message.topic + " offset " + std::to_string(message.offset) + ": " +
                               why);
}

/// The readings of a message that can be billed, added to `by_meter`. What cannot is set aside as a
/// message of its own, so that the good neighbours are rated now and a redrive sees the bad only.
Status parse_readings(pqxx::work& tx, const outbox::Outbox& outbox, const kafka::Message& message,
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
            ReadingNews& news = by_meter[proto.meter_id()];
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

}  // namespace

outbox::Handlers EventHandler::handlers() {
    const auto by =
        [this](Status (EventHandler::*apply)(pqxx::work&, const std::vector<kafka::Message>&)) {
            return [this, apply](pqxx::work& tx, const std::vector<kafka::Message>& messages) {
                PREPAY_CRASH_POINT("billing.polled");
                return (this->*apply)(tx, messages);
            };
        };
    return {{kReadingsTopic, by(&EventHandler::apply_readings)},
            {kOccupanciesTopic, by(&EventHandler::apply_occupancies)},
            {kRoomsTopic, by(&EventHandler::apply_rooms)}};
}

Status EventHandler::apply_readings(pqxx::work& tx, const std::vector<kafka::Message>& messages) {
    ReadingsByMeter by_meter;
    for (const kafka::Message& message : messages) {
        PREPAY_RETURN_IF_ERROR(parse_readings(tx, outbox_, message, by_meter));
    }
    if (by_meter.empty()) {
        return absl::OkStatus();
    }
    return rating_.run(tx, names_of(by_meter), [&](std::vector<MeterWork>& works) {
        take_readings(tx, works, std::move(by_meter));
        return absl::OkStatus();
    });
}

Status EventHandler::apply_occupancies(pqxx::work& tx,
                                       const std::vector<kafka::Message>& messages) {
    PREPAY_ASSIGN_OR_RETURN(const OccupanciesByMeter by_meter, parse_occupancies(messages));
    if (by_meter.empty()) {
        return absl::OkStatus();
    }
    return rating_.run(tx, names_of(by_meter), [&](std::vector<MeterWork>& works) {
        take_occupancies(tx, works, by_meter);
        return absl::OkStatus();
    });
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
