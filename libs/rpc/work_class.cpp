#include "rpc/work_class.h"

#include <algorithm>
#include <array>
#include <string>

#include "rpc/access.h"

namespace prepay::rpc {
namespace {

// The last word of a report's method: what it answers with is summed up when asked for.
constexpr std::array<const char*, 4> kReportNouns = {"Totals", "Days", "Hours", "TrialBalance"};

bool is_report(const std::string& name) {
    return std::any_of(kReportNouns.begin(), kReportNouns.end(), [&](const std::string& noun) {
        return name.size() > noun.size() &&
               name.compare(name.size() - noun.size(), noun.size(), noun) == 0;
    });
}

}  // namespace

const char* work_class_name(WorkClass work_class) {
    switch (work_class) {
        case WorkClass::kControl:
            return "control";
        case WorkClass::kMoney:
            return "money";
        case WorkClass::kPeople:
            return "people";
        case WorkClass::kReports:
            return "reports";
    }
    return "";
}

WorkClass work_class_of(const google::protobuf::MethodDescriptor& method) {
    const bool changes = method.input_type()->FindFieldByName("request_id") != nullptr;
    switch (required_permission(method)) {
        case common::v1::PERMISSION_INTERNAL:
        case common::v1::PERMISSION_CONTROL:
        case common::v1::PERMISSION_OVERRIDE:
            return WorkClass::kControl;
        case common::v1::PERMISSION_SELL:
        case common::v1::PERMISSION_TENANT:
            return changes ? WorkClass::kMoney : WorkClass::kPeople;
        default:
            return is_report(method.name()) ? WorkClass::kReports : WorkClass::kPeople;
    }
}

}  // namespace prepay::rpc
