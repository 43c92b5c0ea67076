#include <google/protobuf/descriptor.h>

#include <catch2/catch.hpp>
#include <map>
#include <regex>
#include <set>

#include "golden.h"
#include "prepay/account/v1/events.pb.h"
#include "prepay/alarm/v1/alarm.pb.h"
#include "prepay/billing/v1/events.pb.h"
#include "prepay/common/v1/fields.pb.h"
#include "prepay/common/v1/reflection.pb.h"
#include "prepay/common/v1/status.pb.h"
#include "prepay/console/v1/console.pb.h"
#include "prepay/metering/v1/events.pb.h"
#include "prepay/reporting/v1/reporting.pb.h"
#include "prepay/scheduler/v1/scheduler.pb.h"
#include "rpc/access.h"
#include "rpc/work_class.h"

using namespace prepay;
using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;

namespace {

// Every proto of the suite, with what it imports.
std::map<std::string, const FileDescriptor*> files() {
    std::vector<const FileDescriptor*> open = {
        account::v1::OccupanciesChanged::descriptor()->file(),
        alarm::v1::Episode::descriptor()->file(),
        billing::v1::ChargesRated::descriptor()->file(),
        common::v1::RpcStatus::descriptor()->file(),
        common::v1::ReflectionRequest::descriptor()->file(),
        console::v1::LogInRequest::descriptor()->file(),
        metering::v1::ReadingsRecorded::descriptor()->file(),
        reporting::v1::WallRoom::descriptor()->file(),
        scheduler::v1::Task::descriptor()->file(),
    };
    for (const char* name : {"prepay/alarm/v1/events.proto", "prepay/scheduler/v1/events.proto"}) {
        const auto* pool = google::protobuf::DescriptorPool::generated_pool();
        if (const FileDescriptor* file = pool->FindFileByName(name)) {
            open.push_back(file);
        }
    }
    std::map<std::string, const FileDescriptor*> found;
    while (!open.empty()) {
        const FileDescriptor* file = open.back();
        open.pop_back();
        if (file->name().rfind("prepay/", 0) != 0 || !found.emplace(file->name(), file).second) {
            continue;
        }
        for (int i = 0; i < file->dependency_count(); ++i) {
            open.push_back(file->dependency(i));
        }
    }
    return found;
}

std::vector<const MethodDescriptor*> methods() {
    std::vector<const MethodDescriptor*> all;
    for (const auto& [name, file] : files()) {
        for (int i = 0; i < file->service_count(); ++i) {
            for (int j = 0; j < file->service(i)->method_count(); ++j) {
                all.push_back(file->service(i)->method(j));
            }
        }
    }
    return all;
}

void collect_messages(const Descriptor& message, std::vector<const Descriptor*>& all) {
    all.push_back(&message);
    for (int i = 0; i < message.nested_type_count(); ++i) {
        collect_messages(*message.nested_type(i), all);
    }
}

std::vector<const Descriptor*> messages() {
    std::vector<const Descriptor*> all;
    for (const auto& [name, file] : files()) {
        for (int i = 0; i < file->message_type_count(); ++i) {
            collect_messages(*file->message_type(i), all);
        }
    }
    return all;
}

std::string screaming(const std::string& camel) {
    std::string result;
    for (std::size_t i = 0; i < camel.size(); ++i) {
        const auto c = static_cast<unsigned char>(camel[i]);
        if (i > 0 && std::isupper(c) != 0) {
            result += '_';
        }
        result += static_cast<char>(std::toupper(c));
    }
    return result;
}

}  // namespace

TEST_CASE("I-26: every method has a class of work, and what it is was looked at") {
    std::map<std::string, std::string> classes;
    for (const MethodDescriptor* method : methods()) {
        classes[method->full_name()] = rpc::work_class_name(rpc::work_class_of(*method));
    }
    std::string text;
    for (const auto& [name, work_class] : classes) {
        text += name + " " + work_class + "\n";
    }
    contract::check_golden("work_classes.txt", text);
    const std::string account = "prepay.account.v1.";
    for (const char* urgent : {"AccountService.ClaimSwitchIntent", "AccountService.CheckCut",
                               "PaymentCallbackService.HandleWechatNotice"}) {
        CHECK(classes.at(account + urgent) == "control");
    }
    CHECK(classes.at(account + "TenantService.CreatePayment") == "money");
}

TEST_CASE("Every method has exactly one permission (I-22, S-3)", "[I-22][S-3]") {
    CHECK(methods().size() > 60);
    for (const MethodDescriptor* method : methods()) {
        CAPTURE(method->full_name());
        CHECK(rpc::required_permission(*method) != common::v1::PERMISSION_UNSPECIFIED);
    }
}

TEST_CASE("Every mutation carries a request id") {
    static const std::regex reads("^(Get|List|Watch|Read|Export|Explain|Replay|Snapshot|Check)");
    // What makes these repeatable instead.
    const std::set<std::string> own_key = {
        "prepay.alarm.v1.AlarmService.TestChannel",  // a message each time it is asked for
        "prepay.account.v1.AccountService.ClaimSwitchIntent",           // intent_id and claimant
        "prepay.account.v1.PaymentCallbackService.HandleWechatNotice",  // the provider's order
        "prepay.console.v1.AuthService.ChangePassword",                 // the old password, once
        "prepay.console.v1.AuthService.LogIn",                          // makes a session each time
        "prepay.console.v1.AuthService.Refresh",                        // the refresh token
        "prepay.console.v1.AuthService.LogOut",                         // the refresh token
    };
    std::set<std::string> unused = own_key;
    for (const MethodDescriptor* method : methods()) {
        CAPTURE(method->full_name());
        const FieldDescriptor* request_id = method->input_type()->FindFieldByName("request_id");
        if (std::regex_search(method->name(), reads)) {
            CHECK(request_id == nullptr);
            continue;
        }
        if (unused.erase(method->full_name()) > 0) {
            CHECK(request_id == nullptr);
            continue;
        }
        REQUIRE(request_id != nullptr);
        CHECK(request_id->type() == FieldDescriptor::TYPE_STRING);
        CHECK(request_id->number() == 1);
    }
    CAPTURE(unused);
    CHECK(unused.empty());
}

