#include "lines/adapters/grpc_lines.h"

#include <set>

#include "core/proto_time.h"
#include "devices/adapters/grpc_pages.h"
#include "devices/convert.h"
#include "lines/convert.h"
#include "transports/serial/adapters/modbus_rtu_line.h"

namespace prepay::metering {

namespace {

constexpr int kLinesMax = 1000;

Status check_host_port(const std::string& address) {
    const std::size_t colon = address.rfind(':');
    if (colon == std::string::npos || colon == 0 || colon + 1 == address.size() ||
        address.find_first_not_of("0123456789", colon + 1) != std::string::npos ||
        address.size() - colon > 6 || std::stoi(address.substr(colon + 1)) > 65535) {
        return invalid_argument("LINE_ADDRESS_INVALID", "\"" + address + "\" is not host:port");
    }
    return absl::OkStatus();
}

Status check_address(const LineConfig& line) {
    switch (line.transport) {
        case Transport::kTcp:
            return check_host_port(line.address);
        case Transport::kModbusRtu:
            return parse_serial_address(line.address).status();
    }
    return absl::OkStatus();
}

Result<LineConfig> checked_line(const v1::Line& line) {
    PREPAY_ASSIGN_OR_RETURN(LineConfig config, from_proto_line(line));
    PREPAY_RETURN_IF_ERROR(check_address(config));
    return config;
}

}  // namespace

v1::Line GrpcLines::show_line(const LineConfig& config) const {
    v1::Line line = to_proto_line(config);
    const LineStatus status = parts_.park.line_status(config.line_id);
    line.set_state(to_proto_line_state(config.enabled ? status.state : LineState::kDisabled));
    if (status.last_good_time) {
        set_time(*line.mutable_last_good_time(), *status.last_good_time);
    }
    line.set_meter_count(status.meter_count);
    line.set_lost_meter_count(status.lost_meter_count);
    return line;
}

Status GrpcLines::take_lines(const std::vector<std::string>& line_ids) {
    PREPAY_ASSIGN_OR_RETURN(const auto stored, parts_.registry.find_lines(line_ids));
    for (const LineConfig& line : stored) {
        parts_.park.put_line(line);
    }
    return absl::OkStatus();
}

void GrpcLines::add_to(rpc::Server& server) {
    using Self = GrpcLines;
    const std::string prefix = kServicePrefix;
    server.unary(prefix + "RegisterLines", this, &Self::register_lines);
    server.unary(prefix + "UpdateLine", this, &Self::update_line);
    server.unary(prefix + "ListLines", this, &Self::list_lines);
}

Result<v1::RegisterLinesResponse> GrpcLines::register_lines(
    const rpc::CallContext& context, const v1::RegisterLinesRequest& request) {
    PREPAY_RETURN_IF_ERROR(check_count(request.lines_size(), kLinesMax, "lines"));
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

Result<v1::UpdateLineResponse> GrpcLines::update_line(const rpc::CallContext& context,
                                                      const v1::UpdateLineRequest& request) {
    PREPAY_ASSIGN_OR_RETURN(const LineConfig line, checked_line(request.line()));
    PREPAY_RETURN_IF_ERROR(
        parts_.registry.update_line(key_of(context), line, request.allow_shared_address()));
    PREPAY_RETURN_IF_ERROR(take_lines({line.line_id}));
    v1::UpdateLineResponse response;
    *response.mutable_line() = show_line(line);
    return response;
}

Result<v1::ListLinesResponse> GrpcLines::list_lines(const rpc::CallContext&,
                                                    const v1::ListLinesRequest& request) {
    const int size = rpc::page_size_of(request.page_size());
    PREPAY_ASSIGN_OR_RETURN(const Place after, page_start(request.page_token()));
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

}  // namespace prepay::metering
