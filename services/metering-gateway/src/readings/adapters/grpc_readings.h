#pragma once

#include "devices/ports.h"
#include "metrics.h"
#include "prepay/metering/v1/metering.pb.h"
#include "readings/adapters/pg_anomaly_store.h"
#include "readings/adapters/pg_reading_store.h"
#include "readings/ports.h"
#include "rpc/server.h"

namespace prepay::metering {

/// The RPCs about stored readings: listing and import. Thread-safe.
class GrpcReadings {
public:
    struct Parts {
        PgReadingStore& readings;
        PgAnomalyStore& anomalies;
        const MeterDirectory& directory;
        LiveRegisters& registers;
        const GatewayMetrics& metrics;
        const Clock& clock;
    };
    explicit GrpcReadings(const Parts& parts) : parts_(parts) {}

    /// Adds its methods to the server.
    void add_to(rpc::Server& server);

    Result<v1::ListReadingsResponse> list_readings(const rpc::CallContext& context,
                                                   const v1::ListReadingsRequest& request);
    Result<v1::ImportReadingsResponse> import_readings(const rpc::CallContext& context,
                                                       const v1::ImportReadingsRequest& request);

private:
    const Parts parts_;
};

}  // namespace prepay::metering
