#include "e2e/actors.h"

#include <iostream>
#include <nlohmann/json.hpp>
#include <random>

#include "core/ids.h"
#include "httplib.h"

namespace prepay::e2e {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kYuan = 1'000'000;
// A client that gets no answer for so long has found a standstill: the test says so by its books.
constexpr std::chrono::minutes kPatience{4};

bool is_unanswered(const Status& status) {
    return status.code() == absl::StatusCode::kUnavailable ||
           status.code() == absl::StatusCode::kDeadlineExceeded ||
           status.code() == absl::StatusCode::kAborted ||
           status.code() == absl::StatusCode::kResourceExhausted ||
           status.code() == absl::StatusCode::kUnknown;
}

// The same request until it is answered.
template <typename Stub, typename Method, typename Request>
auto ask(rpc::Client& client, Stub& stub, Method method, const Request& request) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    for (;;) {
        auto response = client.call(stub, method, request);
        if (response.ok() || !is_unanswered(response.status()) ||
            std::chrono::steady_clock::now() > end) {
            return response;
        }
        let_pass(milliseconds(100));
    }
}

}  // namespace

void let_pass(milliseconds time) { std::this_thread::sleep_for(time); }

void Journal::opened(const std::string& account_id, std::int64_t amount_micros) {
    const std::lock_guard lock(mutex_);
    sums_[account_id] += amount_micros;
}

void Journal::acknowledged(const std::string& account_id, std::int64_t amount_micros) {
    const std::lock_guard lock(mutex_);
    sums_[account_id] += amount_micros;
    ++(amount_micros > 0 ? top_up_count_ : refund_count_);
}

void Journal::paid(const std::string& account_id, const std::string& order_id,
                   std::int64_t amount_micros) {
    const std::lock_guard lock(mutex_);
    sums_[account_id] += amount_micros;
    orders_[account_id].push_back(order_id);
    ++payment_count_;
}

std::size_t Journal::count() const {
    const std::lock_guard lock(mutex_);
    return top_up_count_ + refund_count_ + payment_count_;
}

std::int64_t Journal::paid_micros(const std::string& account_id) const {
    const std::lock_guard lock(mutex_);
    const auto found = sums_.find(account_id);
    return found == sums_.end() ? 0 : found->second;
}

void Journal::wait_final(Park& park, const std::string& account_id) const {
    std::vector<std::string> order_ids;
    {
        const std::lock_guard lock(mutex_);
        const auto found = orders_.find(account_id);
        order_ids = found == orders_.end() ? order_ids : found->second;
    }
    for (const std::string& order_id : order_ids) {
        park.wait_credited(account_id, order_id);
    }
}

std::string Journal::text() const {
    const std::lock_guard lock(mutex_);
    return std::to_string(top_up_count_) + " top-ups, " + std::to_string(refund_count_) +
           " refunds, " + std::to_string(payment_count_) + " payments acknowledged";
}

Actors::Actors(Stack& stack, Journal& journal, const std::map<std::string, std::string>& accounts,
               std::uint64_t seed)
    : stack_(stack), journal_(journal) {
    for (const auto& [meter_id, account_id] : accounts) {
        account_ids_.push_back(account_id);
    }
    for (std::uint64_t i = 0; i < 3; ++i) {
        threads_.emplace_back(
            [this, seed, i](const std::stop_token& stop) { work_at_desk(stop, seed + i); });
    }
    threads_.emplace_back(
        [this, seed](const std::stop_token& stop) { pay_by_phone(stop, seed + 100); });
}

Actors::~Actors() { stop(); }

void Actors::stop() {
    for (std::jthread& thread : threads_) {
        thread.request_stop();
    }
    threads_.clear();
}

void Actors::work_at_desk(const std::stop_token& stop, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    const auto below = [&](std::uint64_t bound) { return random() % bound; };
    const auto client = stack_.client("account", rpc::Role::kCashier);
    const auto desk = account::v1::AccountService::NewStub(client->channel());
    while (!stop.stop_requested()) {
        const std::string& account_id = account_ids_[below(account_ids_.size())];
        const auto amount_micros = static_cast<std::int64_t>(1 + below(2000)) * kYuan / 100;
        if (below(4) > 0) {
            account::v1::TopUpRequest request;
            request.set_request_id(new_id(SystemClock()));
            request.set_account_id(account_id);
            request.set_amount_micros(amount_micros);
            const auto answer =
                ask(*client, *desk, &account::v1::AccountService::Stub::TopUp, request);
            if (answer.ok()) {
                journal_.acknowledged(account_id, amount_micros);
            } else {
                std::cout << "chaos: top-up refused: " << answer.status() << '\n' << std::flush;
            }
        } else {
            account::v1::RefundRequest request;
            request.set_request_id(new_id(SystemClock()));
            request.set_account_id(account_id);
            request.set_amount_micros(amount_micros);
            const auto answer =
                ask(*client, *desk, &account::v1::AccountService::Stub::Refund, request);
            if (answer.ok()) {
                journal_.acknowledged(account_id, -amount_micros);
            }
        }
        let_pass(milliseconds(below(300)));
    }
}

void Actors::pay_by_phone(const std::stop_token& stop, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    while (!stop.stop_requested()) {
        const std::string& account_id = account_ids_[random() % account_ids_.size()];
        const auto client = stack_.client("account", rpc::Role::kTenant, account_id);
        const auto tenant = account::v1::TenantService::NewStub(client->channel());
        account::v1::CreatePaymentRequest request;
        request.set_request_id(new_id(SystemClock()));
        request.set_amount_micros(static_cast<std::int64_t>(1 + random() % 20) * kYuan);
        request.set_openid("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o");
        const auto payment =
            ask(*client, *tenant, &account::v1::TenantService::Stub::CreatePayment, request);
        if (payment.ok()) {
            const auto& sign = payment->wechat();
            const nlohmann::json parameters = {
                {"appId", sign.app_id()},       {"timeStamp", sign.time_stamp()},
                {"nonceStr", sign.nonce_str()}, {"package", sign.package()},
                {"signType", sign.sign_type()}, {"paySign", sign.pay_sign()}};
            httplib::Client http("127.0.0.1", stack_.port("provider-simulator"));
            const auto paid = http.Post("/sim/pay", parameters.dump(), "application/json");
            if (paid && paid->status == 200) {
                journal_.paid(account_id, payment->order().order_id(), request.amount_micros());
            }
        }
        let_pass(milliseconds(200 + random() % 800));
    }
}

}  // namespace prepay::e2e
