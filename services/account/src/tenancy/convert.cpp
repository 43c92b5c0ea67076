#include "tenancy/convert.h"

namespace prepay::account {

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

std::vector<GivenRegister> from_proto(
    const google::protobuf::RepeatedPtrField<v1::OpeningRegister>& registers) {
    std::vector<GivenRegister> given;
    for (const v1::OpeningRegister& item : registers) {
        given.push_back({item.meter_id(), item.register_total()});
    }
    return given;
}

}  // namespace prepay::account
