#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "core/time.h"
#include "ports.h"
#include "prepay/console/v1/console.grpc.pb.h"
#include "rpc/client.h"

namespace prepay::alarm {

/// Mail links from the console. Thread-safe. While the console does not answer it is asked once in
/// 10 s, so that many mails do not wait for it one after the other.
class GrpcPayLinks final : public PayLinks {
public:
    /// `console` is a client with this service's own token.
    GrpcPayLinks(const rpc::Client& console, std::string pay_url, const Clock& clock);

    Result<std::string> link_of(const std::string& account_id,
                                const std::string& episode_id) override;

private:
    const rpc::Client& console_;
    std::unique_ptr<console::v1::SessionService::Stub> stub_;
    std::string pay_url_;
    const Clock& clock_;
    std::atomic<std::chrono::steady_clock::time_point> asked_again_from_{};
};

}  // namespace prepay::alarm
