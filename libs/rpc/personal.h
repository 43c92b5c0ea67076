#pragma once

#include <google/protobuf/message.h>

#include <string>

#include "rpc/token.h"

namespace prepay::rpc {

/// Whether a role sees phone numbers and e-mail addresses, and so may search by them (S-23): those
/// who sell and the services do, whoever only looks and the tenants do not.
bool sees_personal(Role role);

/// Masks every field, at any depth, that carries the option `(common.v1.personal)`. The server does
/// so with each answer and stream message for those who may not see them; no handler does.
void mask_personal(google::protobuf::Message& message);
/// Whether messages of the type can hold such a field.
bool can_hold_personal(const google::protobuf::Descriptor& type);

/// "138****5678"; empty stays empty.
std::string mask_phone(const std::string& phone);
/// "l***@example.com"; empty stays empty.
std::string mask_email(const std::string& email);

}  // namespace prepay::rpc
