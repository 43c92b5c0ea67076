#pragma once

#include "holds/adapters/pg_holds.h"
#include "prepay/metering/v1/metering.pb.h"
#include "rpc/server.h"

namespace prepay::metering {

/// The RPC that lists why meters are off. Thread-safe.
class GrpcHolds {
public:
    struct Parts {
        PgHoldList& holds;
    };
    explicit GrpcHolds(const Parts& parts) : parts_(parts) {}

    /// Adds its methods to the server.
    void add_to(rpc::Server& server);

    Result<v1::ListHoldsResponse> list_holds(const rpc::CallContext& context,
                                             const v1::ListHoldsRequest& request);

private:
    const Parts parts_;
};

}  // namespace prepay::metering
