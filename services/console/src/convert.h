#pragma once

#include "adapters/pg_user_store.h"
#include "prepay/console/v1/console.pb.h"

namespace prepay::console {

v1::User to_proto_user(const UserRow& user);
/// kNone for ROLE_UNSPECIFIED and unknown values.
rpc::Role from_proto_role(v1::Role role);

}  // namespace prepay::console
