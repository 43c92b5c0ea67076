#include "adapters/grpc_metering_service.h"

#include <set>

#include "adapters/grpc_pages.h"
#include "adapters/modbus_rtu_line.h"
#include "convert.h"

namespace prepay::metering {
namespace {

constexpr int kRegisterMax = 1000;
constexpr int kMeterIdsMax = 1000;
constexpr int kWatchedMax = 100;
constexpr std::chrono::milliseconds kReadTimeout{10'000};
constexpr std::chrono::milliseconds kWatchWait{250};
constexpr const char* kPrefix = "prepay.metering.v1.MeteringService/";

Status check_count(int count, int max, const char* what) {
    if (count < 1 || count > max) {
        return invalid_argument("BAD_COUNT", std::string(what) + ": 1 .. " + std::to_string(max) +
                                                 " in one request, not " + std::to_string(count));
    }
    return absl::OkStatus();
}

Status check_address(const LineConfig& line) {
    if (line.transport == Transport::kModbusRtu) {
        return parse_serial_address(line.address).status();
    }
    const std::size_t colon = line.address.rfind(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == line.address.size() ||
        line.address.find_first_not_of("0123456789", colon + 1) != std::string::npos ||
        line.address.size() - colon > 6 || std::stoi(line.address.substr(colon + 1)) > 65535) {
        return invalid_argument("LINE_ADDRESS_INVALID",
                                "\"" + line.address + "\" is not host:port");
    }
    return absl::OkStatus();
}

Result<LineConfig> checked_line(const v1::Line& line) {
    PREPAY_ASSIGN_OR_RETURN(LineConfig config, from_proto_line(line));
    PREPAY_RETURN_IF_ERROR(check_address(config));
    return config;
}

}  // namespace

void GrpcMeteringService::add_to(rpc::Server& server) {
    using Self = GrpcMeteringService;
    const std::string prefix = kPrefix;
    server.unary(prefix + "RegisterLines", this, &Self::register_lines);
    server.unary(prefix + "UpdateLine", this, &Self::update_line);
    server.unary(prefix + "ListLines", this, &Self::list_lines);
    server.unary(prefix + "RegisterMeters", this, &Self::register_meters);
    server.unary(prefix + "ListMeters", this, &Self::list_meters);
    server.unary(prefix + "GetMeter", this, &Self::get_meter);
    server.unary(prefix + "ListDriverPacks", this, &Self::list_driver_packs);
    server.unary(prefix + "ReadMeter", this, &Self::read_meter);
    server.stream(prefix + "WatchMeters", this, &Self::watch_meters);
    server.unary(prefix + "GetMeterDiagnostics", this, &Self::get_meter_diagnostics);
    server.unary(prefix + "ListAnomalies", this, &Self::list_anomalies);
    server.unary(prefix + "GetAnomaly", this, &Self::get_anomaly);
    server.unary(prefix + "DecideQuarantine", this, &Self::decide_quarantine);
    server.unary(prefix + "ListReadings", this, &Self::list_readings);
    server.unary(prefix + "ImportReadings", this, &Self::import_readings);
    server.unary(prefix + "ListHolds", this, &Self::list_holds);
    server.unary(prefix + "SubmitCommand", this, &Self::submit_command);
    server.unary(prefix + "CancelCommand", this, &Self::cancel_command);
    server.unary(prefix + "GetCommand", this, &Self::get_command);
    server.unary(prefix + "ListCommands", this, &Self::list_commands);
    server.stream(prefix + "WatchCommand", this, &Self::watch_command);
}

v1::Line GrpcMeteringService::show_line(const LineConfig& config) const {
    v1::Line line = to_proto_line(config);
    const LineStatus status = parts_.park.line_status(config.line_id);
    line.set_state(to_proto_line_state(config.enabled ? status.state : LineState::kDisabled));
    if (status.last_good_time) {
        *line.mutable_last_good_time() = to_proto_time(*status.last_good_time);
    }
    line.set_meter_count(status.meter_count);
    line.set_lost_meter_count(status.lost_meter_count);
    return line;
}

v1::Meter GrpcMeteringService::show_meter(const PgRegistryStore::StoredMeter& stored) const {
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
        *meter.mutable_last_good_time() = to_proto_time(latest->read_time);
    }
    return meter;
}

Status GrpcMeteringService::take_lines(const std::vector<std::string>& line_ids) {
    PREPAY_ASSIGN_OR_RETURN(const auto stored, parts_.registry.find_lines(line_ids));
    for (const LineConfig& line : stored) {
        parts_.park.put_line(line);
    }
    return absl::OkStatus();
}

Result<v1::RegisterLinesResponse> GrpcMeteringService::register_lines(
    const rpc::CallContext& context, const v1::RegisterLinesRequest& request) {
    PREPAY_RETURN_IF_ERROR(check_count(request.lines_size(), kRegisterMax, "lines"));
    std::vector<LineConfig> lines;
    std::vector<std::string> line_ids;
    std::set<std::string> seen;
    for (const v1::Line& line : request.lines()) {
        PREPAY_ASSIGN_OR_RETURN(LineConfig config, checked_line(line));
        if (!seen.insert(config.line_id).second) {
            return invalid_argument("DUPLICATE_ID", "line " + config.line_id + " is there twice");
        }
        line_ids.push_back(config.line_id);
        lines.push_back(std::move(config));
    }
    PREPAY_RETURN_IF_ERROR(
        parts_.registry.put_lines(key_of(context), lines, request.allow_shared_address()));
    PREPAY_RETURN_IF_ERROR(take_lines(line_ids));
    v1::RegisterLinesResponse response;
    for (const LineConfig& line : lines) {
        *response.add_lines() = show_line(line);
    }
    return response;
}

Result<v1::UpdateLineResponse> GrpcMeteringService::update_line(
    const rpc::CallContext& context, const v1::UpdateLineRequest& request) {
    PREPAY_ASSIGN_OR_RETURN(const LineConfig line, checked_line(request.line()));
    PREPAY_RETURN_IF_ERROR(
        parts_.registry.update_line(key_of(context), line, request.allow_shared_address()));
    PREPAY_RETURN_IF_ERROR(take_lines({line.line_id}));
    v1::UpdateLineResponse response;
    *response.mutable_line() = show_line(line);
    return response;
}

Result<v1::ListLinesResponse> GrpcMeteringService::list_lines(const rpc::CallContext&,
                                                              const v1::ListLinesRequest& request) {
    const int size = rpc::page_size_of(request.page_size());
    Place after;
    if (!request.page_token().empty()) {
        PREPAY_ASSIGN_OR_RETURN(after, parse_place(request.page_token()));
    }
    PREPAY_ASSIGN_OR_RETURN(const auto lines, parts_.registry.list_lines(after.text, size));
    v1::ListLinesResponse response;
    for (const LineConfig& line : lines) {
        *response.add_lines() = show_line(line);
    }
    if (static_cast<int>(lines.size()) == size) {
        response.set_next_page_token(make_place(0, lines.back().line_id));
    }
    return response;
}

Result<v1::RegisterMetersResponse> GrpcMeteringService::register_meters(
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
        parts_.park.put_meter(meter.config, meter.memory);
        *response.add_meters() = show_meter(meter);
    }
    return response;
}

