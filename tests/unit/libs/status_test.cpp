#include "core/status.h"

#include <catch2/catch.hpp>

#include "rpc/client.h"

namespace prepay {

TEST_CASE("reason and metadata survive the wire") {
    const Status status =
        failed_precondition("ACCOUNT_CLOSED", "the account is closed", {{"account_id", "a-1"}});
    const Status back = rpc::from_grpc(rpc::to_grpc(status));
    REQUIRE(back.code() == absl::StatusCode::kFailedPrecondition);
    REQUIRE(error_reason(back) == "ACCOUNT_CLOSED");
    REQUIRE(error_message(back) == "the account is closed");
    REQUIRE(error_metadata(back).at("account_id") == "a-1");
    REQUIRE(rpc::from_grpc(grpc::Status::OK).ok());
}

}  // namespace prepay
