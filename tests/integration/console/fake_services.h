#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "prepay/account/v1/account.pb.h"
#include "prepay/reporting/v1/reporting.pb.h"
#include "rpc/server.h"

namespace prepay::test {

/// A call that reached a service.
struct SeenCall {
    std::string method;   ///< "ListSites".
    std::string subject;  ///< Who the token says it is.
    std::string request;  ///< Serialized.
};

/// Account and reporting behind the console: every method exists, checks its caller as the real one
/// does, remembers the call and answers with an empty message, or as told.
class FakeServices {
public:
    using Answer = std::function<Status(const google::protobuf::Message& request,
                                        google::protobuf::Message& response)>;

    void register_on(rpc::Server& server);
    void answer(const std::string& method, Answer answer);

    [[nodiscard]] std::vector<SeenCall> calls() const;
    /// Streams that a service holds open now.
    [[nodiscard]] int open_streams() const { return open_streams_; }

    /// site_id "three": three messages, then the end; "bad": one message, then NOT_FOUND / NO_SITE;
    /// else one message, then open until cancelled.
    Status watch_wall(const rpc::CallContext& context,
                      const reporting::v1::WatchWallRequest& request,
                      rpc::StreamWriter<reporting::v1::WatchWallResponse>& writer);
    /// site_id "absent": NOT_FOUND / NO_SITE at once; "broken": a part, then an error; "endless":
    /// parts until cancelled; else the header line and one day.
    Status export_days(const rpc::CallContext& context,
                       const reporting::v1::ExportRoomDaysRequest& request,
                       rpc::StreamWriter<reporting::v1::ExportRoomDaysResponse>& writer);

private:
    void add_service(rpc::Server& server, const std::string& name);
    void remember(const rpc::CallContext& context, const google::protobuf::Message& request);

    mutable std::mutex mutex_;
    std::map<std::string, Answer> answers_;
    std::vector<SeenCall> calls_;
    std::atomic<int> open_streams_{0};
};

}  // namespace prepay::test
