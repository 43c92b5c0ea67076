#include "e2e/park.h"

#include <google/protobuf/util/time_util.h>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/ids.h"
#include "httplib.h"

namespace prepay::e2e {
namespace {

constexpr const char* kSite = "park-1";
// Meters run fast in these stories; the plausibility check must let them.
constexpr std::int64_t kRatedPowerW = 10'000'000;

}  // namespace

Park::Park(Stack& stack)
    : stack_(stack),
      metering_client_(stack.client("metering")),
      billing_client_(stack.client("billing")),
      account_client_(stack.client("account")),
      alarm_client_(stack.client("alarm")),
      reporting_client_(stack.client("reporting")),
      simulator_client_(stack.client("simulator")),
      metering_(metering::v1::MeteringService::NewStub(metering_client_->channel())),
      billing_(billing::v1::BillingService::NewStub(billing_client_->channel())),
      account_(account::v1::AccountService::NewStub(account_client_->channel())),
      alarm_(alarm::v1::AlarmService::NewStub(alarm_client_->channel())),
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

void Park::add_room(const std::string& meter_id, bool adf, std::int64_t price_micros) {
    const std::string line_id = "line-" + meter_id;
    simulator::v1::AddLinesRequest add_line;
    add_line.add_lines()->set_line_id(line_id);
    const auto added = call(simulator_client_, *simulator_,
                            &simulator::v1::SimulatorService::Stub::AddLines, add_line);
    simulator::v1::AddMetersRequest add_meter;
    auto* spec = add_meter.add_meters();
    spec->set_meter_id(meter_id);
    spec->set_line_id(line_id);
    spec->set_unit_id(1);
    spec->set_family(adf ? simulator::v1::FAMILY_ADF400L_1P : simulator::v1::FAMILY_DDSY1352);
    spec->set_register_wh(1'234'560);
    spec->set_load_w(0);
    spec->set_rated_power_w(kRatedPowerW);
    call(simulator_client_, *simulator_, &simulator::v1::SimulatorService::Stub::AddMeters,
         add_meter);

    metering::v1::RegisterLinesRequest lines;
    lines.set_request_id(new_request_id());
    auto* line = lines.add_lines();
    line->set_line_id(line_id);
    line->set_transport(metering::v1::TRANSPORT_MODBUS_TCP);
    line->set_address("127.0.0.1:" + std::to_string(added.lines(0).tcp_port()));
    line->set_poll_interval_ms(300);
    line->set_response_timeout_ms(300);
    line->set_enabled(true);
    call(metering_client_, *metering_, &metering::v1::MeteringService::Stub::RegisterLines, lines);
    metering::v1::RegisterMetersRequest meters;
    meters.set_request_id(new_request_id());
    auto* meter = meters.add_meters();
    meter->set_meter_id(meter_id);
    meter->set_line_id(line_id);
    meter->set_unit_id(1);
    meter->set_driver_pack(adf ? "acrel-adf400l-1p" : "acrel-ddsy1352");
    meter->set_resource(common::v1::RESOURCE_ELECTRICITY);
    meter->set_rated_power_w(kRatedPowerW);
    meter->set_enabled(true);
    call(metering_client_, *metering_, &metering::v1::MeteringService::Stub::RegisterMeters,
         meters);

    if (!has_site_) {
        account::v1::CreateSiteRequest site;
        site.set_request_id(new_request_id());
        site.mutable_site()->set_site_id(kSite);
        site.mutable_site()->set_display_name("Park 1");
        site.mutable_site()->set_time_zone("Asia/Shanghai");
        call(account_client_, *account_, &account::v1::AccountService::Stub::CreateSite, site);
        has_site_ = true;
    }
    account::v1::CreateRoomsRequest rooms;
    rooms.set_request_id(new_request_id());
    auto* room = rooms.add_rooms();
    room->set_room_id("room-" + meter_id);
    room->set_site_id(kSite);
    room->set_building("3");
    room->set_floor("2");
    room->set_display_name("3-" + meter_id);
    room->add_meter_ids(meter_id);
    call(account_client_, *account_, &account::v1::AccountService::Stub::CreateRooms, rooms);

    const std::string tariff_id = "flat-" + std::to_string(price_micros) + "-" + meter_id;
    billing::v1::CreateTariffRequest tariff;
    tariff.set_request_id(new_request_id());
    tariff.set_tariff_id(tariff_id);
    tariff.set_display_name("Single price");
    tariff.set_resource(common::v1::RESOURCE_ELECTRICITY);
    *tariff.mutable_effective_time() =
        google::protobuf::util::TimeUtil::SecondsToTimestamp(1'577'836'800);
    tariff.mutable_definition()->set_time_zone("Asia/Shanghai");
    auto* price = tariff.mutable_definition()->add_tiers()->add_prices();
    price->set_price_micros(price_micros);
    call(billing_client_, *billing_, &billing::v1::BillingService::Stub::CreateTariff, tariff);
    billing::v1::AssignTariffRequest assign;
    assign.set_request_id(new_request_id());
    assign.set_tariff_id(tariff_id);
    assign.add_meter_ids(meter_id);
    *assign.mutable_start_time() = tariff.effective_time();
    call(billing_client_, *billing_, &billing::v1::BillingService::Stub::AssignTariff, assign);
}

std::string Park::open_account(const std::string& meter_id, std::int64_t first_top_up_micros) {
    account::v1::OpenAccountRequest request;
    request.set_request_id(new_request_id());
    request.set_room_id("room-" + meter_id);
    request.mutable_customer()->set_display_name("Chen Wei");
    request.mutable_customer()->set_phone("13800138000");
    request.mutable_customer()->set_email("chen.wei@example.com");
    auto* opening = request.add_opening_registers();
    opening->set_meter_id(meter_id);
    opening->set_register_total(truth(meter_id).register_wh());
    opening_registers_[meter_id] = opening->register_total();
    auto* levels = request.mutable_alarm_levels();
    levels->set_level_1_micros(8'000'000);
    levels->set_level_2_micros(5'000'000);
    levels->set_level_3_micros(2'000'000);
    levels->set_cut_floor_micros(0);
    request.set_first_top_up_micros(first_top_up_micros);
    return call(account_client_, *account_, &account::v1::AccountService::Stub::OpenAccount,
                request)
        .account()
        .account_id();
}

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

void Park::check_books(const std::string& meter_id, const std::string& account_id,
                       std::int64_t paid_micros, std::int64_t price_micros) {
    const std::int64_t consumed_wh = truth(meter_id).register_wh() - opening_registers_[meter_id];
    const auto charged_wh = [&] {
        std::int64_t sum = 0;
        for (const auto& charge : charges(meter_id)) {
            sum += charge.account_id() == account_id ? charge.energy() : 0;
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
        const auto totals =
            call(reporting_client_, *reporting_, &reporting::v1::ReportingService::Stub::GetTotals,
                 reporting::v1::GetTotalsRequest());
        std::int64_t revenue = 0;
        const auto ledger =
            call(account_client_, *account_, &account::v1::AccountService::Stub::GetTrialBalance,
                 account::v1::GetTrialBalanceRequest());
        for (const auto& line : ledger.lines()) {
            if (line.kind() == account::v1::LEDGER_ACCOUNT_KIND_REVENUE) {
                revenue += line.balance_micros();
            }
        }
        return totals.charge_micros() == std::abs(revenue);
    });
}

}  // namespace prepay::e2e
