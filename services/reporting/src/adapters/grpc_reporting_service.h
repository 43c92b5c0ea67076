#pragma once

#include <atomic>

#include "adapters/pg_report_store.h"
#include "app/wall_image.h"
#include "app/watch_wall.h"
#include "config.h"
#include "core/status.h"
#include "metrics.h"
#include "prepay/reporting/v1/reporting.pb.h"
#include "rpc/server.h"

namespace prepay::reporting {

/// prepay.reporting.v1.ReportingService. Every method reads. Thread-safe.
class GrpcReportingService {
public:
    GrpcReportingService(const WallImage& wall, PgReportStore& reports, const Clock& clock,
                         const ReportingConfig& config, const ReportingMetrics& metrics)
        : wall_(wall), reports_(reports), clock_(clock), config_(config), metrics_(metrics) {}

    /// Hangs all methods into a server.
    void register_with(rpc::Server& server);

    /// Reasons BAD_PAGE_TOKEN, BAD_STATE.
    Result<v1::ListWallResponse> list_wall(const rpc::CallContext& context,
                                           const v1::ListWallRequest& request);
    Status watch_wall(const rpc::CallContext& context, const v1::WatchWallRequest& request,
                      rpc::StreamWriter<v1::WatchWallResponse>& writer);
    /// Reasons BAD_DATE, BAD_PAGE_TOKEN.
    Result<v1::ListRoomDaysResponse> list_room_days(const rpc::CallContext& context,
                                                    const v1::ListRoomDaysRequest& request);
    /// Reasons BAD_DATE, ROOM_UNKNOWN.
    Result<v1::ListRoomHoursResponse> list_room_hours(const rpc::CallContext& context,
                                                      const v1::ListRoomHoursRequest& request);
    Result<v1::GetTotalsResponse> get_totals(const rpc::CallContext& context,
                                             const v1::GetTotalsRequest& request);
    /// Reasons BAD_DATE, EXPORT_TOO_LARGE, EXPORTS_BUSY.
    Status export_room_days(const rpc::CallContext& context,
                            const v1::ExportRoomDaysRequest& request,
                            rpc::StreamWriter<v1::ExportRoomDaysResponse>& writer);

private:
    const WallImage& wall_;
    PgReportStore& reports_;
    const Clock& clock_;
    ReportingConfig config_;
    const ReportingMetrics& metrics_;
    std::atomic<int> export_count_{0};
};

}  // namespace prepay::reporting
