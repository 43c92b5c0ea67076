#include "rpc/personal.h"

#include <google/protobuf/descriptor.h>

#include <set>
#include <vector>

#include "prepay/common/v1/fields.pb.h"

namespace prepay::rpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

std::string mask(common::v1::Personal kind, const std::string& text) {
    if (kind == common::v1::PERSONAL_PHONE) {
        return mask_phone(text);
    }
    return kind == common::v1::PERSONAL_EMAIL ? mask_email(text) : text;
}

void mask_text(Message& message, const FieldDescriptor& field, common::v1::Personal kind) {
    const auto& reflection = *message.GetReflection();
    if (!field.is_repeated()) {
        reflection.SetString(&message, &field, mask(kind, reflection.GetString(message, &field)));
        return;
    }
    for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
        reflection.SetRepeatedString(&message, &field, i,
                                     mask(kind, reflection.GetRepeatedString(message, &field, i)));
    }
}

bool can_hold(const Descriptor& type, std::set<const Descriptor*>& seen) {
    if (!seen.insert(&type).second) {
        return false;
    }
    for (int i = 0; i < type.field_count(); ++i) {
        const FieldDescriptor& field = *type.field(i);
        if (field.options().GetExtension(common::v1::personal) !=
                common::v1::PERSONAL_UNSPECIFIED ||
            (field.message_type() != nullptr && can_hold(*field.message_type(), seen))) {
            return true;
        }
    }
    return false;
}

}  // namespace

bool sees_personal(Role role) {
    switch (role) {
        case Role::kNone:
        case Role::kTenant:
        case Role::kViewer:
            return false;
        case Role::kCashier:
        case Role::kOperator:
        case Role::kAdmin:
        case Role::kService:
            return true;
    }
    return false;
}

void mask_personal(Message& message) {
    const auto& reflection = *message.GetReflection();
    std::vector<const FieldDescriptor*> fields;
    reflection.ListFields(message, &fields);
    for (const FieldDescriptor* field : fields) {
        const auto kind = field->options().GetExtension(common::v1::personal);
        if (kind != common::v1::PERSONAL_UNSPECIFIED) {
            mask_text(message, *field, kind);
        } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
            const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
            for (int i = 0; i < count; ++i) {
                mask_personal(field->is_repeated()
                                  ? *reflection.MutableRepeatedMessage(&message, field, i)
                                  : *reflection.MutableMessage(&message, field));
            }
        }
    }
}

bool can_hold_personal(const Descriptor& type) {
    std::set<const Descriptor*> seen;
    return can_hold(type, seen);
}

std::string mask_phone(const std::string& phone) {
    if (phone.size() < 8) {
        return std::string(phone.size(), '*');
    }
    return phone.substr(0, 3) + std::string(phone.size() - 7, '*') + phone.substr(phone.size() - 4);
}

std::string mask_email(const std::string& email) {
    const std::size_t at = email.find('@');
    if (email.empty() || at == std::string::npos || at == 0) {
        return email.empty() ? "" : "***";
    }
    return email.substr(0, 1) + "***" + email.substr(at);
}

}  // namespace prepay::rpc
