#include "runtime/service_token.h"

#include <fstream>
#include <iterator>

#include "core/pause.h"
#include "rpc/token.h"
#include "telemetry/log.h"

namespace prepay::runtime {
namespace {

constexpr std::chrono::seconds kRenewInterval{2};
/// A token that lasts a day is renewed long before it has so little left.
constexpr std::chrono::hours kWarnBefore{1};
constexpr std::chrono::minutes kWarnInterval{5};

Result<std::string> read_text(const std::string& file) {
    std::ifstream stream(file);
    std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    if (!stream) {
        return unavailable("TOKEN_FILE_UNREADABLE", file + " cannot be read");
    }
    while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') {
        text.pop_back();
    }
    return text;
}

}  // namespace

ServiceToken::ServiceToken(std::string token, std::string file, std::string public_key_pem,
                           telemetry::Gauge expire_time, const Clock& clock)
    : file_(std::move(file)),
      public_key_pem_(std::move(public_key_pem)),
      gauge_(expire_time),
      clock_(clock),
      token_(std::move(token)),
      next_warning_time_(clock.now()) {
    const auto claims = rpc::verify_token(token_, public_key_pem_, clock.now());
    expire_time_ = claims.ok() ? claims->expire_time : clock.now();
    gauge_.set(static_cast<double>(to_micros(expire_time_) / 1'000'000));
}

std::string ServiceToken::current() const {
    const std::lock_guard lock(mutex_);
    return token_;
}

Status ServiceToken::check() const {
    const std::lock_guard lock(mutex_);
    return expire_time_ > clock_.now()
               ? absl::OkStatus()
               : unavailable("SERVICE_TOKEN_EXPIRED",
                             "the token of this service is over; renew auth.service_token_file");
}

Status ServiceToken::read() {
    if (file_.empty()) {
        return absl::OkStatus();
    }
    PREPAY_ASSIGN_OR_RETURN(std::string fresh, read_text(file_));
    if (fresh == current()) {
        return absl::OkStatus();
    }
    PREPAY_ASSIGN_OR_RETURN(const rpc::TokenClaims claims,
                            rpc::verify_token(fresh, public_key_pem_, clock_.now()));
    const std::lock_guard lock(mutex_);
    token_ = std::move(fresh);
    expire_time_ = claims.expire_time;
    gauge_.set(static_cast<double>(to_micros(expire_time_) / 1'000'000));
    return absl::OkStatus();
}

void ServiceToken::warn() {
    const Instant now = clock_.now();
    Instant end;
    {
        const std::lock_guard lock(mutex_);
        end = expire_time_;
    }
    if (end - now > kWarnBefore || now < next_warning_time_) {
        return;
    }
    next_warning_time_ = now + kWarnInterval;
    const auto left = std::chrono::duration_cast<std::chrono::seconds>(end - now).count();
    telemetry::log_warning("the service's own token ends soon and was not renewed",
                           {{"seconds_left", std::to_string(left)}});
}

void ServiceToken::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        const std::string problem = telemetry::describe(read());
        if (problem != refused_ && problem != telemetry::describe(absl::OkStatus())) {
            telemetry::log_warning("the token file is of no use, the old token stays",
                                   {{"error", problem}});
        }
        refused_ = problem;
        warn();
        pause(stop, kRenewInterval);
    }
}

}  // namespace prepay::runtime
