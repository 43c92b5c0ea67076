#pragma once

#include <google/protobuf/util/time_util.h>

#include <memory>
#include <string>
#include <vector>

#include "adapters/event_folder.h"
#include "adapters/pg_wall_source.h"
#include "prepay/account/v1/events.pb.h"
#include "prepay/metering/v1/events.pb.h"
#include "reporting_migrations.h"
#include "support/test_database.h"

namespace prepay::reporting::test {

class FakeClock final : public Clock {
public:
    explicit FakeClock(const std::string& now) : now_(parse_time(now).value()) {}
    [[nodiscard]] Instant now() const override { return now_; }
    [[nodiscard]] std::chrono::steady_clock::time_point steady() const override { return {}; }
    void set(const std::string& now) { now_ = parse_time(now).value(); }

private:
    Instant now_;
};

inline google::protobuf::Timestamp stamp(const std::string& text) {
    return google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(
        to_micros(parse_time(text).value()));
}

/// A database with the service's tables and a fold into them.
struct Fixture {
    Fixture() : files("reporting", reporting_migrations()), database(files.open()) {}

    Status fold(const std::vector<kafka::Message>& messages) {
        return database->transact([&](pqxx::work& tx) { return fold(tx, messages); });
    }
    Status fold(pqxx::work& tx, const std::vector<kafka::Message>& messages) {
        return outbox::handle(folder.handlers(), tx, messages);
    }

    /// Every row of every read model as text, to compare two databases; or what a selection takes
    /// of the rows `t` that meet a condition.
    std::string dump(const std::string& selection = "(to_jsonb(t) - 'change_xid')::text AS line",
                     const std::string& condition = "true") {
        std::string text;
        const Status status = database->read([&](pqxx::work& tx) {
            for (const char* table : {"sites", "rooms", "occupancies", "accounts", "meters",
                                      "room_days", "room_hours", "orders"}) {
                text += std::string(table) + "\n";
                for (const auto& row : tx.exec("SELECT " + selection + " FROM " + table +
                                               " t WHERE " + condition + " ORDER BY line")) {
                    text += row["line"].as<std::string>() + "\n";
                }
            }
            return absl::OkStatus();
        });
        return status.ok() ? text : error_message(status);
    }

