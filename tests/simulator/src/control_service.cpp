#include "control_service.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/server_builder.h>

#include "control_convert.h"
#include "prepay/simulator/v1/simulator.grpc.pb.h"

namespace prepay::simulator {
namespace {

constexpr std::int64_t kLoadMax = 10'000'000;
constexpr int kMessageBytesMax = 64 * 1024 * 1024;

/// abseil's codes are gRPC's; the stable reason leads the message.
grpc::Status to_grpc(const Status& status) {
    if (status.ok()) {
        return grpc::Status::OK;
    }
    return {static_cast<grpc::StatusCode>(status.code()),
            error_reason(status) + ": " + error_message(status)};
}

bool is_loopback(const std::string& address) {
    return address.starts_with("127.") || address.starts_with("localhost:") ||
           address.starts_with("[::1]:");
}

Status apply(const pb::SetMeterRequest& request, Park& park, Meter& meter) {
    const std::int64_t register_max = register_span_mwh(meter.spec().family) / 1000 - 1;
    if (request.has_register_wh() &&
        (request.register_wh() < 0 || request.register_wh() > register_max)) {
        return invalid_argument("BAD_METER",
                                "register_wh must be 0 to " + std::to_string(register_max));
    }
    if (request.has_load_w() && (request.load_w() < -1 || request.load_w() > kLoadMax)) {
        return invalid_argument("BAD_METER", "load_w must be 0 to 10000000, or -1 for the profile");
    }
    if (request.clear_faults() || request.faults_size() > 0) {
        PREPAY_ASSIGN_OR_RETURN(const auto faults, from_proto(request.faults()));
        PREPAY_RETURN_IF_ERROR(park.set_faults(meter, faults));
    }
    if (request.has_register_wh()) {
        meter.set_register(request.register_wh());
    }
    if (request.has_load_w()) {
        meter.set_load(request.load_w());
    }
    if (request.has_relay_closed()) {
        meter.move_contact(!request.relay_closed());
    }
    return absl::OkStatus();
}

Status apply(const pb::SetLineRequest& request, ParkServer& server, Line& line) {
    if (request.has_baud()) {
        LineSpec spec = line.spec;
        spec.line_id += "?";  // check the values, not whether the id is free
        spec.baud = request.baud();
        spec.tcp_port = 0;
        PREPAY_RETURN_IF_ERROR(server.park().check_line(spec));
    }
    if (request.clear_faults() || request.faults_size() > 0) {
        PREPAY_ASSIGN_OR_RETURN(const auto faults, from_proto(request.faults()));
        PREPAY_RETURN_IF_ERROR(server.set_line_faults(line, faults));
    }
    if (request.has_baud()) {
        line.spec.baud = request.baud();
    }
    return absl::OkStatus();
}

}  // namespace

class ControlServer::Service final : public pb::SimulatorService::Service {
public:
    explicit Service(ParkServer& server) : server_(server) {}

    grpc::Status AddLines(grpc::ServerContext*, const pb::AddLinesRequest* request,
                          pb::AddLinesResponse* response) override {
        std::vector<LineSpec> specs;
        for (const auto& line : request->lines()) {
            specs.push_back(from_proto(line));
        }
        const auto opened =
            server_.run([&](ParkServer& server) { return server.add_lines(specs); });
        if (!opened.ok()) {
            return to_grpc(opened.status());
        }
        for (const LineSpec& line : *opened) {
            to_proto(line, *response->add_lines());
        }
        return grpc::Status::OK;
    }

    grpc::Status ListLines(grpc::ServerContext*, const pb::ListLinesRequest* request,
                           pb::ListLinesResponse* response) override {
        return to_grpc(server_.run([&](ParkServer& server) -> Status {
            if (request->line_ids().empty()) {
                for (const auto& [id, line] : server.park().lines()) {
                    to_proto(*line, *response->add_lines());
                }
            }
            for (const auto& id : request->line_ids()) {
                const Line* line = server.park().find_line(id);
                if (line == nullptr) {
                    return not_found("LINE_UNKNOWN", "no line '" + id + "'");
                }
                to_proto(*line, *response->add_lines());
            }
            return absl::OkStatus();
        }));
    }

