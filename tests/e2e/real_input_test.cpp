#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <tuple>

#include "e2e/park.h"
#include "support/paths.h"
#include "support/real_data.h"

namespace prepay::e2e {
namespace {

using google::protobuf::util::TimeUtil;

constexpr std::int64_t kTopUpMicros = 5'000'000'000;
const std::string kExamples =
    std::string(prepay::test::source_dir()) + "/services/billing/examples/";

/// Start, end (UTC microseconds), period, Wh, price in micro-yuan per kWh, amount in 1e-9 yuan.
using Line =
    std::tuple<std::int64_t, std::int64_t, std::string, std::int64_t, std::int64_t, std::int64_t>;

std::string text_of(const std::string& path) {
    std::ifstream file(path);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::string period_text(billing::v1::RatePeriod period) {
    switch (period) {
        case billing::v1::RATE_PERIOD_SHARP:
            return "sharp";
        case billing::v1::RATE_PERIOD_PEAK:
            return "peak";
        case billing::v1::RATE_PERIOD_FLAT:
            return "flat";
        case billing::v1::RATE_PERIOD_VALLEY:
            return "valley";
        case billing::v1::RATE_PERIOD_DEEP_VALLEY:
            return "deep_valley";
        default:
            return "single";
    }
}

std::int64_t micros_of(const google::protobuf::Timestamp& time) {
    return TimeUtil::TimestampToMicroseconds(time);
}

/// One history: a meter, what it showed, what its customer pays for it.
struct History {
    std::string meter_id;
    std::string tariff_file;
    std::vector<test::RegisterRow> readings;
    std::string csv_file;
    std::string account_id;
};

/// Charges that stand: neither reversals nor reversed ones, of the account, oldest first.
std::vector<billing::v1::Charge> standing_charges(Park& park, const History& history) {
    const auto all = park.charges(history.meter_id);
    std::set<std::string> reversed;
    for (const auto& charge : all) {
        reversed.insert(charge.reversal_of());
    }
    std::vector<billing::v1::Charge> charges;
    for (const auto& charge : all) {
        if (charge.kind() == billing::v1::CHARGE_KIND_ENERGY &&
            reversed.count(charge.charge_id()) == 0 && charge.account_id() == history.account_id) {
            charges.push_back(charge);
        }
    }
    std::sort(charges.begin(), charges.end(), [](const auto& left, const auto& right) {
        return micros_of(left.start_time()) < micros_of(right.start_time());
    });
    return charges;
}

void import(Stack& stack, History& history) {
    history.csv_file = stack.folder() + "/" + history.meter_id + ".csv";
    std::ofstream(history.csv_file) << test::to_csv(history.readings, history.meter_id);
    const std::string token_file = stack.folder() + "/secrets/importer.token";
    stack.run("prepay-console mint-token --key-file '" + stack.folder() +
              "/secrets/private.pem' --subject user:importer --role admin --days 1 > '" +
              token_file + "'");
    const std::string command = "prepay-metering-gateway import '" + history.csv_file +
                                "' --address 127.0.0.1:" + std::to_string(stack.port("metering")) +
                                " --token-file '" + token_file + "' 2> /dev/null";
    const auto answer = nlohmann::json::parse(stack.run(command));
    REQUIRE(answer["stored"] == history.readings.size());
    REQUIRE(answer["duplicates"] == 0);
    REQUIRE(answer["rejected"] == 0);
    const auto again = nlohmann::json::parse(stack.run(command));
    REQUIRE(again["stored"] == 0);
    REQUIRE(again["duplicates"] == history.readings.size());
}

void wait_charged(Park& park, const History& history) {
    const std::int64_t energy_wh = history.readings.back().wh;
    const std::string site_id = "site-" + history.meter_id;
    eventually(
        "the read model has all the energy of " + history.meter_id,
        [&] { return park.totals(site_id).energy_wh() == energy_wh; }, std::chrono::seconds(180));
    std::int64_t charged_wh = 0;
    for (const auto& charge : standing_charges(park, history)) {
        charged_wh += charge.quantity();
    }
    REQUIRE(charged_wh == energy_wh);
}

/// What the ledger took for energy, micro-yuan; every charge is one posting.
std::int64_t check_ledger(Park& park, const History& history) {
    const auto postings = park.postings(history.account_id);
    std::map<std::string, std::int64_t> posted;
    std::int64_t sum = 0;
    std::int64_t paid = 0;
    for (const auto& posting : postings) {
        sum += posting.amount_micros();
        if (posting.kind() == "top-up") {
            paid += posting.amount_micros();
        } else {
            REQUIRE(posted.emplace(posting.source_id(), posting.amount_micros()).second);
        }
    }
    CHECK(paid == kTopUpMicros);
    CHECK(park.account(history.account_id).balance_micros() == sum);
    bool same = true;
    for (const auto& charge : standing_charges(park, history)) {
        const auto found = posted.find(charge.charge_id());
        same = same && found != posted.end() && found->second == -charge.amount_micros();
    }
    CHECK(same);
    CHECK(park.totals("site-" + history.meter_id).charge_micros() == paid - sum);
    return paid - sum;
}

nlohmann::json rate_offline(const Stack& stack, const History& history) {
    return nlohmann::json::parse(stack.run("prepay-billing rate --tariff '" + kExamples +
                                           history.tariff_file + "' --readings '" +
                                           history.csv_file + "' --format json"));
}

void check_lines(Park& park, const History& history, const nlohmann::json& offline) {
    std::vector<Line> charged;
    for (const auto& charge : standing_charges(park, history)) {
        for (const auto& line : charge.lines()) {
            charged.emplace_back(micros_of(line.start_time()), micros_of(line.end_time()),
                                 period_text(line.period()), line.quantity(), line.price_micros(),
                                 line.amount_nanos());
        }
    }
    std::vector<Line> rated;
    for (const auto& line : offline["lines"]) {
        REQUIRE(line["meter"] == history.meter_id);
        rated.emplace_back(to_micros(*parse_time(line["start_time"].get<std::string>())),
                           to_micros(*parse_time(line["end_time"].get<std::string>())),
                           line["period"], line["quantity"], line["price_micros"],
                           line["amount_nanos"]);
    }
    REQUIRE(charged.size() == rated.size());
    const auto different = std::mismatch(charged.begin(), charged.end(), rated.begin()).first;
    INFO("the first line that differs, from 0");
    CHECK(static_cast<std::size_t>(different - charged.begin()) == charged.size());
}

/// Micro-yuan the charges of each month of the tariff's zone come to.
std::vector<std::int64_t> month_sums(Park& park, const History& history, const TimeZone& zone) {
    std::vector<std::int64_t> sums(12, 0);
    for (const auto& charge : standing_charges(park, history)) {
        const CivilTime start = zone.to_civil(from_micros(micros_of(charge.start_time())));
        sums.at(static_cast<std::size_t>(start.month - 1)) += charge.amount_micros();
    }
    return sums;
}

void charge_history(Stack& stack, Park& park, History& history) {
    history.account_id =
        park.open_history(history.meter_id, text_of(kExamples + history.tariff_file),
                          history.readings.front().time, kTopUpMicros);
    import(stack, history);
    wait_charged(park, history);
}

}  // namespace

TEST_CASE("real input through gateway, Kafka, billing and ledger costs what it must") {
    const auto home_rows = test::home_registers();
    const auto residential_rows = test::residential_registers("Etc/GMT+7");
    std::string why_not;
    if (!home_rows || !residential_rows) {
        return;
    }
    if (!can_run(why_not)) {
        WARN("SKIPPED: " + why_not);
        return;
    }
    Stack stack;
    Park park(stack);

    History home{"m-home", "home_hourly_tou.yaml", *home_rows, {}, {}};
    charge_history(stack, park, home);
    CHECK(check_ledger(park, home) == 89'879'860);
    const auto home_bill = rate_offline(stack, home);
    CHECK(home_bill["total"]["amount_micros"] == 89'879'860);
    check_lines(park, home, home_bill);

    History year{"m-year", "residential_tou.yaml", *residential_rows, {}, {}};
    charge_history(stack, park, year);
    const std::int64_t year_micros = check_ledger(park, year);
    CHECK(std::abs(year_micros - 771'776'000) <= 10'000);
    const auto year_bill = rate_offline(stack, year);
    CHECK(year_bill["total"]["amount_micros"] == year_micros);
    check_lines(park, year, year_bill);
    const auto months = month_sums(park, year, *TimeZone::load("Etc/GMT+7"));
    for (std::size_t month = 0; month < months.size(); ++month) {
        CAPTURE(month + 1, months[month]);
        CHECK(std::abs(months[month] - test::kResidentialMonthMicros[month]) <= 10'000);
    }
}

}  // namespace prepay::e2e
