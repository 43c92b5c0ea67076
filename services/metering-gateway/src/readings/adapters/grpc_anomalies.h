#pragma once

#include "prepay/metering/v1/metering.pb.h"
#include "readings/adapters/pg_anomaly_store.h"
#include "rpc/server.h"

namespace prepay::metering {

/// The RPCs that show which registers were not taken. Thread-safe.
class GrpcAnomalies {
public:
    struct Parts {
        PgAnomalyStore& anomalies;
    };
    explicit GrpcAnomalies(const Parts& parts) : parts_(parts) {}

    /// Adds its methods to the server.
    void add_to(rpc::Server& server);

    Result<v1::ListAnomaliesResponse> list_anomalies(const rpc::CallContext& context,
                                                     const v1::ListAnomaliesRequest& request);
    Result<v1::GetAnomalyResponse> get_anomaly(const rpc::CallContext& context,
                                               const v1::GetAnomalyRequest& request);

private:
    const Parts parts_;
};

}  // namespace prepay::metering
