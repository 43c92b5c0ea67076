#include "convert.h"

#include "core/proto_time.h"

namespace prepay::console {
namespace {

v1::Role to_proto_role(rpc::Role role) {
    switch (role) {
        case rpc::Role::kViewer:
            return v1::ROLE_VIEWER;
        case rpc::Role::kCashier:
            return v1::ROLE_CASHIER;
        case rpc::Role::kOperator:
            return v1::ROLE_OPERATOR;
        case rpc::Role::kAdmin:
            return v1::ROLE_ADMIN;
        case rpc::Role::kNone:
        case rpc::Role::kTenant:
        case rpc::Role::kService:
            return v1::ROLE_UNSPECIFIED;
    }
    return v1::ROLE_UNSPECIFIED;
}

}  // namespace

v1::User to_proto_user(const UserRow& user) {
    v1::User proto;
    proto.set_user_id(user.user_id);
    proto.set_user_name(user.user_name);
    proto.set_display_name(user.display_name);
    proto.set_role(to_proto_role(user.role));
    proto.set_enabled(user.enabled);
    if (user.last_log_in_time) {
        set_time(*proto.mutable_last_log_in_time(), *user.last_log_in_time);
    }
    return proto;
}

rpc::Role from_proto_role(v1::Role role) {
    switch (role) {
        case v1::ROLE_VIEWER:
            return rpc::Role::kViewer;
        case v1::ROLE_CASHIER:
            return rpc::Role::kCashier;
        case v1::ROLE_OPERATOR:
            return rpc::Role::kOperator;
        case v1::ROLE_ADMIN:
            return rpc::Role::kAdmin;
        default:
            return rpc::Role::kNone;
    }
}

}  // namespace prepay::console
