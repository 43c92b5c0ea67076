#pragma once

#include "lines/app/line_park.h"
#include "meters/adapters/pg_registry_store.h"
#include "prepay/metering/v1/metering.pb.h"
#include "rpc/server.h"

namespace prepay::metering {

/// The RPCs about lines. Thread-safe.
class GrpcLines {
public:
    struct Parts {
        PgRegistryStore& registry;
        LinePark& park;
    };
    explicit GrpcLines(const Parts& parts) : parts_(parts) {}

    /// Adds its methods to the server.
    void add_to(rpc::Server& server);

    Result<v1::RegisterLinesResponse> register_lines(const rpc::CallContext& context,
                                                     const v1::RegisterLinesRequest& request);
    Result<v1::UpdateLineResponse> update_line(const rpc::CallContext& context,
                                               const v1::UpdateLineRequest& request);
    Result<v1::ListLinesResponse> list_lines(const rpc::CallContext& context,
                                             const v1::ListLinesRequest& request);

private:
    v1::Line show_line(const LineConfig& config) const;
    /// Gives the park these lines as they are stored.
    Status take_lines(const std::vector<std::string>& line_ids);

    const Parts parts_;
};

}  // namespace prepay::metering
