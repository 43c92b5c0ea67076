#pragma once

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/time.h"
#include "e2e/stack.h"
#include "prepay/account/v1/account.grpc.pb.h"
#include "prepay/metering/v1/metering.grpc.pb.h"

namespace prepay::bench {

/// The value, or throws with the reason.
template <typename T>
T must(Result<T> result) {
    if (!result.ok()) {
        throw std::runtime_error(error_reason(result.status()) + ": " +
                                 error_message(result.status()));
    }
    return *std::move(result);
}

/// A park in a running suite: rooms "room-<i>" with one meter each, the meters spread over the
/// lines in turn.
class Park {
public:
    Park(e2e::Stack& stack, int meter_count, int line_count);

    [[nodiscard]] int meter_count() const { return meter_count_; }
    [[nodiscard]] int line_count() const { return line_count_; }
    static std::string meter_id(int meter) { return "m-" + std::to_string(10'000 + meter); }
    static std::string line_id(int line) { return "line-" + std::to_string(line); }
    [[nodiscard]] int line_of(int meter) const { return meter % line_count_; }
    [[nodiscard]] int unit_of(int meter) const { return 1 + meter / line_count_; }
    [[nodiscard]] std::string request_id() const;

    /// Makes the gateway know the lines (their request id is set here) and all meters on them.
    void register_hardware(metering::v1::RegisterLinesRequest lines);
    /// A site with all rooms, there from `start` on, else from now.
    void create_rooms(std::optional<Instant> start = std::nullopt);
    /// An account a room; their ids in the order of the rooms.
    std::vector<std::string> open_accounts(std::int64_t top_up_micros,
                                           std::optional<Instant> start = std::nullopt);

    template <typename Request, typename Response>
    Response call(grpc::Status (metering::v1::MeteringService::StubInterface::*method)(
                      grpc::ClientContext*, const Request&, Response*),
                  const Request& request) {
        return must(metering_client_->call(*metering_, method, request));
    }
    template <typename Request, typename Response>
    Response call(grpc::Status (account::v1::AccountService::StubInterface::*method)(
                      grpc::ClientContext*, const Request&, Response*),
                  const Request& request) {
        return must(account_client_->call(*account_, method, request));
    }

private:
    int meter_count_;
    int line_count_;
    std::unique_ptr<rpc::Client> metering_client_;
    std::unique_ptr<rpc::Client> account_client_;
    std::unique_ptr<metering::v1::MeteringService::StubInterface> metering_;
    std::unique_ptr<account::v1::AccountService::StubInterface> account_;
};

using Metering = metering::v1::MeteringService::StubInterface;
using Account = account::v1::AccountService::StubInterface;

}  // namespace prepay::bench
