#pragma once

#include "devices/app/pack_library.h"
#include "devices/ports.h"
#include "meters/adapters/pg_registry_store.h"
#include "meters/app/latest_board.h"
#include "meters/ports.h"
#include "prepay/metering/v1/metering.pb.h"
#include "rpc/server.h"

namespace prepay::metering {

/// The RPCs about meters: registration, what they show now, what they did. Thread-safe.
class GrpcMeters {
public:
    struct Parts {
        PgRegistryStore& registry;
        const MeterDirectory& directory;
        LiveMeters& live;
        LatestBoard& board;
        const PackLibrary& packs;
    };
    explicit GrpcMeters(const Parts& parts) : parts_(parts) {}

    /// Adds its methods to the server.
    void add_to(rpc::Server& server);

    Result<v1::RegisterMetersResponse> register_meters(const rpc::CallContext& context,
                                                       const v1::RegisterMetersRequest& request);
    Result<v1::ListMetersResponse> list_meters(const rpc::CallContext& context,
                                               const v1::ListMetersRequest& request);
    Result<v1::GetMeterResponse> get_meter(const rpc::CallContext& context,
                                           const v1::GetMeterRequest& request);
    Result<v1::ListDriverPacksResponse> list_driver_packs(
        const rpc::CallContext& context, const v1::ListDriverPacksRequest& request);
    Result<v1::ReadMeterResponse> read_meter(const rpc::CallContext& context,
                                             const v1::ReadMeterRequest& request);
    Status watch_meters(const rpc::CallContext& context, const v1::WatchMetersRequest& request,
                        rpc::StreamWriter<v1::WatchMetersResponse>& writer);
    Result<v1::GetMeterDiagnosticsResponse> get_meter_diagnostics(
        const rpc::CallContext& context, const v1::GetMeterDiagnosticsRequest& request);

private:
    v1::Meter show_meter(const PgRegistryStore::StoredMeter& stored) const;
    Result<v1::Meter> load_meter(const std::string& meter_id);

    const Parts parts_;
};

}  // namespace prepay::metering