Result<v1::ListMetersResponse> GrpcMeteringService::list_meters(
    const rpc::CallContext&, const v1::ListMetersRequest& request) {
    const int size = rpc::page_size_of(request.page_size());
    if (request.meter_ids_size() > kMeterIdsMax) {
        return invalid_argument("BAD_COUNT", "meter_ids: at most 1,000 in one request");
    }
    Place after;
    if (!request.page_token().empty()) {
        PREPAY_ASSIGN_OR_RETURN(after, parse_place(request.page_token()));
    }
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

Result<v1::Meter> GrpcMeteringService::load_meter(const std::string& meter_id) {
    PREPAY_ASSIGN_OR_RETURN(const auto meters, parts_.registry.list_meters("", 1, "", {meter_id}));
    if (meters.empty()) {
        return not_found("UNKNOWN_METER", "no meter \"" + meter_id + "\" is registered");
    }
    return show_meter(meters.front());
}

Result<v1::GetMeterResponse> GrpcMeteringService::get_meter(const rpc::CallContext&,
                                                            const v1::GetMeterRequest& request) {
    PREPAY_ASSIGN_OR_RETURN(v1::Meter meter, load_meter(request.meter_id()));
    v1::GetMeterResponse response;
    *response.mutable_meter() = std::move(meter);
    return response;
}

Result<v1::ListDriverPacksResponse> GrpcMeteringService::list_driver_packs(
    const rpc::CallContext&, const v1::ListDriverPacksRequest&) {
    v1::ListDriverPacksResponse response;
    for (const auto& [name, pack] : parts_.packs) {
        *response.add_driver_packs() = to_proto_pack(*pack);
    }
    return response;
}

Result<v1::ReadMeterResponse> GrpcMeteringService::read_meter(const rpc::CallContext&,
                                                              const v1::ReadMeterRequest& request) {
    PREPAY_ASSIGN_OR_RETURN(v1::Meter meter, load_meter(request.meter_id()));
    PREPAY_ASSIGN_OR_RETURN(const DemandResult result,
                            parts_.park.read_now(request.meter_id(), kReadTimeout));
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

Status GrpcMeteringService::watch_meters(const rpc::CallContext&,
                                         const v1::WatchMetersRequest& request,
                                         rpc::StreamWriter<v1::WatchMetersResponse>& writer) {
    PREPAY_RETURN_IF_ERROR(check_count(request.meter_ids_size(), kWatchedMax, "meter_ids"));
    const std::vector<std::string> meter_ids(request.meter_ids().begin(),
                                             request.meter_ids().end());
    for (const std::string& meter_id : meter_ids) {
        if (!parts_.park.find_meter(meter_id)) {
            return not_found("UNKNOWN_METER", "no meter \"" + meter_id + "\" is registered");
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

}  // namespace prepay::metering
