#pragma once

#include "adapters/pg_command_store.h"
#include "adapters/pg_reading_store.h"
#include "adapters/pg_registry_store.h"
#include "app/latest_board.h"
#include "app/line_park.h"
#include "commands/adapters/pg_holds.h"
#include "prepay/metering/v1/metering.pb.h"
#include "readings/adapters/pg_anomaly_store.h"
#include "rpc/server.h"

namespace prepay::metering {

/// The RPCs of prepay.metering.v1.MeteringService: checks, translates, asks the parts. Thread-safe.
class GrpcMeteringService {
public:
    struct Parts {
        PgRegistryStore& registry;
        PgReadingStore& readings;
        PgAnomalyStore& anomalies;
        PgCommandStore& commands;
        LinePark& park;
        LatestBoard& board;
        CommandSignal& signal;
        const PackLibrary& packs;
        const GatewayMetrics& metrics;
        const Clock& clock;
        SwitchPermits& permits;
        PgHoldList& holds;
    };
    explicit GrpcMeteringService(const Parts& parts) : parts_(parts) {}

    /// Adds every method to the server.
    void add_to(rpc::Server& server);

    Result<v1::RegisterLinesResponse> register_lines(const rpc::CallContext& context,
                                                     const v1::RegisterLinesRequest& request);
    Result<v1::UpdateLineResponse> update_line(const rpc::CallContext& context,
                                               const v1::UpdateLineRequest& request);
    Result<v1::ListLinesResponse> list_lines(const rpc::CallContext& context,
                                             const v1::ListLinesRequest& request);
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
    Result<v1::ListAnomaliesResponse> list_anomalies(const rpc::CallContext& context,
                                                     const v1::ListAnomaliesRequest& request);
    Result<v1::GetAnomalyResponse> get_anomaly(const rpc::CallContext& context,
                                               const v1::GetAnomalyRequest& request);
    Result<v1::DecideQuarantineResponse> decide_quarantine(
        const rpc::CallContext& context, const v1::DecideQuarantineRequest& request);
    Result<v1::ListReadingsResponse> list_readings(const rpc::CallContext& context,
                                                   const v1::ListReadingsRequest& request);
    Result<v1::ImportReadingsResponse> import_readings(const rpc::CallContext& context,
                                                       const v1::ImportReadingsRequest& request);
    Result<v1::SubmitCommandResponse> submit_command(const rpc::CallContext& context,
                                                     const v1::SubmitCommandRequest& request);
    Result<v1::CancelCommandResponse> cancel_command(const rpc::CallContext& context,
                                                     const v1::CancelCommandRequest& request);
    Result<v1::GetCommandResponse> get_command(const rpc::CallContext& context,
                                               const v1::GetCommandRequest& request);
    Result<v1::ListCommandsResponse> list_commands(const rpc::CallContext& context,
                                                   const v1::ListCommandsRequest& request);
    Result<v1::ListHoldsResponse> list_holds(const rpc::CallContext& context,
                                             const v1::ListHoldsRequest& request);
    Status watch_command(const rpc::CallContext& context, const v1::WatchCommandRequest& request,
                         rpc::StreamWriter<v1::WatchCommandResponse>& writer);

private:
    /// Whether a trip may be ordered: who may override keep-power, and keep-power itself.
    Status check_trip(const rpc::CallContext& context, const v1::SubmitCommandRequest& request);
    v1::Line show_line(const LineConfig& config) const;
    v1::Meter show_meter(const PgRegistryStore::StoredMeter& stored) const;
    Result<v1::Meter> load_meter(const std::string& meter_id);
    /// Gives the park these lines as they are stored.
    Status take_lines(const std::vector<std::string>& line_ids);

    const Parts parts_;
};

}  // namespace prepay::metering
