#include "bench/park/park.h"

#include <google/protobuf/util/time_util.h>

#include "core/ids.h"

namespace prepay::bench {
namespace {

using google::protobuf::util::TimeUtil;
constexpr int kRoomsPerFloor = 50;

std::string room_id(int room) { return "room-" + std::to_string(room); }

}  // namespace

Park::Park(e2e::Stack& stack, int meter_count, int line_count)
    : meter_count_(meter_count),
      line_count_(line_count),
      metering_client_(stack.client("metering")),
      account_client_(stack.client("account")),
      metering_(metering::v1::MeteringService::NewStub(metering_client_->channel())),
      account_(account::v1::AccountService::NewStub(account_client_->channel())) {}

std::string Park::request_id() const { return new_id(SystemClock()); }

void Park::register_hardware(metering::v1::RegisterLinesRequest lines) {
    lines.set_request_id(request_id());
    call(&Metering::RegisterLines, lines);
    metering::v1::RegisterMetersRequest meters;
    meters.set_request_id(request_id());
    for (int i = 0; i < meter_count_; ++i) {
        auto* meter = meters.add_meters();
        meter->set_meter_id(meter_id(i));
        meter->set_line_id(line_id(line_of(i)));
        meter->set_unit_id(unit_of(i));
        meter->set_driver_pack("acrel-ddsy1352");
        meter->set_resource(common::v1::RESOURCE_ELECTRICITY);
        meter->set_enabled(true);
    }
    call(&Metering::RegisterMeters, meters);
}

void Park::create_rooms(std::optional<Instant> start) {
    account::v1::CreateSiteRequest site;
    site.set_request_id(request_id());
    site.mutable_site()->set_site_id("park-1");
    site.mutable_site()->set_display_name("Park 1");
    site.mutable_site()->set_time_zone("Asia/Shanghai");
    call(&Account::CreateSite, site);
    account::v1::CreateRoomsRequest rooms;
    rooms.set_request_id(request_id());
    if (start) {
        *rooms.mutable_start_time() = TimeUtil::MicrosecondsToTimestamp(to_micros(*start));
    }
    for (int i = 0; i < meter_count_; ++i) {
        auto* room = rooms.add_rooms();
        room->set_room_id(room_id(i));
        room->set_site_id("park-1");
        room->set_building("1");
        room->set_floor(std::to_string(i / kRoomsPerFloor));
        room->set_display_name("1-" + std::to_string(i));
        room->add_meter_ids(meter_id(i));
    }
    call(&Account::CreateRooms, rooms);
}

std::vector<std::string> Park::open_accounts(std::int64_t top_up_micros,
                                             std::optional<Instant> start) {
    std::vector<std::string> account_ids;
    for (int i = 0; i < meter_count_; ++i) {
        account::v1::OpenAccountRequest open;
        open.set_request_id(request_id());
        open.set_room_id(room_id(i));
        open.mutable_customer()->set_display_name("Customer " + std::to_string(i));
        if (start) {
            *open.mutable_start_time() = TimeUtil::MicrosecondsToTimestamp(to_micros(*start));
        }
        open.set_first_top_up_micros(top_up_micros);
        account_ids.push_back(call(&Account::OpenAccount, open).account().account_id());
    }
    return account_ids;
}

}  // namespace prepay::bench
