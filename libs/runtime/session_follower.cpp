#include "runtime/session_follower.h"

#include <set>

#include "core/pause.h"
#include "prepay/console/v1/console.grpc.pb.h"
#include "telemetry/log.h"

namespace prepay::runtime {
namespace {

constexpr std::chrono::seconds kFollowInterval{2};
// Of one look: with the console's own second and the interval a log-out is known within 5 s.
constexpr std::chrono::milliseconds kTimeout{1500};

rpc::ClientOptions with_timeout(rpc::ClientOptions options) {
    options.timeout = kTimeout;
    return options;
}

}  // namespace

SessionFollower::SessionFollower(rpc::ClientOptions options, rpc::Server& server,
                                 telemetry::Gauge age, const Clock& clock)
    : console_(with_timeout(std::move(options))),
      server_(server),
      age_(age),
      clock_(clock),
      known_time_(clock.steady()) {}

Status SessionFollower::look() {
    using console::v1::SessionService;
    const auto stub = SessionService::NewStub(console_.channel());
    console::v1::ListEndedSessionsRequest request;
    request.set_known_version(version_);
    PREPAY_ASSIGN_OR_RETURN(
        const console::v1::ListEndedSessionsResponse ended,
        console_.call(*stub, &SessionService::StubInterface::ListEndedSessions, request));
    if (ended.version() != version_) {
        server_.refuse_sessions({ended.session_ids().begin(), ended.session_ids().end()});
        version_ = ended.version();
    }
    known_time_ = clock_.steady();
    return absl::OkStatus();
}

void SessionFollower::run(const std::stop_token& stop) {
    bool is_known = true;
    while (!stop.stop_requested()) {
        const Status status = look();
        if (status.ok() != is_known) {
            is_known = status.ok();
            telemetry::log_warning(is_known ? "the console says again which sessions have ended"
                                            : "the console does not say which sessions have ended",
                                   {{"error", telemetry::describe(status)}});
        }
        const std::chrono::duration<double> age = clock_.steady() - known_time_;
        age_.set(is_known ? 0 : age.count());
        pause(stop, kFollowInterval);
    }
}

}  // namespace prepay::runtime
