#include "tenancy/convert.h"

#include "core/proto_time.h"
#include "rpc/request_rules.h"

namespace prepay::account {
namespace {

std::vector<GivenRegister> to_registers(
    const google::protobuf::RepeatedPtrField<v1::OpeningRegister>& registers) {
    std::vector<GivenRegister> given;
    for (const v1::OpeningRegister& item : registers) {
        given.push_back({item.meter_id(), item.register_total()});
    }
    return given;
}

}  // namespace

v1::Occupancy to_proto(const Occupancy& span, const std::string& account_id,
                       const std::string& site_id) {
    v1::Occupancy message;
    message.set_occupancy_id(span.occupancy_id);
    message.set_account_id(account_id);
    message.set_room_id(span.room_id);
    message.set_site_id(site_id);
    message.set_meter_id(span.meter_id);
    *message.mutable_start_time() = to_proto(span.start_time);
    if (span.end_time) {
        *message.mutable_end_time() = to_proto(*span.end_time);
    }
    message.set_opening_register(span.opening_register);
    message.set_closing_register(span.closing_register);
    message.set_revision(span.revision);
    message.set_vacancy(span.vacancy);
    message.set_deleted(span.deleted);
    return message;
}

v1::Site to_proto(const Site& site) {
    v1::Site message;
    message.set_site_id(site.site_id);
    message.set_display_name(site.display_name);
    message.set_time_zone(site.time_zone);
    message.set_vacancy_account_id(site.vacancy_account_id);
    return message;
}

v1::Room to_proto(const Room& room) {
    v1::Room message;
    message.set_room_id(room.room_id);
    message.set_site_id(room.site_id);
    message.set_building(room.building);
    message.set_floor(room.floor);
    message.set_display_name(room.display_name);
    message.mutable_meter_ids()->Add(room.meter_ids.begin(), room.meter_ids.end());
    message.set_account_id(room.account_id);
    message.set_customer_name(room.customer_name);
    message.set_revision(room.revision);
    return message;
}

Site from_proto(const v1::Site& site) {
    return {site.site_id(), site.display_name(), site.time_zone(), site.vacancy_account_id()};
}

NewRooms from_proto(const v1::CreateRoomsRequest& request) {
    NewRooms wanted;
    for (const v1::Room& item : request.rooms()) {
        Room& room = wanted.rooms.emplace_back();
        room.room_id = item.room_id();
        room.site_id = item.site_id();
        room.building = item.building();
        room.floor = item.floor();
        room.display_name = item.display_name();
        room.meter_ids.assign(item.meter_ids().begin(), item.meter_ids().end());
    }
    wanted.start_time = find_proto_time(request.has_start_time(), request.start_time());
    return wanted;
}

NewMeters from_proto(const v1::AttachMetersRequest& request) {
    return {request.room_id(),
            {request.meter_ids().begin(), request.meter_ids().end()},
            find_proto_time(request.has_start_time(), request.start_time())};
}

RoomFilter from_proto(const v1::ListRoomsRequest& request) {
    return {request.site_id(), request.building(),   request.floor(),
            request.query(),   request.page_token(), rpc::page_size_of(request.page_size())};
}

Result<MoveIn> from_proto(const v1::OpenAccountRequest& request) {
    MoveIn wanted;
    if (request.has_alarm_levels()) {
        PREPAY_ASSIGN_OR_RETURN(wanted.levels, from_proto(request.alarm_levels()));
    }
    wanted.room_id = request.room_id();
    const v1::Customer& customer = request.customer();
    wanted.customer_id = customer.customer_id();
    wanted.customer = {customer.display_name(), customer.phone(), customer.email()};
    wanted.opening_registers = to_registers(request.opening_registers());
    wanted.start_time = find_proto_time(request.has_start_time(), request.start_time());
    wanted.first_top_up = Money::from_micros(request.first_top_up_micros());
    return wanted;
}

MoveOut from_proto(const v1::CloseAccountRequest& request) {
    return {request.account_id(), to_registers(request.closing_registers()),
            find_proto_time(request.has_end_time(), request.end_time()), request.reason_text()};
}

}  // namespace prepay::account
