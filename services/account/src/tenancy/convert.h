#pragma once

#include <string>
#include <vector>

#include "books/convert.h"
#include "tenancy/domain/occupancy.h"
#include "tenancy/domain/tenancy.h"

namespace prepay::account {

v1::Occupancy to_proto(const Occupancy& span, const std::string& account_id,
                       const std::string& site_id);

std::vector<GivenRegister> from_proto(
    const google::protobuf::RepeatedPtrField<v1::OpeningRegister>& registers);

}  // namespace prepay::account
