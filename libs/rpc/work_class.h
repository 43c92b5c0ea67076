#pragma once

#include <google/protobuf/descriptor.h>

namespace prepay::rpc {

/// What a call is for, and so whose threads it may hold. The first is never shed for the others.
enum class WorkClass {
    kControl,  ///< Services among themselves and orders to switch: claims, checks, payment notices.
    kMoney,    ///< The desk and tenants' payments; may wait for a payment provider.
    kPeople,   ///< Whoever looks at something or sets something up.
    kReports,  ///< Sums over much.
};
inline constexpr int kWorkClassCount = 4;

const char* work_class_name(WorkClass work_class);

/// The class of a method follows from its permission, whether it changes something, and its name;
/// tests/contract/golden/work_classes.txt shows what comes out for each.
WorkClass work_class_of(const google::protobuf::MethodDescriptor& method);

}  // namespace prepay::rpc