TEST_CASE("Reads ask for no more than PERMISSION_READ, or are the tenant's or internal") {
    for (const MethodDescriptor* method : methods()) {
        static const std::regex reads("^(Get|List|Watch|Read|Export|Explain)");
        if (std::regex_search(method->name(), reads)) {
            CAPTURE(method->full_name());
            const common::v1::Permission permission = rpc::required_permission(*method);
            if (method->name() == "ListTenantLinks") {  // Its answer is keys to tenants' pages.
                CHECK(permission == common::v1::PERMISSION_SELL);
                continue;
            }
            CHECK((permission == common::v1::PERMISSION_INTERNAL ||
                   permission == common::v1::PERMISSION_READ ||
                   permission == common::v1::PERMISSION_TENANT ||
                   permission == common::v1::PERMISSION_PUBLIC ||
                   permission == common::v1::PERMISSION_MANAGE));
        }
    }
}

TEST_CASE(
    "What is named like a secret carries the option, so that no hash and no answer keeps it") {
    static const std::regex secret("(^|_)(password|passwd|secret|token|key|path)$");
    // Named like secrets, but none.
    const std::set<std::string> open = {"page_token", "next_page_token"};
    const std::set<std::string> open_fields = {
        "prepay.common.v1.ReplayResponse.key",  // of a message: an account's or a line's id
        "prepay.common.v1.SnapshotResponse.key",
        "prepay.common.v1.ErrorDetail.MetadataEntry.key",
    };
    int marked = 0;
    for (const Descriptor* message : messages()) {
        for (int i = 0; i < message->field_count(); ++i) {
            const FieldDescriptor* field = message->field(i);
            CAPTURE(field->full_name());
            const bool is_marked = field->options().GetExtension(common::v1::secret);
            marked += is_marked ? 1 : 0;
            if (std::regex_search(field->name(), secret) && open.count(field->name()) == 0 &&
                open_fields.count(field->full_name()) == 0 &&
                field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
                CHECK(is_marked);
            }
        }
    }
    CHECK(marked >= 12);
}

TEST_CASE("Names: VerbNoun, its own request and response, directory equals package") {
    for (const MethodDescriptor* method : methods()) {
        CAPTURE(method->full_name());
        CHECK(method->input_type()->name() == method->name() + "Request");
        CHECK(method->output_type()->name() == method->name() + "Response");
        CHECK_FALSE(method->client_streaming());
    }
    for (const auto& [name, file] : files()) {
        CAPTURE(name);
        std::string folder = file->package();
        std::replace(folder.begin(), folder.end(), '.', '/');
        CHECK(name.rfind(folder + "/", 0) == 0);
    }
}

TEST_CASE("No floating point, no unsigned; money and quantities are int64") {
    static const std::regex money_or_energy(
        "(_micros|_picos|_wh|_ml|_mv|_ma|_w)$|register_total|quantity");
    for (const Descriptor* message : messages()) {
        for (int i = 0; i < message->field_count(); ++i) {
            const FieldDescriptor* field = message->field(i);
            CAPTURE(field->full_name());
            CHECK(field->cpp_type() != FieldDescriptor::CPPTYPE_DOUBLE);
            CHECK(field->cpp_type() != FieldDescriptor::CPPTYPE_FLOAT);
            CHECK(field->cpp_type() != FieldDescriptor::CPPTYPE_UINT32);
            CHECK(field->cpp_type() != FieldDescriptor::CPPTYPE_UINT64);
            if (std::regex_search(field->name(), money_or_energy)) {
                CHECK(field->cpp_type() == FieldDescriptor::CPPTYPE_INT64);
            }
        }
    }
}

TEST_CASE("Enums begin with _UNSPECIFIED = 0 and carry their name") {
    for (const auto& [name, file] : files()) {
        for (int i = 0; i < file->enum_type_count(); ++i) {
            const EnumDescriptor* one = file->enum_type(i);
            CAPTURE(one->full_name());
            CHECK(one->value(0)->number() == 0);
            CHECK(one->value(0)->name() == screaming(one->name()) + "_UNSPECIFIED");
            for (int j = 0; j < one->value_count(); ++j) {
                CHECK(one->value(j)->name().rfind(screaming(one->name()) + "_", 0) == 0);
            }
        }
    }
}

TEST_CASE("Every event has a header first") {
    static const std::regex event("(Changed|Recorded|Rejected|Rated|Posted|Raised|Opened|Ended)$");
    int count = 0;
    for (const Descriptor* message : messages()) {
        if (message->file()->name().find("events.proto") == std::string::npos ||
            !std::regex_search(message->name(), event)) {
            continue;
        }
        CAPTURE(message->full_name());
        const FieldDescriptor* header = message->FindFieldByNumber(1);
        REQUIRE(header != nullptr);
        CHECK(header->message_type() == common::v1::EventHeader::descriptor());
        ++count;
    }
    CHECK(count >= 10);
}

TEST_CASE("The compiled descriptors are the committed ones") {
    for (const auto& [name, file] : files()) {
        std::string golden = name;
        std::replace(golden.begin(), golden.end(), '/', '.');
        contract::check_golden("descriptors/" + golden, file->DebugString());
    }
}
