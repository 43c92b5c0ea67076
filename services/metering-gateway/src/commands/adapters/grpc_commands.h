#pragma once

#include "commands/adapters/pg_command_store.h"
#include "commands/app/command_signal.h"
#include "commands/ports.h"
#include "devices/ports.h"
#include "prepay/metering/v1/metering.pb.h"
#include "rpc/server.h"

namespace prepay::metering {

/// The RPCs that order, withdraw and show commands. Thread-safe.
class GrpcCommands {
public:
    struct Parts {
        PgCommandStore& commands;
        const MeterDirectory& directory;
        OrderLines& lines;
        CommandSignal& signal;
        SwitchPermits& permits;
        const Clock& clock;
    };
    explicit GrpcCommands(const Parts& parts) : parts_(parts) {}

    /// Adds its methods to the server.
    void add_to(rpc::Server& server);

    Result<v1::SubmitCommandResponse> submit_command(const rpc::CallContext& context,
                                                     const v1::SubmitCommandRequest& request);
    Result<v1::CancelCommandResponse> cancel_command(const rpc::CallContext& context,
                                                     const v1::CancelCommandRequest& request);
    Result<v1::GetCommandResponse> get_command(const rpc::CallContext& context,
                                               const v1::GetCommandRequest& request);
    Result<v1::ListCommandsResponse> list_commands(const rpc::CallContext& context,
                                                   const v1::ListCommandsRequest& request);
    Status watch_command(const rpc::CallContext& context, const v1::WatchCommandRequest& request,
                         rpc::StreamWriter<v1::WatchCommandResponse>& writer);

private:
    /// Whether a trip may be ordered: who may override keep-power, and keep-power itself.
    Status check_trip(const rpc::CallContext& context, const v1::SubmitCommandRequest& request);

    const Parts parts_;
};

}  // namespace prepay::metering
