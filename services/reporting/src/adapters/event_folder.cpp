#include "adapters/event_folder.h"

#include <algorithm>

#include "convert.h"
#include "core/proto_time.h"
#include "outbox/outbox.h"

namespace prepay::reporting {
namespace {

constexpr auto kEventMemory = std::chrono::hours(24 * 14);

// Parses one message of a topic; what is no such event is BAD_MESSAGE.
template <typename Event>
Result<Event> parse(const kafka::Message& message) {
    Event event;
    if (!event.ParseFromString(message.payload)) {
        return outbox::bad_message("not a " + Event::descriptor()->full_name());
    }
    return event;
}

template <typename Record>
void keep(std::vector<Record>& records, Record record) {
    records.push_back(std::move(record));
}

template <typename Record>
void keep(std::vector<Record>& records, std::optional<Record> record) {
    if (record) {
        records.push_back(*std::move(record));
    }
}

// The records of a topic's messages: what `convert` makes of each of an event's `items`, if
// anything.
template <typename Record, typename Event, typename Items, typename Convert>
Result<std::vector<Record>> records_of(const std::vector<kafka::Message>& messages,
                                       const Items& (Event::*items)() const, Convert convert) {
    std::vector<Record> records;
    for (const kafka::Message& message : messages) {
        PREPAY_ASSIGN_OR_RETURN(const Event event, parse<Event>(message));
        for (const auto& item : (event.*items)()) {
            PREPAY_ASSIGN_OR_RETURN(auto record, convert(item, event));
            keep(records, std::move(record));
        }
    }
    return records;
}

// Where an item says all by itself.
constexpr auto kByItself = [](const auto& item, const auto&) { return from_proto(item); };

// Zones of those sites that are known and valid.
Result<std::map<std::string, TimeZone>> load_zones(pqxx::work& tx,
                                                   const std::set<std::string>& site_ids) {
    std::map<std::string, TimeZone> zones;
    for (const auto& [site_id, name] : pg_fold_store::time_zones(tx, site_ids)) {
        PREPAY_ASSIGN_OR_RETURN(TimeZone zone, TimeZone::load(name));
        zones.emplace(site_id, std::move(zone));
    }
    return zones;
}

struct ParsedCharge {
    PostedCharge charge;
    std::string bytes;  // Of the proto, to be kept while its site is not known.
};

Result<std::vector<ParsedCharge>> parse_charges(pqxx::work& tx,
                                                const std::vector<kafka::Message>& messages) {
    std::map<std::string, account::v1::ChargesPosted> events;
    std::set<std::string> event_ids;
    for (const kafka::Message& message : messages) {
        PREPAY_ASSIGN_OR_RETURN(auto event, parse<account::v1::ChargesPosted>(message));
        const std::string event_id = event.header().event_id();
        if (event_id.empty()) {
            return outbox::bad_message("charges without event_id");
        }
        event_ids.insert(event_id);
        events.emplace(event_id, std::move(event));
    }
    std::vector<ParsedCharge> charges;
    for (const std::string& event_id : pg_fold_store::claim_events(tx, event_ids)) {
        for (const account::v1::PostedCharge& proto : events.at(event_id).charges()) {
            PREPAY_ASSIGN_OR_RETURN(PostedCharge charge, from_proto(proto));
            charges.push_back({std::move(charge), proto.SerializeAsString()});
        }
    }
    return charges;
}

}  // namespace

const std::map<std::string, EventFolder::Fold>& EventFolder::folds() {
    static const std::map<std::string, Fold> folds = {
        {"prepay.account.rooms.v1", &EventFolder::fold_rooms},
        {"prepay.account.occupancies.v1", &EventFolder::fold_occupancies},
        {"prepay.account.balance-changes.v1", &EventFolder::fold_balances},
        {"prepay.account.charge-postings.v1", &EventFolder::fold_charges},
        {"prepay.account.payments.v1", &EventFolder::fold_payments},
        {"prepay.metering.readings.v1", &EventFolder::fold_readings},
        {"prepay.metering.meter-states.v1", &EventFolder::fold_meter_states},
        {"prepay.metering.command-results.v1", &EventFolder::fold_commands},
    };
    return folds;
}

outbox::Handlers EventFolder::handlers() const {
    outbox::Handlers handlers;
    for (const auto& [topic, fold] : folds()) {
        handlers[topic] = [this, topic = topic, fold = fold](pqxx::work& tx,
                                                             const Messages& messages) {
            const FoldTimer timer = metrics_.time_fold(topic, messages.size());
            return (this->*fold)(tx, messages);
        };
    }
    return handlers;
}

std::map<std::string, outbox::SnapshotSwap> EventFolder::swaps() {
    const auto step = [](void (*change)(pqxx::work&, int)) {
        return [change](pqxx::work& tx, int partition) -> Status {
            change(tx, partition);
            return absl::OkStatus();
        };
    };
    return {{"prepay.account.charge-postings.v1",
             {step(pg_fold_store::clear_fresh), step(pg_fold_store::put_in_fresh)}}};
}

Status EventFolder::fold_rooms(pqxx::work& tx, const Messages& messages) const {
    std::vector<SiteRecord> sites;
    std::vector<RoomRecord> rooms;
    for (const kafka::Message& message : messages) {
        PREPAY_ASSIGN_OR_RETURN(const auto event, parse<account::v1::RoomsChanged>(message));
        for (const account::v1::Site& proto : event.sites()) {
            PREPAY_ASSIGN_OR_RETURN(
                SiteRecord site, from_proto(proto, from_proto_time(event.header().occur_time())));
            sites.push_back(std::move(site));
        }
        for (const account::v1::Room& proto : event.rooms()) {
            PREPAY_ASSIGN_OR_RETURN(RoomRecord room, from_proto(proto));
            rooms.push_back(std::move(room));
        }
    }
    pg_fold_store::save_sites(tx, sites);
    pg_fold_store::save_rooms(tx, rooms);
    return place_waiting_charges(tx, sites);
}

Status EventFolder::place_waiting_charges(pqxx::work& tx, const std::vector<SiteRecord>& sites) {
    std::set<std::string> site_ids;
    for (const SiteRecord& site : sites) {
        site_ids.insert(site.site_id);
    }
    pg_fold_store::lock_unplaced(tx, site_ids);
    PREPAY_ASSIGN_OR_RETURN(const auto zones, load_zones(tx, site_ids));
    std::map<int, Rollup> rollups;
    for (const auto& [site_id, zone] : zones) {
        for (const auto& waiting : pg_fold_store::take_unplaced(tx, site_id)) {
            account::v1::PostedCharge proto;
            proto.ParseFromString(waiting.bytes);
            PREPAY_ASSIGN_OR_RETURN(const PostedCharge charge, from_proto(proto));
            add_to_rooms(rollups[waiting.partition], charge, zone);  // The totals have it already.
        }
    }
    for (const auto& [partition, rollup] : rollups) {
        pg_fold_store::add_rollup(tx, rollup, partition);
    }
    return absl::OkStatus();
}

Status EventFolder::fold_charges(pqxx::work& tx, const Messages& messages) const {
    const int partition = messages.front().sequence == outbox::kSnapshotSequence
                              ? pg_fold_store::fresh(messages.front().partition)
                              : messages.front().partition;
    PREPAY_ASSIGN_OR_RETURN(const std::vector<ParsedCharge> charges, parse_charges(tx, messages));
    std::set<std::string> site_ids;
    for (const ParsedCharge& parsed : charges) {
        site_ids.insert(parsed.charge.site_id);
    }
    PREPAY_ASSIGN_OR_RETURN(auto zones, load_zones(tx, site_ids));
    if (zones.size() < site_ids.size()) {
        // Look again under the lock that whoever brings a site takes, too.
        std::set<std::string> unknown;
        std::copy_if(site_ids.begin(), site_ids.end(), std::inserter(unknown, unknown.end()),
                     [&](const std::string& site_id) { return zones.count(site_id) == 0; });
        pg_fold_store::lock_unplaced(tx, unknown);
        PREPAY_ASSIGN_OR_RETURN(zones, load_zones(tx, site_ids));
    }
    Rollup rollup;
    for (const ParsedCharge& parsed : charges) {
        add_to_totals(rollup, parsed.charge);
        const auto zone = zones.find(parsed.charge.site_id);
        if (zone == zones.end()) {
            pg_fold_store::keep_unplaced(tx, parsed.charge.site_id, parsed.bytes, partition);
        } else {
            add_to_rooms(rollup, parsed.charge, zone->second);
        }
    }
    pg_fold_store::add_rollup(tx, rollup, partition);
    metrics_.count_charges(charges.size());
    return absl::OkStatus();
}

Status EventFolder::fold_payments(pqxx::work& tx, const Messages& messages) const {
    PREPAY_ASSIGN_OR_RETURN(
        const auto orders,
        records_of<OrderRecord>(messages, &account::v1::PaymentsRecorded::orders,
                                [](const account::v1::Order& order, const auto& event) {
                                    return from_proto(order, event.site_id());
                                }));
    Rollup rollup;
    for (const OrderRecord& order : pg_fold_store::save_new_orders(tx, orders)) {
        TotalSum& total = rollup.totals[order.site_id];
        total.credited += order.kind == OrderKind::kCashRefund ? -order.amount : order.amount;
        total.as_of_time = std::max(total.as_of_time, order.finish_time);
    }
    pg_fold_store::add_rollup(tx, rollup, messages.front().partition);
    return absl::OkStatus();
}

Status EventFolder::fold_occupancies(pqxx::work& tx, const Messages& messages) const {
    PREPAY_ASSIGN_OR_RETURN(
        const auto records,
        records_of<OccupancyRecord>(messages, &account::v1::OccupanciesChanged::occupancies,
                                    kByItself));
    pg_fold_store::save_occupancies(tx, records);
    return absl::OkStatus();
}

Status EventFolder::fold_balances(pqxx::work& tx, const Messages& messages) const {
    PREPAY_ASSIGN_OR_RETURN(
        const auto records,
        records_of<AccountRecord>(messages, &account::v1::BalancesChanged::changes, kByItself));
    pg_fold_store::save_accounts(tx, records);
    return absl::OkStatus();
}

Status EventFolder::fold_readings(pqxx::work& tx, const Messages& messages) const {
    PREPAY_ASSIGN_OR_RETURN(const auto values,
                            records_of<LiveValueRecord>(
                                messages, &metering::v1::ReadingsRecorded::readings, kByItself));
    if (!values.empty()) {
        pg_fold_store::save_live_values(tx, values);
    }
    return absl::OkStatus();
}

Status EventFolder::fold_meter_states(pqxx::work& tx, const Messages& messages) const {
    PREPAY_ASSIGN_OR_RETURN(
        const auto states,
        records_of<MeterStateRecord>(messages, &metering::v1::MeterStatesChanged::meter_states,
                                     kByItself));
    pg_fold_store::save_meter_states(tx, states);
    return absl::OkStatus();
}

Status EventFolder::fold_commands(pqxx::work& tx, const Messages& messages) const {
    std::vector<CommandOutcome> outcomes;
    for (const kafka::Message& message : messages) {
        PREPAY_ASSIGN_OR_RETURN(const auto event, parse<metering::v1::CommandChanged>(message));
        PREPAY_ASSIGN_OR_RETURN(const auto outcome, from_proto(event.command()));
        if (outcome) {
            outcomes.push_back(*outcome);
        }
    }
    pg_fold_store::save_command_outcomes(tx, outcomes);
    return absl::OkStatus();
}

Status forget_old_events(pg::Database& database, Instant now) {
    return database.transact([&](pqxx::work& tx) {
        pg_fold_store::forget_events_before(tx, now - kEventMemory);
        return absl::OkStatus();
    });
}

}  // namespace prepay::reporting
