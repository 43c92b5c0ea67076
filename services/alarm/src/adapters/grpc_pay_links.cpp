#include "adapters/grpc_pay_links.h"

namespace prepay::alarm {
namespace {

constexpr std::chrono::seconds kDownPause{10};

// Of the caller, not of the question: the next try may find it gone.
bool is_passing(const Status& status) {
    return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
           absl::IsResourceExhausted(status) || absl::IsAborted(status) || absl::IsInternal(status);
}

Status console_away() {
    return unavailable("CONSOLE_UNAVAILABLE", "the console makes no pay links at the moment");
}

}  // namespace

GrpcPayLinks::GrpcPayLinks(const rpc::Client& console, std::string pay_url, const Clock& clock)
    : console_(console),
      stub_(console::v1::SessionService::NewStub(console.channel())),
      pay_url_(std::move(pay_url)),
      clock_(clock) {}

Result<std::string> GrpcPayLinks::link_of(const std::string& account_id,
                                          const std::string& episode_id) {
    if (clock_.steady() < asked_again_from_.load()) {
        return console_away();
    }
    console::v1::CreateMailLinkRequest request;
    request.set_request_id("alarm-mail-" + episode_id);
    request.set_account_id(account_id);
    const Result<console::v1::CreateMailLinkResponse> answer =
        console_.call(*stub_, &console::v1::SessionService::StubInterface::CreateMailLink, request);
    if (answer.ok()) {
        return pay_url_ + "#t=" + answer->token();
    }
    if (!is_passing(answer.status())) {
        return answer.status();
    }
    asked_again_from_ = clock_.steady() + kDownPause;
    return console_away();
}

}  // namespace prepay::alarm
