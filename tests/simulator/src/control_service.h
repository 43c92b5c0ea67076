#pragma once

#include <grpcpp/server.h>

#include <memory>
#include <string>

#include "core/status.h"
#include "park_server.h"

namespace prepay::simulator {

/// The control service on a loopback address, without log-in: it drives test hardware only.
class ControlServer {
public:
    /// Starts to serve; `address` is host:port, port 0 = chosen. Reason BAD_CONTROL_ADDRESS for one
    /// that is not loopback, CONTROL_NOT_OPENED for one that is taken.
    static Result<std::unique_ptr<ControlServer>> start(ParkServer& park,
                                                        const std::string& address);
    /// Ends all calls.
    ~ControlServer();
    ControlServer(const ControlServer&) = delete;
    ControlServer& operator=(const ControlServer&) = delete;

    [[nodiscard]] int port() const { return port_; }

private:
    explicit ControlServer(ParkServer& park);

    class Service;
    ParkServer& park_;
    std::unique_ptr<Service> service_;
    std::unique_ptr<grpc::Server> server_;
    int port_ = 0;
};

}  // namespace prepay::simulator
