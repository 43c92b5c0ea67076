#pragma once

#include <grpcpp/generic/async_generic_service.h>

#include <set>
#include <string>

namespace prepay::rpc {

/// Whether a method path ("/grpc.reflection.v1alpha.ServerReflection/…") is the reflection stream.
bool is_reflection_method(const std::string& path);

/// A reactor that answers the gRPC server reflection protocol (v1 and v1alpha) for the services
/// named; it deletes itself. Source: github.com/grpc/grpc/blob/master/doc/server-reflection.md.
grpc::ServerGenericBidiReactor* new_reflection_reactor(const std::set<std::string>& services);

}  // namespace prepay::rpc
