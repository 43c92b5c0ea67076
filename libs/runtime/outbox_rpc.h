#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "outbox/outbox.h"
#include "prepay/common/v1/common.pb.h"
#include "rpc/client.h"
#include "rpc/server.h"

namespace prepay::runtime {

/// Answers OutboxService from the process's own outbox.
class OutboxRpc {
public:
    OutboxRpc(pg::Database& database, int partition_count)
        : database_(database), partition_count_(partition_count) {}

    void register_with(rpc::Server& server);
    /// How the state of a topic is told as events; before the server starts.
    void add_snapshot(const std::string& topic, outbox::SnapshotSource source);

    Status replay(const rpc::CallContext& context, const common::v1::ReplayRequest& request,
                  rpc::StreamWriter<common::v1::ReplayResponse>& writer);
    Result<common::v1::GetHighWaterResponse> get_high_water(
        const rpc::CallContext& context, const common::v1::GetHighWaterRequest& request);
    Status snapshot(const rpc::CallContext& context, const common::v1::SnapshotRequest& request,
                    rpc::StreamWriter<common::v1::SnapshotResponse>& writer);

private:
    pg::Database& database_;
    int partition_count_;
    std::map<std::string, outbox::SnapshotSource> sources_;
};

/// "prepay.account.occupancies.v1" is owned by the peer "account".
std::string owner_of(const std::string& topic);

/// Asks the owners over RPC; `peer` gives the client of an owner.
outbox::OwnerCalls owner_calls(std::function<const rpc::Client&(const std::string&)> peer);

}  // namespace prepay::runtime
