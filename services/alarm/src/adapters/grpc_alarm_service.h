#pragma once

#include "adapters/http_target.h"
#include "config.h"
#include "pg/database.h"
#include "ports.h"
#include "prepay/alarm/v1/alarm.pb.h"
#include "rpc/server.h"

namespace prepay::alarm {

/// prepay.alarm.v1.AlarmService. Thread-safe.
class GrpcAlarmService {
public:
    GrpcAlarmService(pg::Database& database, NotificationStore& store, const Senders& senders,
                     TargetRules rules, const AlarmConfig& config, const Clock& clock);

    void register_with(rpc::Server& server);

    Result<v1::ListEpisodesResponse> list_episodes(const rpc::CallContext& context,
                                                   const v1::ListEpisodesRequest& request);
    Result<v1::ListNotificationsResponse> list_notifications(
        const rpc::CallContext& context, const v1::ListNotificationsRequest& request);
    Result<v1::PutChannelResponse> put_channel(const rpc::CallContext& context,
                                               const v1::PutChannelRequest& request);
    Result<v1::ListChannelsResponse> list_channels(const rpc::CallContext& context,
                                                   const v1::ListChannelsRequest& request);
    Result<v1::TestChannelResponse> test_channel(const rpc::CallContext& context,
                                                 const v1::TestChannelRequest& request);

private:
    pg::Database& database_;
    NotificationStore& store_;
    Senders senders_;
    TargetRules rules_;
    const AlarmConfig& config_;
    const Clock& clock_;
};

}  // namespace prepay::alarm
