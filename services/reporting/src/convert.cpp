#include "convert.h"

#include <algorithm>

#include "core/proto_time.h"
#include "outbox/outbox.h"

namespace prepay::reporting {
namespace {

// Ids must be there; no text may hold what PostgreSQL cannot store.
Status check_id(const std::string& id, const char* field) {
    if (id.empty() || id.size() > 200 || id.find('\0') != std::string::npos) {
        return outbox::bad_message(std::string(field) + " is empty, too long or not a text");
    }
    return absl::OkStatus();
}

std::string storable(const std::string& text) {
    std::string result = text;
    std::erase(result, '\0');
    return result;
}

Status missing_time(const char* field) {
    return outbox::bad_message(std::string(field) + " is missing");
}

FeeState from_proto(account::v1::FeeState state) {
    switch (state) {
        case account::v1::FEE_STATE_LOW_1:
            return FeeState::kLow1;
        case account::v1::FEE_STATE_LOW_2:
            return FeeState::kLow2;
        case account::v1::FEE_STATE_LOW_3:
            return FeeState::kLow3;
        case account::v1::FEE_STATE_ARREARS:
            return FeeState::kArrears;
        case account::v1::FEE_STATE_CUT:
            return FeeState::kCut;
        default:
            return FeeState::kNormal;
    }
}

Resource from_proto(common::v1::Resource resource) {
    return resource == common::v1::RESOURCE_WATER ? Resource::kWater : Resource::kElectricity;
}

Relay from_proto(metering::v1::RelayState state) {
    switch (state) {
        case metering::v1::RELAY_STATE_CLOSED:
            return Relay::kClosed;
        case metering::v1::RELAY_STATE_OPEN:
            return Relay::kOpen;
        default:
            return Relay::kUnknown;
    }
}

account::v1::FeeState to_proto(FeeState state) {
    switch (state) {
        case FeeState::kNormal:
            return account::v1::FEE_STATE_NORMAL;
        case FeeState::kLow1:
            return account::v1::FEE_STATE_LOW_1;
        case FeeState::kLow2:
            return account::v1::FEE_STATE_LOW_2;
        case FeeState::kLow3:
            return account::v1::FEE_STATE_LOW_3;
        case FeeState::kArrears:
            return account::v1::FEE_STATE_ARREARS;
        case FeeState::kCut:
            return account::v1::FEE_STATE_CUT;
    }
    return account::v1::FEE_STATE_UNSPECIFIED;
}

metering::v1::RelayState to_proto(Relay relay) {
    switch (relay) {
        case Relay::kUnknown:
            return metering::v1::RELAY_STATE_UNSPECIFIED;
        case Relay::kClosed:
            return metering::v1::RELAY_STATE_CLOSED;
        case Relay::kOpen:
            return metering::v1::RELAY_STATE_OPEN;
    }
    return metering::v1::RELAY_STATE_UNSPECIFIED;
}

metering::v1::Holder to_proto(Holder holder) {
    switch (holder) {
        case Holder::kUnknown:
            return metering::v1::HOLDER_UNSPECIFIED;
        case Holder::kMoney:
            return metering::v1::HOLDER_MONEY;
        case Holder::kOperator:
            return metering::v1::HOLDER_OPERATOR;
        case Holder::kLoadGuard:
            return metering::v1::HOLDER_LOAD_GUARD;
        case Holder::kTimePlan:
            return metering::v1::HOLDER_TIME_PLAN;
        case Holder::kMeter:
            return metering::v1::HOLDER_METER;
    }
    return metering::v1::HOLDER_UNSPECIFIED;
}

Holder from_proto(metering::v1::Holder holder) {
    for (const Holder known : {Holder::kMoney, Holder::kOperator, Holder::kLoadGuard,
                               Holder::kTimePlan, Holder::kMeter}) {
        if (to_proto(known) == holder) {
            return known;
        }
    }
    return Holder::kUnknown;
}

metering::v1::Hold to_proto(const HoldFacts& hold) {
    metering::v1::Hold result;
    result.set_holder(to_proto(hold.holder));
    set_time(*result.mutable_place_time(), hold.place_time);
    result.set_initiator(hold.initiator);
    result.set_reason_text(hold.reason_text);
    if (hold.expire_time) {
        set_time(*result.mutable_expire_time(), *hold.expire_time);
    }
    result.set_command_id(hold.command_id);
    result.set_keep_power_overridden(hold.keep_power_overridden);
    return result;
}

std::vector<HoldFacts> holds_of(const metering::v1::MeterState& state) {
    std::vector<HoldFacts> holds;
    for (const metering::v1::Hold& hold : state.holds()) {
        HoldFacts facts;
        facts.holder = from_proto(hold.holder());
        facts.place_time = from_proto_time(hold.place_time());
        facts.initiator = storable(hold.initiator());
        facts.reason_text = storable(hold.reason_text());
        if (hold.has_expire_time()) {
            facts.expire_time = from_proto_time(hold.expire_time());
        }
        facts.command_id = storable(hold.command_id());
        facts.keep_power_overridden = hold.keep_power_overridden();
        holds.push_back(std::move(facts));
    }
    return holds;
}

v1::WallState to_proto(WallState state) {
    switch (state) {
        case WallState::kNormal:
            return v1::WALL_STATE_NORMAL;
        case WallState::kVacant:
            return v1::WALL_STATE_VACANT;
        case WallState::kLow1:
            return v1::WALL_STATE_LOW_1;
        case WallState::kLow2:
            return v1::WALL_STATE_LOW_2;
        case WallState::kLow3:
            return v1::WALL_STATE_LOW_3;
        case WallState::kLost:
            return v1::WALL_STATE_LOST;
        case WallState::kArrears:
            return v1::WALL_STATE_ARREARS;
        case WallState::kTripped:
            return v1::WALL_STATE_TRIPPED;
        case WallState::kCut:
            return v1::WALL_STATE_CUT;
        case WallState::kContradicted:
            return v1::WALL_STATE_CONTRADICTED;
    }
    return v1::WALL_STATE_UNSPECIFIED;
}

std::optional<OrderKind> from_proto(account::v1::OrderKind kind) {
    switch (kind) {
        case account::v1::ORDER_KIND_CASH_TOP_UP:
            return OrderKind::kCashTopUp;
        case account::v1::ORDER_KIND_WECHAT_TOP_UP:
            return OrderKind::kWechatTopUp;
        case account::v1::ORDER_KIND_CASH_REFUND:
            return OrderKind::kCashRefund;
        default:
            return std::nullopt;
    }
}

}  // namespace

std::optional<WallState> from_proto(v1::WallState state) {
    for (const WallState ours :
         {WallState::kNormal, WallState::kVacant, WallState::kLow1, WallState::kLow2,
          WallState::kLow3, WallState::kLost, WallState::kArrears, WallState::kTripped,
          WallState::kCut, WallState::kContradicted}) {
        if (to_proto(ours) == state) {
            return ours;
        }
    }
    return std::nullopt;
}

Result<SiteRecord> from_proto(const account::v1::Site& site, Instant occur_time) {
    PREPAY_RETURN_IF_ERROR(check_id(site.site_id(), "site_id"));
    if (!TimeZone::load(site.time_zone()).ok()) {
        return outbox::bad_message("site " + site.site_id() + " has no IANA time zone");
    }
    return SiteRecord{site.site_id(), storable(site.display_name()), site.time_zone(), occur_time};
}

Result<RoomRecord> from_proto(const account::v1::Room& room) {
    PREPAY_RETURN_IF_ERROR(check_id(room.room_id(), "room_id"));
    PREPAY_RETURN_IF_ERROR(check_id(room.site_id(), "site_id"));
    RoomRecord record;
    record.facts.room_id = room.room_id();
    record.facts.site_id = room.site_id();
    record.facts.building = storable(room.building());
    record.facts.floor = storable(room.floor());
    record.facts.display_name = storable(room.display_name());
    for (const std::string& meter_id : room.meter_ids()) {
        PREPAY_RETURN_IF_ERROR(check_id(meter_id, "meter_ids"));
        record.facts.meter_ids.push_back(meter_id);
    }
    record.revision = room.revision();
    return record;
}

Result<OccupancyRecord> from_proto(const account::v1::Occupancy& occupancy) {
    PREPAY_RETURN_IF_ERROR(check_id(occupancy.occupancy_id(), "occupancy_id"));
    PREPAY_RETURN_IF_ERROR(check_id(occupancy.room_id(), "room_id"));
    PREPAY_RETURN_IF_ERROR(check_id(occupancy.account_id(), "account_id"));
    if (!occupancy.has_start_time()) {
        return missing_time("start_time");
    }
    OccupancyRecord record;
    record.facts.occupancy_id = occupancy.occupancy_id();
    record.facts.room_id = occupancy.room_id();
    record.facts.account_id = occupancy.account_id();
    record.facts.start_time = from_proto_time(occupancy.start_time());
    if (occupancy.has_end_time()) {
        record.facts.end_time = from_proto_time(occupancy.end_time());
    }
    record.facts.is_effective = !occupancy.vacancy() && !occupancy.deleted();
    record.meter_id = storable(occupancy.meter_id());
    record.vacancy = occupancy.vacancy();
    record.deleted = occupancy.deleted();
    record.revision = occupancy.revision();
    return record;
}

Result<AccountRecord> from_proto(const account::v1::BalanceChange& change) {
    PREPAY_RETURN_IF_ERROR(check_id(change.account_id(), "account_id"));
    AccountRecord record;
    record.facts.account_id = change.account_id();
    record.facts.customer_name = storable(change.customer().display_name());
    record.facts.balance = Money::from_micros(change.balance_micros());
    record.facts.fee_state = from_proto(change.fee_state());
    record.facts.keep_power = change.keep_power();
    record.site_id = storable(change.site_id());
    record.version = change.version();
    record.settings_revision = change.settings_revision();
    return record;
}

Result<MeterStateRecord> from_proto(const metering::v1::MeterState& state) {
    PREPAY_RETURN_IF_ERROR(check_id(state.meter_id(), "meter_id"));
    MeterStateRecord record{state.meter_id(), state.online(), from_proto(state.relay()),
                            from_proto(state.resource()), state.revision()};
    record.holds = holds_of(state);
    record.foreign_open = state.foreign_open();
    return record;
}

std::string holds_to_bytes(const std::vector<HoldFacts>& holds) {
    metering::v1::MeterState carrier;
    for (const HoldFacts& hold : holds) {
        *carrier.add_holds() = to_proto(hold);
    }
    return carrier.SerializeAsString();
}

std::vector<HoldFacts> holds_from_bytes(const std::string& bytes) {
    metering::v1::MeterState carrier;
    return carrier.ParseFromString(bytes) ? holds_of(carrier) : std::vector<HoldFacts>();
}

Result<std::optional<LiveValueRecord>> from_proto(const metering::v1::Reading& reading) {
    PREPAY_RETURN_IF_ERROR(check_id(reading.meter_id(), "meter_id"));
    if (!reading.has_values() || !reading.has_read_time()) {
        return std::nullopt;
    }
    return LiveValueRecord{reading.meter_id(), reading.values().power_w(),
                           from_proto_time(reading.read_time())};
}

Result<std::optional<CommandOutcome>> from_proto(const metering::v1::Command& command) {
    PREPAY_RETURN_IF_ERROR(check_id(command.meter_id(), "meter_id"));
    const bool is_verified = command.state() == metering::v1::COMMAND_STATE_VERIFIED;
    if (!is_verified && command.state() != metering::v1::COMMAND_STATE_CONTRADICTED) {
        return std::nullopt;
    }
    if (!command.has_finish_time()) {
        return missing_time("finish_time");
    }
    return CommandOutcome{command.meter_id(), from_proto_time(command.finish_time()), is_verified};
}

Result<PostedCharge> from_proto(const account::v1::PostedCharge& charge) {
    PREPAY_RETURN_IF_ERROR(check_id(charge.site_id(), "site_id"));
    if (!charge.has_start_time() || !charge.has_end_time() || !charge.has_post_time()) {
        return missing_time("start_time, end_time or post_time");
    }
    PostedCharge result;
    result.site_id = charge.site_id();
    result.room_id = storable(charge.room_id());  // Empty: still money, so it must be counted.
    result.start_time = from_proto_time(charge.start_time());
    result.end_time = from_proto_time(charge.end_time());
    result.post_time = from_proto_time(charge.post_time());
    result.quantity = {from_proto(charge.resource()), charge.quantity()};
    result.amount = Money::from_micros(charge.amount_micros());
    const int rate_count = std::min(charge.rate_quantity_size(), static_cast<int>(kRateCount));
    std::copy_n(charge.rate_quantity().begin(), rate_count, result.rates.begin());
    return result;
}

Result<std::optional<OrderRecord>> from_proto(const account::v1::Order& order,
                                              const std::string& site_id) {
    PREPAY_RETURN_IF_ERROR(check_id(order.order_id(), "order_id"));
    PREPAY_RETURN_IF_ERROR(check_id(site_id, "site_id"));
    if (order.state() != account::v1::ORDER_STATE_CREDITED) {
        return std::nullopt;
    }
    const std::optional<OrderKind> kind = from_proto(order.kind());
    if (!kind || order.amount_micros() <= 0) {
        return outbox::bad_message("order " + order.order_id() + " has no known kind and amount");
    }
    if (!order.has_finish_time()) {
        return missing_time("finish_time");
    }
    return OrderRecord{order.order_id(),
                       storable(order.account_id()),
                       site_id,
                       *kind,
                       Money::from_micros(order.amount_micros()),
                       from_proto_time(order.finish_time())};
}

v1::WallRoom to_proto(const WallRow& row) {
    v1::WallRoom room;
    room.set_room_id(row.room_id);
    room.set_site_id(row.site_id);
    room.set_building(row.building);
    room.set_floor(row.floor);
    room.set_display_name(row.display_name);
    room.set_state(to_proto(row.state));
    room.set_keep_power(row.keep_power);
    room.set_online(row.online);
    room.set_relay(to_proto(row.relay));
    room.set_account_id(row.account_id);
    room.set_customer_name(row.customer_name);
    room.set_balance_micros(row.balance.micros());
    room.set_energy_today_wh(row.energy_today.base_units());
    if (row.water_today) {
        room.set_water_today_ml(row.water_today->base_units());
    }
    room.set_amount_today_micros(row.amount_today.micros());
    room.set_power_w(row.power_w);
    if (row.read_time) {
        set_time(*room.mutable_read_time(), *row.read_time);
    }
    for (const std::string& meter_id : row.meter_ids) {
        room.add_meter_ids(meter_id);
    }
    room.set_fee_state(to_proto(row.fee_state));
    for (const HoldFacts& hold : row.holds) {
        *room.add_holds() = to_proto(hold);
    }
    room.set_foreign_open(row.foreign_open);
    return room;
}

}  // namespace prepay::reporting
