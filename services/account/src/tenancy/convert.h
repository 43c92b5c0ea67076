#pragma once

#include <string>

#include "books/convert.h"
#include "tenancy/domain/occupancy.h"
#include "tenancy/domain/room.h"
#include "tenancy/domain/tenancy.h"

namespace prepay::account {

v1::Occupancy to_proto(const Occupancy& span, const std::string& account_id,
                       const std::string& site_id);

v1::Site to_proto(const Site& site);
v1::Room to_proto(const Room& room);

Site from_proto(const v1::Site& site);
NewRooms from_proto(const v1::CreateRoomsRequest& request);
NewMeters from_proto(const v1::AttachMetersRequest& request);
RoomFilter from_proto(const v1::ListRoomsRequest& request);
/// Reason BAD_ALARM_LEVELS.
Result<MoveIn> from_proto(const v1::OpenAccountRequest& request);
MoveOut from_proto(const v1::CloseAccountRequest& request);

}  // namespace prepay::account