    grpc::Status AddMeters(grpc::ServerContext*, const pb::AddMetersRequest* request,
                           pb::AddMetersResponse*) override {
        std::vector<MeterSpec> specs;
        for (const auto& meter : request->meters()) {
            auto spec = from_proto(meter);
            if (!spec.ok()) {
                return to_grpc(spec.status());
            }
            specs.push_back(*std::move(spec));
        }
        return to_grpc(
            server_.run([&](ParkServer& server) { return server.park().add_meters(specs); }));
    }

    grpc::Status ListMeters(grpc::ServerContext*, const pb::ListMetersRequest* request,
                            pb::ListMetersResponse* response) override {
        return to_grpc(server_.run([&](ParkServer& server) -> Status {
            Park& park = server.park();
            if (request->meter_ids().empty()) {
                for (const Meter* meter : park.meters()) {
                    to_proto(*meter, *response->add_meters());
                }
            }
            for (const auto& id : request->meter_ids()) {
                const Meter* meter = park.find_meter(id);
                if (meter == nullptr) {
                    return not_found("METER_UNKNOWN", "no meter '" + id + "'");
                }
                to_proto(*meter, *response->add_meters());
            }
            to_proto(park.now(), *response->mutable_now());
            response->set_speed(park.speed());
            return absl::OkStatus();
        }));
    }

    grpc::Status SetMeter(grpc::ServerContext*, const pb::SetMeterRequest* request,
                          pb::SetMeterResponse* response) override {
        return to_grpc(server_.run([&](ParkServer& server) -> Status {
            Meter* meter = server.park().find_meter(request->meter_id());
            if (meter == nullptr) {
                return not_found("METER_UNKNOWN", "no meter '" + request->meter_id() + "'");
            }
            PREPAY_RETURN_IF_ERROR(apply(*request, server.park(), *meter));
            to_proto(*meter, *response->mutable_meter());
            return absl::OkStatus();
        }));
    }

    grpc::Status SetLine(grpc::ServerContext*, const pb::SetLineRequest* request,
                         pb::SetLineResponse*) override {
        return to_grpc(server_.run([&](ParkServer& server) -> Status {
            Line* line = server.park().find_line(request->line_id());
            if (line == nullptr) {
                return not_found("LINE_UNKNOWN", "no line '" + request->line_id() + "'");
            }
            return apply(*request, server, *line);
        }));
    }

    grpc::Status SetSpeed(grpc::ServerContext*, const pb::SetSpeedRequest* request,
                          pb::SetSpeedResponse*) override {
        return to_grpc(server_.run(
            [&](ParkServer& server) { return server.park().set_speed(request->speed()); }));
    }

    grpc::Status ListFrames(grpc::ServerContext* context, const pb::ListFramesRequest* request,
                            pb::ListFramesResponse* response) override {
        const auto query = from_proto(*request);
        if (!query.ok()) {
            return to_grpc(query.status());
        }
        to_proto(server_.frames().list(*query, [&] { return context->IsCancelled(); }), *response);
        return grpc::Status::OK;
    }

private:
    ParkServer& server_;
};

ControlServer::ControlServer(ParkServer& park)
    : park_(park), service_(std::make_unique<Service>(park)) {}

Result<std::unique_ptr<ControlServer>> ControlServer::start(ParkServer& park,
                                                            const std::string& address) {
    if (!is_loopback(address)) {
        return invalid_argument("BAD_CONTROL_ADDRESS",
                                "the control service has no log-in and listens on loopback only, "
                                "e.g. 127.0.0.1:18030; not on '" +
                                    address + "'");
    }
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    std::unique_ptr<ControlServer> control(new ControlServer(park));
    grpc::ServerBuilder builder;
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.SetMaxReceiveMessageSize(kMessageBytesMax);
    builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &control->port_);
    builder.RegisterService(control->service_.get());
    control->server_ = builder.BuildAndStart();
    if (!control->server_ || control->port_ == 0) {
        return failed_precondition("CONTROL_NOT_OPENED",
                                   "cannot listen on " + address + " (taken by another process?)");
    }
    return control;
}

ControlServer::~ControlServer() {
    park_.frames().close();
    if (server_) {
        server_->Shutdown(std::chrono::system_clock::time_point{});
        server_->Wait();
    }
}

}  // namespace prepay::simulator
