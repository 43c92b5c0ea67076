#include "meters/adapters/grpc_meters.h"

#include <set>

#include "core/proto_time.h"
#include "devices/adapters/grpc_pages.h"
#include "devices/convert.h"
#include "holds/convert.h"
#include "readings/convert.h"

namespace prepay::metering {

namespace {

constexpr int kRegisterMax = 1000;
constexpr int kMeterIdsMax = 1000;
constexpr int kWatchedMax = 100;
constexpr std::chrono::milliseconds kReadTimeout{10'000};
constexpr std::chrono::milliseconds kReportTimeout{5'000};
constexpr std::chrono::milliseconds kWatchWait{250};

}  // namespace

v1::Meter GrpcMeters::show_meter(const PgRegistryStore::StoredMeter& stored) const {
    v1::Meter meter = to_proto_meter(stored.config);
    meter.set_online(stored.memory.online);
    meter.set_quarantine_anomaly_id(stored.quarantine_id);
    for (const Hold& hold : stored.memory.holds.standing) {
        *meter.add_holds() = to_proto_hold(hold);
    }
    meter.set_foreign_open(stored.memory.holds.foreign_open);
    std::optional<MeterValues> latest = stored.memory.latest;
    ReadingFault fault = ReadingFault::kNone;
    if (const auto entry = parts_.board.find(stored.config.meter_id)) {
        meter.set_online(entry->online);
        latest = entry->values ? entry->values : latest;
        fault = entry->values ? entry->fault : fault;
    }
    if (latest) {
        *meter.mutable_latest() = to_proto_values(*latest, fault);
        set_time(*meter.mutable_last_good_time(), latest->read_time);
    }
    return meter;
}

void GrpcMeters::add_to(rpc::Server& server) {
    using Self = GrpcMeters;
    const std::string prefix = kServicePrefix;
    server.unary(prefix + "RegisterMeters", this, &Self::register_meters);
    server.unary(prefix + "ListMeters", this, &Self::list_meters);
    server.unary(prefix + "GetMeter", this, &Self::get_meter);
    server.unary(prefix + "ListDriverPacks", this, &Self::list_driver_packs);
    server.unary(prefix + "ReadMeter", this, &Self::read_meter);
    server.stream(prefix + "WatchMeters", this, &Self::watch_meters);
    server.unary(prefix + "GetMeterDiagnostics", this, &Self::get_meter_diagnostics);
}

Result<v1::RegisterMetersResponse> GrpcMeters::register_meters(
    const rpc::CallContext& context, const v1::RegisterMetersRequest& request) {
    PREPAY_RETURN_IF_ERROR(check_count(request.meters_size(), kRegisterMax, "meters"));
    std::vector<MeterConfig> meters;
    std::vector<std::string> meter_ids;
    std::set<std::string> seen;
    for (const v1::Meter& meter : request.meters()) {
        const auto pack = parts_.packs.find(meter.driver_pack());
        PREPAY_ASSIGN_OR_RETURN(
            MeterConfig config,
            from_proto_meter(meter, pack == parts_.packs.end() ? nullptr : pack->second.get()));
        if (!seen.insert(config.meter_id).second) {
            return invalid_argument("DUPLICATE_ID", "meter " + config.meter_id + " is there twice");
        }
        meter_ids.push_back(config.meter_id);
        meters.push_back(std::move(config));
    }
    PREPAY_RETURN_IF_ERROR(
        parts_.registry.put_meters(key_of(context), meters, request.allow_shared_address()));
    PREPAY_ASSIGN_OR_RETURN(const auto stored,
                            parts_.registry.list_meters("", kRegisterMax, "", meter_ids));
    v1::RegisterMetersResponse response;
    for (const PgRegistryStore::StoredMeter& meter : stored) {
        parts_.live.put_meter(meter.config, meter.memory);
        *response.add_meters() = show_meter(meter);
    }
    return response;
}

Result<v1::ListMetersResponse> GrpcMeters::list_meters(const rpc::CallContext&,
                                                       const v1::ListMetersRequest& request) {
    const int size = rpc::page_size_of(request.page_size());
    if (request.meter_ids_size() > kMeterIdsMax) {
        return invalid_argument("BAD_COUNT", "meter_ids: at most 1,000 in one request");
    }
    PREPAY_ASSIGN_OR_RETURN(const Place after, page_start(request.page_token()));
    PREPAY_ASSIGN_OR_RETURN(
        const auto meters,
        parts_.registry.list_meters(after.text, size, request.line_id(),
                                    {request.meter_ids().begin(), request.meter_ids().end()}));
    v1::ListMetersResponse response;
    for (const PgRegistryStore::StoredMeter& meter : meters) {
        *response.add_meters() = show_meter(meter);
    }
    if (static_cast<int>(meters.size()) == size) {
        response.set_next_page_token(make_place(0, meters.back().config.meter_id));
    }
    return response;
}

Result<v1::Meter> GrpcMeters::load_meter(const std::string& meter_id) {
    PREPAY_ASSIGN_OR_RETURN(const auto meters, parts_.registry.list_meters("", 1, "", {meter_id}));
    if (meters.empty()) {
        return unknown_meter(meter_id);
    }
    return show_meter(meters.front());
}

Result<v1::GetMeterResponse> GrpcMeters::get_meter(const rpc::CallContext&,
                                                   const v1::GetMeterRequest& request) {
    PREPAY_ASSIGN_OR_RETURN(v1::Meter meter, load_meter(request.meter_id()));
    v1::GetMeterResponse response;
    *response.mutable_meter() = std::move(meter);
    return response;
}

Result<v1::ListDriverPacksResponse> GrpcMeters::list_driver_packs(
    const rpc::CallContext&, const v1::ListDriverPacksRequest&) {
    v1::ListDriverPacksResponse response;
    for (const auto& [name, pack] : parts_.packs) {
        *response.add_driver_packs() = to_proto_pack(*pack);
    }
    return response;
}

Result<v1::ReadMeterResponse> GrpcMeters::read_meter(const rpc::CallContext&,
                                                     const v1::ReadMeterRequest& request) {
    PREPAY_ASSIGN_OR_RETURN(v1::Meter meter, load_meter(request.meter_id()));
    PREPAY_ASSIGN_OR_RETURN(const DemandResult result,
                            parts_.live.read_now(request.meter_id(), kReadTimeout));
    v1::ReadMeterResponse response;
    meter.set_online(true);
    if (result.values) {
        *response.mutable_values() = to_proto_values(*result.values, result.fault);
        *meter.mutable_latest() = response.values();
        *meter.mutable_last_good_time() = response.values().read_time();
    }
    for (const Frame& frame : result.frames) {
        *response.add_frames() = to_proto_frame(frame);
    }
    *response.mutable_meter() = std::move(meter);
    return response;
}

Status GrpcMeters::watch_meters(const rpc::CallContext&, const v1::WatchMetersRequest& request,
                                rpc::StreamWriter<v1::WatchMetersResponse>& writer) {
    PREPAY_RETURN_IF_ERROR(check_count(request.meter_ids_size(), kWatchedMax, "meter_ids"));
    const std::vector<std::string> meter_ids(request.meter_ids().begin(),
                                             request.meter_ids().end());
    for (const std::string& meter_id : meter_ids) {
        if (!parts_.directory.find_meter(meter_id)) {
            return unknown_meter(meter_id);
        }
    }
    std::uint64_t version = 0;
    while (!writer.is_cancelled()) {
        for (const auto& [meter_id, entry] :
             parts_.board.wait_newer(meter_ids, version, kWatchWait)) {
            v1::WatchMetersResponse response;
            response.set_meter_id(meter_id);
            response.set_online(entry.online);
            if (entry.values) {
                *response.mutable_values() = to_proto_values(*entry.values, entry.fault);
            }
            if (!writer.write(response)) {
                return absl::OkStatus();
            }
        }
    }
    return absl::OkStatus();
}

Result<v1::GetMeterDiagnosticsResponse> GrpcMeters::get_meter_diagnostics(
    const rpc::CallContext&, const v1::GetMeterDiagnosticsRequest& request) {
    PREPAY_ASSIGN_OR_RETURN(const DiagnosticsReport report,
                            parts_.live.report(request.meter_id(), kReportTimeout));
    v1::GetMeterDiagnosticsResponse response;
    response.set_meter_id(request.meter_id());
    response.set_good_count(report.good_count);
    if (!report.last_error_kind.empty()) {
        response.set_last_error_kind(report.last_error_kind);
        response.set_last_error_text(report.last_error_text);
        set_time(*response.mutable_last_error_time(), report.last_error_time);
    }
    for (const auto& [kind, count] : report.error_counts) {
        v1::ErrorCount& error = *response.add_errors();
        error.set_kind(kind);
        error.set_count(count);
    }
    for (const Frame& frame : report.frames) {
        *response.add_frames() = to_proto_frame(frame);
    }
    for (const RefusedBlock& block : report.refused_blocks) {
        v1::RefusedBlock& refused = *response.add_refused_blocks();
        refused.set_register_(block.address);
        refused.set_register_count(block.count);
        refused.set_exception_code(block.code);
    }
    return response;
}

}  // namespace prepay::metering