    prepay::test::TestDatabase files;
    std::unique_ptr<pg::Database> database;
    telemetry::Metrics telemetry_metrics;
    ReportingMetrics metrics{telemetry_metrics};
    EventFolder folder{metrics};
};

template <typename Event>
kafka::Message message(const std::string& topic, Event event, const std::string& event_id,
                       int partition = 0, const std::string& occur_time = "2026-11-22T00:00:00Z") {
    event.mutable_header()->set_event_id(event_id);
    *event.mutable_header()->mutable_occur_time() = stamp(occur_time);
    kafka::Message result;
    result.topic = topic;
    result.partition = partition;
    result.sequence = 1;
    result.payload = event.SerializeAsString();
    return result;
}

inline kafka::Message site_and_rooms(int room_count, const std::string& event_id = "rooms-1",
                                     std::int64_t revision = 1) {
    account::v1::RoomsChanged event;
    account::v1::Site* site = event.add_sites();
    site->set_site_id("park");
    site->set_display_name("Park");
    site->set_time_zone("Asia/Shanghai");
    for (int i = 1; i <= room_count; ++i) {
        const std::string n = std::to_string(i);
        account::v1::Room* room = event.add_rooms();
        room->set_room_id("r" + n);
        room->set_site_id("park");
        room->set_building("1");
        room->set_floor("2");
        room->set_display_name("1-" + std::to_string(200 + i));
        room->add_meter_ids("m" + n);
        room->set_revision(revision);
    }
    return message("prepay.account.rooms.v1", event, event_id);
}

inline account::v1::PostedCharge charge(const std::string& room_id, const std::string& start,
                                        const std::string& end, std::int64_t wh,
                                        std::int64_t micros) {
    account::v1::PostedCharge result;
    result.set_charge_id(room_id + start);
    result.set_account_id("a" + room_id.substr(1));
    result.set_room_id(room_id);
    result.set_meter_id("m" + room_id.substr(1));
    result.set_site_id("park");
    *result.mutable_start_time() = stamp(start);
    *result.mutable_end_time() = stamp(end);
    *result.mutable_post_time() = stamp(end);
    result.set_quantity(wh);
    result.set_amount_micros(micros);
    result.set_resource(common::v1::RESOURCE_ELECTRICITY);
    for (const std::int64_t rate : {std::int64_t{0}, wh, std::int64_t{0}}) {
        result.add_rate_quantity(rate);
    }
    return result;
}

inline kafka::Message charges(const std::vector<account::v1::PostedCharge>& list,
                              const std::string& event_id, int partition = 0) {
    account::v1::ChargesPosted event;
    for (const account::v1::PostedCharge& one : list) {
        *event.add_charges() = one;
    }
    return message("prepay.account.charge-postings.v1", event, event_id, partition);
}

inline kafka::Message payment(const std::string& order_id, account::v1::OrderKind kind,
                              account::v1::OrderState state, std::int64_t micros,
                              int partition = 0) {
    account::v1::PaymentsRecorded event;
    event.set_site_id("park");
    account::v1::Order* order = event.add_orders();
    order->set_order_id(order_id);
    order->set_account_id("a1");
    order->set_kind(kind);
    order->set_state(state);
    order->set_amount_micros(micros);
    *order->mutable_finish_time() = stamp("2026-11-22T03:00:00Z");
    return message("prepay.account.payments.v1", event, "payment-" + order_id, partition);
}

inline kafka::Message occupancy(const std::string& id, const std::string& room_id,
                                const std::string& account_id, const std::string& start,
                                const std::string& end = "", std::int64_t revision = 1) {
    account::v1::OccupanciesChanged event;
    account::v1::Occupancy* one = event.add_occupancies();
    one->set_occupancy_id(id);
    one->set_account_id(account_id);
    one->set_room_id(room_id);
    one->set_site_id("park");
    one->set_meter_id("m" + room_id.substr(1));
    *one->mutable_start_time() = stamp(start);
    if (!end.empty()) {
        *one->mutable_end_time() = stamp(end);
    }
    one->set_revision(revision);
    return message("prepay.account.occupancies.v1", event, "occupancy-" + id);
}

inline kafka::Message balance(const std::string& account_id, std::int64_t version,
                              std::int64_t settings_revision, std::int64_t micros,
                              account::v1::FeeState fee_state) {
    account::v1::BalancesChanged event;
    account::v1::BalanceChange* change = event.add_changes();
    change->set_account_id(account_id);
    change->set_site_id("park");
    change->set_version(version);
    change->set_settings_revision(settings_revision);
    change->set_balance_micros(micros);
    change->set_fee_state(fee_state);
    change->mutable_customer()->set_display_name("Chen " + account_id);
    return message("prepay.account.balance-changes.v1", event, "balance-" + account_id);
}

inline kafka::Message meter_state(
    const std::string& meter_id, bool online, metering::v1::RelayState relay, std::int64_t revision,
    common::v1::Resource resource = common::v1::RESOURCE_ELECTRICITY) {
    metering::v1::MeterStatesChanged event;
    metering::v1::MeterState* state = event.add_meter_states();
    state->set_meter_id(meter_id);
    state->set_online(online);
    state->set_relay(relay);
    state->set_resource(resource);
    state->set_revision(revision);
    if (relay == metering::v1::RELAY_STATE_OPEN) {
        metering::v1::Hold* hold = state->add_holds();
        hold->set_holder(metering::v1::HOLDER_OPERATOR);
        hold->set_initiator("user:li");
        hold->set_reason_text("fire");
        hold->set_command_id("c-" + std::to_string(revision));
        hold->set_keep_power_overridden(true);
        *hold->mutable_place_time() = stamp("2026-11-22T00:45:00Z");
    }
    return message("prepay.metering.meter-states.v1", event, "state-" + meter_id);
}

inline kafka::Message live_value(const std::string& meter_id, const std::string& read_time,
                                 std::int64_t power_w) {
    metering::v1::ReadingsRecorded event;
    metering::v1::Reading* reading = event.add_readings();
    reading->set_meter_id(meter_id);
    *reading->mutable_read_time() = stamp(read_time);
    reading->mutable_values()->set_power_w(power_w);
    metering::v1::Reading* imported = event.add_readings();  // History says nothing of now.
    imported->set_meter_id(meter_id);
    *imported->mutable_read_time() = stamp("2026-12-31T00:00:00Z");
    return message("prepay.metering.readings.v1", event, "reading-" + meter_id);
}

inline kafka::Message command(const std::string& meter_id, metering::v1::CommandState state,
                              const std::string& finish_time) {
    metering::v1::CommandChanged event;
    event.mutable_command()->set_meter_id(meter_id);
    event.mutable_command()->set_state(state);
    *event.mutable_command()->mutable_finish_time() = stamp(finish_time);
    return message("prepay.metering.command-results.v1", event, "command-" + meter_id);
}

}  // namespace prepay::reporting::test
