#pragma once

#include "adapters/ended_sessions.h"
#include "prepay/console/v1/console.pb.h"
#include "rpc/server.h"

namespace prepay::console {

/// SessionService: what EndedSessions last saw, without a question to the database.
class GrpcSessionService {
public:
    explicit GrpcSessionService(const EndedSessions& ended) : ended_(ended) {}

    void register_on(rpc::Server& server) {
        server.unary("prepay.console.v1.SessionService/ListEndedSessions", this,
                     &GrpcSessionService::list_ended_sessions);
    }

private:
    Result<v1::ListEndedSessionsResponse> list_ended_sessions(
        const rpc::CallContext&, const v1::ListEndedSessionsRequest& request) {
        PREPAY_ASSIGN_OR_RETURN(const EndedSessions::Snapshot ended, ended_.latest());
        v1::ListEndedSessionsResponse response;
        response.set_version(ended.version);
        if (ended.version != request.known_version()) {
            response.mutable_session_ids()->Add(ended.session_ids.begin(), ended.session_ids.end());
        }
        return response;
    }

    const EndedSessions& ended_;
};

}  // namespace prepay::console
