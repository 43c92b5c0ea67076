#include <google/protobuf/util/time_util.h>

#include "core/time.h"
#include "e2e/park.h"

namespace prepay::e2e {
namespace {

using google::protobuf::util::TimeUtil;

constexpr const char* kSite = "park-1";
// Meters run fast in these stories; the plausibility check must let them.
constexpr std::int64_t kRatedPowerW = 10'000'000;

}  // namespace

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
    register_meter(meter_id, line_id, added.lines(0).tcp_port(), adf);
    if (!has_site_) {
        create_site(kSite);
        has_site_ = true;
    }
    create_room(kSite, meter_id);

    const std::string tariff_id = "flat-" + std::to_string(price_micros) + "-" + meter_id;
    billing::v1::CreateTariffRequest tariff;
    tariff.set_tariff_id(tariff_id);
    tariff.set_display_name("Single price");
    tariff.set_resource(common::v1::RESOURCE_ELECTRICITY);
    *tariff.mutable_effective_time() = TimeUtil::SecondsToTimestamp(1'577'836'800);
    tariff.mutable_definition()->set_time_zone("Asia/Shanghai");
    auto* price = tariff.mutable_definition()->add_tiers()->add_prices();
    price->set_price_micros(price_micros);
    create_and_assign(tariff, meter_id);
}

void Park::register_meter(const std::string& meter_id, const std::string& line_id, int tcp_port,
                          bool adf) {
    metering::v1::RegisterLinesRequest lines;
    lines.set_request_id(new_request_id());
    auto* line = lines.add_lines();
    line->set_line_id(line_id);
    line->set_transport(metering::v1::TRANSPORT_MODBUS_TCP);
    line->set_address("127.0.0.1:" + std::to_string(tcp_port));
    line->set_poll_interval_ms(300);
    line->set_response_timeout_ms(300);
    line->set_enabled(tcp_port != kNoPort);
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
}

void Park::create_site(const std::string& site_id) {
    account::v1::CreateSiteRequest site;
    site.set_request_id(new_request_id());
    site.mutable_site()->set_site_id(site_id);
    site.mutable_site()->set_display_name("Park");
    site.mutable_site()->set_time_zone("Asia/Shanghai");
    call(account_client_, *account_, &account::v1::AccountService::Stub::CreateSite, site);
}

void Park::create_room(const std::string& site_id, const std::string& meter_id) {
    account::v1::CreateRoomsRequest rooms;
    rooms.set_request_id(new_request_id());
    auto* room = rooms.add_rooms();
    room->set_room_id("room-" + meter_id);
    room->set_site_id(site_id);
    room->set_building("3");
    room->set_floor("2");
    room->set_display_name("3-" + meter_id);
    room->add_meter_ids(meter_id);
    call(account_client_, *account_, &account::v1::AccountService::Stub::CreateRooms, rooms);
}

void Park::create_and_assign(billing::v1::CreateTariffRequest tariff, const std::string& meter_id) {
    tariff.set_request_id(new_request_id());
    call(billing_client_, *billing_, &billing::v1::BillingService::Stub::CreateTariff, tariff);
    billing::v1::AssignTariffRequest assign;
    assign.set_request_id(new_request_id());
    assign.set_tariff_id(tariff.tariff_id());
    assign.add_meter_ids(meter_id);
    *assign.mutable_start_time() = tariff.effective_time();
    call(billing_client_, *billing_, &billing::v1::BillingService::Stub::AssignTariff, assign);
}

std::string Park::open_account(const std::string& meter_id, std::int64_t first_top_up_micros) {
    account::v1::OpenAccountRequest request;
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
    return open(std::move(request), meter_id);
}

std::string Park::open(account::v1::OpenAccountRequest request, const std::string& meter_id) {
    request.set_request_id(new_request_id());
    request.set_room_id("room-" + meter_id);
    request.mutable_customer()->set_display_name("Chen Wei");
    request.mutable_customer()->set_phone("13800138000");
    request.mutable_customer()->set_email("chen.wei@example.com");
    return call(account_client_, *account_, &account::v1::AccountService::Stub::OpenAccount,
                request)
        .account()
        .account_id();
}

std::string Park::open_history(const std::string& meter_id, const std::string& tariff_yaml,
                               Instant start, std::int64_t first_top_up_micros) {
    register_meter(meter_id, "line-" + meter_id, kNoPort, false);
    create_site("site-" + meter_id);
    create_room("site-" + meter_id, meter_id);
    billing::v1::CreateTariffRequest tariff;
    tariff.set_tariff_id("schedule-" + meter_id);
    tariff.set_tariff_yaml(tariff_yaml);
    *tariff.mutable_effective_time() = TimeUtil::MicrosecondsToTimestamp(to_micros(start));
    create_and_assign(tariff, meter_id);
    account::v1::OpenAccountRequest request;
    auto* opening = request.add_opening_registers();
    opening->set_meter_id(meter_id);
    opening->set_register_total(0);
    *request.mutable_start_time() = tariff.effective_time();
    request.set_first_top_up_micros(first_top_up_micros);
    return open(std::move(request), meter_id);
}

}  // namespace prepay::e2e
