#include "e2e/park.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/ids.h"
#include "httplib.h"

namespace prepay::e2e {
Park::Park(Stack& stack)
    : stack_(stack),
      metering_client_(stack.client("metering")),
      billing_client_(stack.client("billing")),
      account_client_(stack.client("account")),
      alarm_client_(stack.client("alarm")),
      scheduler_client_(stack.client("scheduler")),
      reporting_client_(stack.client("reporting")),
      simulator_client_(stack.client("simulator")),
      metering_(metering::v1::MeteringService::NewStub(metering_client_->channel())),
      billing_(billing::v1::BillingService::NewStub(billing_client_->channel())),
      account_(account::v1::AccountService::NewStub(account_client_->channel())),
      alarm_(alarm::v1::AlarmService::NewStub(alarm_client_->channel())),
      scheduler_(scheduler::v1::SchedulerService::NewStub(scheduler_client_->channel())),
      reporting_(reporting::v1::ReportingService::NewStub(reporting_client_->channel())),
      simulator_(simulator::v1::SimulatorService::NewStub(simulator_client_->channel())) {}

bool Park::may_retry(const Status& status) {
    return status.code() == absl::StatusCode::kUnavailable ||
           status.code() == absl::StatusCode::kDeadlineExceeded ||
           status.code() == absl::StatusCode::kAborted;
}

void Park::fail(const Status& status) {
    FAIL(error_reason(status) + ": " + error_message(status));
    std::abort();
}

void Park::pause() { std::this_thread::sleep_for(std::chrono::milliseconds(100)); }

std::string Park::new_request_id() { return new_id(SystemClock()); }

simulator::v1::MeterTruth Park::truth(const std::string& meter_id) {
    simulator::v1::ListMetersRequest request;
    request.add_meter_ids(meter_id);
    return call(simulator_client_, *simulator_, &simulator::v1::SimulatorService::Stub::ListMeters,
                request)
        .meters(0);
}

void Park::set_load(const std::string& meter_id, std::int64_t load_w) {
    simulator::v1::SetMeterRequest request;
    request.set_meter_id(meter_id);
    request.set_load_w(load_w);
    call(simulator_client_, *simulator_, &simulator::v1::SimulatorService::Stub::SetMeter, request);
}

void Park::set_fault(const std::string& meter_id, simulator::v1::FaultKind kind) {
    simulator::v1::SetMeterRequest request;
    request.set_meter_id(meter_id);
    request.add_faults()->set_kind(kind);
    call(simulator_client_, *simulator_, &simulator::v1::SimulatorService::Stub::SetMeter, request);
}

void Park::clear_faults(const std::string& meter_id) {
    simulator::v1::SetMeterRequest request;
    request.set_meter_id(meter_id);
    request.set_clear_faults(true);
    call(simulator_client_, *simulator_, &simulator::v1::SimulatorService::Stub::SetMeter, request);
}

void Park::set_speed(std::int64_t speed) {
    simulator::v1::SetSpeedRequest request;
    request.set_speed(speed);
    call(simulator_client_, *simulator_, &simulator::v1::SimulatorService::Stub::SetSpeed, request);
}

void Park::set_cut_floor(const std::string& account_id, std::int64_t micros) {
    account::v1::SetAlarmLevelsRequest request;
    request.set_request_id(new_request_id());
    request.set_account_id(account_id);
    auto* levels = request.mutable_alarm_levels();
    levels->set_level_1_micros(micros + 3'000'000);
    levels->set_level_2_micros(micros + 2'000'000);
    levels->set_level_3_micros(micros + 1'000'000);
    levels->set_cut_floor_micros(micros);
    call(account_client_, *account_, &account::v1::AccountService::Stub::SetAlarmLevels, request);
}

void Park::set_provider_faults(const std::string& json) {
    httplib::Client http("127.0.0.1", stack_.port("provider-simulator"));
    const auto answer = http.Put("/sim/faults", json, "application/json");
    REQUIRE(answer);
    REQUIRE(answer->status == 200);
}

std::vector<simulator::v1::FrameRecord> Park::relay_writes(const std::string& meter_id) {
    simulator::v1::ListFramesRequest request;
    request.set_meter_id(meter_id);
    request.set_relay_writes_only(true);
    request.set_page_size(1000);
    const auto response = call(simulator_client_, *simulator_,
                               &simulator::v1::SimulatorService::Stub::ListFrames, request);
    return {response.frames().begin(), response.frames().end()};
}

account::v1::Account Park::account(const std::string& account_id) {
    account::v1::GetAccountRequest request;
    request.set_account_id(account_id);
    return call(account_client_, *account_, &account::v1::AccountService::Stub::GetAccount, request)
        .account();
}

std::vector<billing::v1::Charge> Park::charges(const std::string& meter_id) {
    std::vector<billing::v1::Charge> charges;
    billing::v1::ListChargesRequest request;
    request.set_meter_id(meter_id);
    request.set_page_size(1000);
    do {
        const auto page = call(billing_client_, *billing_,
                               &billing::v1::BillingService::Stub::ListCharges, request);
        charges.insert(charges.end(), page.charges().begin(), page.charges().end());
        request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    return charges;
}

std::optional<billing::v1::Charge> Park::last_charge(const std::string& meter_id) {
    billing::v1::ListChargesRequest request;
    request.set_meter_id(meter_id);
    request.set_page_size(1);
    const auto page =
        call(billing_client_, *billing_, &billing::v1::BillingService::Stub::ListCharges, request);
    return page.charges().empty() ? std::nullopt : std::optional(page.charges(0));
}

void Park::top_up(const std::string& account_id, std::int64_t amount_micros) {
    account::v1::TopUpRequest request;
    request.set_request_id(new_request_id());
    request.set_account_id(account_id);
    request.set_amount_micros(amount_micros);
    call(account_client_, *account_, &account::v1::AccountService::Stub::TopUp, request);
}

std::vector<account::v1::Posting> Park::postings(const std::string& account_id) {
    std::vector<account::v1::Posting> postings;
    account::v1::ListPostingsRequest request;
    request.set_account_id(account_id);
    request.set_page_size(1000);
    do {
        const auto page = call(account_client_, *account_,
                               &account::v1::AccountService::Stub::ListPostings, request);
        postings.insert(postings.end(), page.postings().begin(), page.postings().end());
        request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    return postings;
}

std::vector<alarm::v1::Episode> Park::episodes(const std::string& account_id) {
    alarm::v1::ListEpisodesRequest request;
    request.set_account_id(account_id);
    const auto response =
        call(alarm_client_, *alarm_, &alarm::v1::AlarmService::Stub::ListEpisodes, request);
    return {response.episodes().begin(), response.episodes().end()};
}

std::vector<metering::v1::Command> Park::commands(const std::string& meter_id) {
    metering::v1::ListCommandsRequest request;
    request.set_meter_id(meter_id);
    const auto response = call(metering_client_, *metering_,
                               &metering::v1::MeteringService::Stub::ListCommands, request);
    return {response.commands().begin(), response.commands().end()};
}

std::string Park::pay_by_wechat(const std::string& account_id, std::int64_t amount_micros) {
    const auto client = stack_.client("account", rpc::Role::kTenant, account_id);
    const auto tenant = account::v1::TenantService::NewStub(client->channel());
    account::v1::CreatePaymentRequest request;
    request.set_request_id(new_request_id());
    request.set_amount_micros(amount_micros);
    request.set_openid("oUpF8uMuAJO_M2pxb1Q9zNjWeS6o");
    const auto payment =
        call(client, *tenant, &account::v1::TenantService::Stub::CreatePayment, request);
    const nlohmann::json parameters = {
        {"appId", payment.wechat().app_id()},       {"timeStamp", payment.wechat().time_stamp()},
        {"nonceStr", payment.wechat().nonce_str()}, {"package", payment.wechat().package()},
        {"signType", payment.wechat().sign_type()}, {"paySign", payment.wechat().pay_sign()}};
    httplib::Client http("127.0.0.1", stack_.port("provider-simulator"));
    const auto paid = http.Post("/sim/pay", parameters.dump(), "application/json");
    REQUIRE(paid);
    CAPTURE(paid->body);
    REQUIRE(paid->status == 200);
    return payment.order().order_id();
}

account::v1::Order Park::order(const std::string& account_id, const std::string& order_id) {
    const auto client = stack_.client("account", rpc::Role::kTenant, account_id);
    const auto tenant = account::v1::TenantService::NewStub(client->channel());
    account::v1::GetPaymentRequest request;
    request.set_order_id(order_id);
    return call(client, *tenant, &account::v1::TenantService::Stub::GetPayment, request).order();
}

void Park::wait_credited(const std::string& account_id, const std::string& order_id) {
    eventually(
        "order " + order_id + " is credited",
        [&] { return order(account_id, order_id).state() == account::v1::ORDER_STATE_CREDITED; },
        std::chrono::seconds(60));
}

reporting::v1::GetTotalsResponse Park::totals(const std::string& site_id) {
    reporting::v1::GetTotalsRequest request;
    request.set_site_id(site_id);
    return call(reporting_client_, *reporting_, &reporting::v1::ReportingService::Stub::GetTotals,
                request);
}

void Park::check_books(const std::string& meter_id, const std::string& account_id,
                       std::int64_t paid_micros, std::int64_t price_micros) {
    const std::int64_t consumed_wh = truth(meter_id).register_wh() - opening_registers_[meter_id];
    const auto charged_wh = [&] {
        std::int64_t sum = 0;
        for (const auto& charge : charges(meter_id)) {
            sum += charge.account_id() == account_id ? charge.quantity() : 0;
        }
        return sum;
    };
    eventually(
        "I-4 every Wh of " + meter_id + " is charged", [&] { return charged_wh() == consumed_wh; },
        std::chrono::seconds(60));
    // Prices here make every Wh a whole number of micro-yuan: the exact amount is the ledger's.
    const std::int64_t owed_micros = consumed_wh * price_micros / 1000;
    eventually(
        "I-5 balance = payments - charges to the micro-yuan",
        [&] { return account(account_id).balance_micros() == paid_micros - owed_micros; },
        std::chrono::seconds(60));
    std::int64_t sum = 0;
    const auto entries = postings(account_id);
    for (const auto& posting : entries) {
        sum += posting.amount_micros();
    }
    const auto state = account(account_id);
    INFO("I-2 balance = sum of postings, version = their count");
    REQUIRE(sum == state.balance_micros());
    REQUIRE(static_cast<std::int64_t>(entries.size()) == state.version());
    const auto trial =
        call(account_client_, *account_, &account::v1::AccountService::Stub::GetTrialBalance,
             account::v1::GetTrialBalanceRequest());
    INFO("I-1 the ledger sums to zero");
    REQUIRE(trial.total_micros() == 0);
    eventually("I-27 the read model's totals equal the ledger's", [&] {
        std::int64_t revenue = 0;
        const auto ledger =
            call(account_client_, *account_, &account::v1::AccountService::Stub::GetTrialBalance,
                 account::v1::GetTrialBalanceRequest());
        for (const auto& line : ledger.lines()) {
            if (line.kind() == account::v1::LEDGER_ACCOUNT_KIND_REVENUE) {
                revenue += line.balance_micros();
            }
        }
        return totals("").charge_micros() == std::abs(revenue);
    });
}

}  // namespace prepay::e2e
