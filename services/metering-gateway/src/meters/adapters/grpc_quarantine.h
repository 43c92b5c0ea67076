#pragma once

#include "devices/ports.h"
#include "meters/adapters/pg_registry_store.h"
#include "meters/ports.h"
#include "prepay/metering/v1/metering.pb.h"
#include "readings/adapters/pg_anomaly_store.h"
#include "readings/ports.h"
#include "rpc/server.h"

namespace prepay::metering {

/// The RPC with which a person decides about a meter in quarantine. Thread-safe.
class GrpcQuarantine {
public:
    struct Parts {
        PgRegistryStore& registry;
        PgAnomalyStore& anomalies;
        const MeterDirectory& directory;
        const LiveRegisters& registers;
        LiveMeters& live;
    };
    explicit GrpcQuarantine(const Parts& parts) : parts_(parts) {}

    /// Adds its methods to the server.
    void add_to(rpc::Server& server);

    Result<v1::DecideQuarantineResponse> decide_quarantine(
        const rpc::CallContext& context, const v1::DecideQuarantineRequest& request);

private:
    const Parts parts_;
};

}  // namespace prepay::metering
