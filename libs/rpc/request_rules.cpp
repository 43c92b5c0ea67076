#include "rpc/request_rules.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/timestamp.pb.h>

#include <array>
#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <string_view>

#include "core/ids.h"
#include "core/text.h"
#include "core/time_range.h"
#include "prepay/common/v1/fields.pb.h"

namespace prepay::rpc {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Timestamp;

constexpr std::size_t kTokenCheckSize = 16;

// What people write at length may have lines; a name, an id or a search has one.
bool may_have_lines(const std::string& name) {
    return name == "note" || name == "reason_text" || name == "tariff_yaml";
}

Status check_text(const std::string& text, const FieldDescriptor& field) {
    const TextForm form = may_have_lines(field.name()) ? TextForm::kLines : TextForm::kLine;
    if (!is_clean_text(text, form)) {
        return invalid_argument("BAD_TEXT",
                                field.name() + " contains control characters or is not UTF-8",
                                {{"field", field.name()}});
    }
    return absl::OkStatus();
}

Status check_time(const Timestamp& time, const FieldDescriptor& field) {
    if (!is_plausible_proto_time(time)) {
        return invalid_argument("BAD_TIME", field.name() + " is not a time between 2000 and 2100",
                                {{"field", field.name()}});
    }
    return absl::OkStatus();
}

// The one form of a page token: a check over method and place in 16 hex digits, then the place. It
// keeps mistakes out, not attackers: a place gives nobody more than the method's own filters do.
std::string page_token_of(const std::string& method, const std::string& place) {
    std::array<char, kTokenCheckSize + 1> check{};
    std::snprintf(check.data(), check.size(), "%016" PRIx64, stable_hash(method + '\n' + place));
    return check.data() + place;
}

Status check_message(const Message& message);

Status check_field(const Message& message, const FieldDescriptor& field) {
    const auto& reflection = *message.GetReflection();
    const int count = field.is_repeated() ? reflection.FieldSize(message, &field) : 1;
    std::string scratch;
    for (int i = 0; i < count; ++i) {
        if (field.type() == FieldDescriptor::TYPE_STRING) {
            PREPAY_RETURN_IF_ERROR(
                check_text(field.is_repeated()
                               ? reflection.GetRepeatedStringReference(message, &field, i, &scratch)
                               : reflection.GetStringReference(message, &field, &scratch),
                           field));
        } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
            const Message& child = field.is_repeated()
                                       ? reflection.GetRepeatedMessage(message, &field, i)
                                       : reflection.GetMessage(message, &field);
            PREPAY_RETURN_IF_ERROR(child.GetDescriptor() == Timestamp::descriptor()
                                       ? check_time(static_cast<const Timestamp&>(child), field)
                                       : check_message(child));
        }
    }
    return absl::OkStatus();
}

// Depth is bounded by the parser, which has read the message.
Status check_message(const Message& message) {
    std::vector<const FieldDescriptor*> fields;
    message.GetReflection()->ListFields(message, &fields);
    for (const FieldDescriptor* field : fields) {
        PREPAY_RETURN_IF_ERROR(check_field(message, *field));
    }
    return absl::OkStatus();
}

}  // namespace

Status check_request(const Message& request) {
    const FieldDescriptor* field = request.GetDescriptor()->FindFieldByName("page_size");
    if (field != nullptr && field->cpp_type() == FieldDescriptor::CPPTYPE_INT32) {
        const int page_size = request.GetReflection()->GetInt32(request, field);
        if (page_size < 0 || page_size > kPageSizeMax) {
            return invalid_argument("BAD_PAGE_SIZE",
                                    "page_size is 1 .. " + std::to_string(kPageSizeMax) +
                                        ", or 0 for " + std::to_string(kPageSizeDefault));
        }
    }
    return check_message(request);
}

void clear_secrets(Message& message) {
    const auto& reflection = *message.GetReflection();
    std::vector<const FieldDescriptor*> fields;
    reflection.ListFields(message, &fields);
    for (const FieldDescriptor* field : fields) {
        if (field->options().GetExtension(common::v1::secret)) {
            reflection.ClearField(&message, field);
        } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
            const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
            for (int i = 0; i < count; ++i) {
                clear_secrets(field->is_repeated()
                                  ? *reflection.MutableRepeatedMessage(&message, field, i)
                                  : *reflection.MutableMessage(&message, field));
            }
        }
    }
}

void seal_page_token(const std::string& method, Message& response) {
    const FieldDescriptor* field = response.GetDescriptor()->FindFieldByName("next_page_token");
    if (field == nullptr) {
        return;
    }
    const std::string place = response.GetReflection()->GetString(response, field);
    if (!place.empty()) {
        response.GetReflection()->SetString(&response, field, page_token_of(method, place));
    }
}

Status open_page_token(const std::string& method, Message& request) {
    const FieldDescriptor* field = request.GetDescriptor()->FindFieldByName("page_token");
    if (field == nullptr) {
        return absl::OkStatus();
    }
    const std::string token = request.GetReflection()->GetString(request, field);
    if (token.empty()) {
        return absl::OkStatus();
    }
    const std::string place =
        token.size() <= kTokenCheckSize ? std::string() : token.substr(kTokenCheckSize);
    if (place.empty() || token != page_token_of(method, place)) {
        return bad_page_token();
    }
    request.GetReflection()->SetString(&request, field, place);
    return absl::OkStatus();
}

Result<std::int64_t> sequence_of(const std::string& place) {
    std::int64_t sequence = 0;
    const char* end = place.data() + place.size();
    const auto [stop, error] = std::from_chars(place.data(), end, sequence);
    if (!place.empty() && (error != std::errc() || stop != end || sequence <= 0)) {
        return bad_page_token();
    }
    return sequence;
}

Status bad_page_token() {
    return invalid_argument(
        "BAD_PAGE_TOKEN",
        "page_token must be the next_page_token of an earlier answer of this method");
}

}  // namespace prepay::rpc
