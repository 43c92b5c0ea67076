#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "charges/adapters/grpc_charges.h"
#include "intake/adapters/event_handler.h"
#include "rating/adapters/grpc_rating.h"
#include "support/test_database.h"
#include "tariffs/adapters/grpc_tariffs.h"

namespace prepay::billing::testing {

class FixedClock final : public Clock {
public:
    [[nodiscard]] Instant now() const override { return time; }
    [[nodiscard]] std::chrono::steady_clock::time_point steady() const override {
        return std::chrono::steady_clock::now();
    }
    Instant time = *parse_time("2026-06-01T00:00:00Z");
};

/// What the ledger would see for one account.
struct AccountSum {
    std::int64_t quantity = 0;
    std::int64_t amount_micros = 0;
    bool operator==(const AccountSum&) const = default;
};

/// The whole service but Kafka and gRPC transport, on a database of its own.
class Billing {
public:
    /// Says SKIPPED and is false when there is no server.
    static bool available();
    /// On a database of its own, or on one that is there.
    explicit Billing(const std::string& database_url = "");

    Status send(const std::string& topic, const std::string& payload);
    static std::string readings_payload(
        const std::string& meter_id, const std::vector<Reading>& readings,
        common::v1::Resource resource = common::v1::RESOURCE_UNSPECIFIED);
    static std::string occupancies_payload(
        const std::vector<std::pair<std::string, Occupancy>>& by_meter);
    Status send_readings(const std::string& meter_id, const std::vector<Reading>& readings,
                         common::v1::Resource resource = common::v1::RESOURCE_UNSPECIFIED);
    Status send_occupancies(const std::vector<std::pair<std::string, Occupancy>>& by_meter);

    /// Creates the tariff of a YAML text and assigns it to meters from a time on.
    void tariff(const std::string& tariff_id, const std::string& yaml);
    Result<v1::AssignTariffResponse> assign(const std::string& tariff_id,
                                            const std::vector<std::string>& meter_ids,
                                            Instant start);
    rpc::CallContext call(const std::string& method);

    /// From the stored charges; checks that the outbox says the same.
    std::map<std::string, AccountSum> sums();
    /// Charges of a meter that are not reversed, in order.
    std::vector<Charge> open_charges(const std::string& meter_id);
    std::vector<Charge> all_charges(const std::string& meter_id);
    std::int64_t pending();

    FixedClock clock;
    std::unique_ptr<test::TestDatabase> server;
    std::unique_ptr<pg::Database> database;
    outbox::Outbox outbox{8};
    telemetry::Metrics metrics;
    BillingMetrics billing_metrics{metrics};
    ChargeEvents charge_events{outbox, clock};
    RatingTransaction rating{charge_events, billing_metrics, clock};
    EventHandler events{rating, outbox};
    GrpcTariffs tariff_rpc{*database, clock};
    GrpcCharges charge_rpc{*database};
    GrpcRating rating_rpc{*database, rating, clock};

private:
    std::atomic<std::int64_t> offset_{0};
    int request_ = 0;
};

Reading reading(Instant time, std::int64_t wh, int epoch = 0);
Occupancy occupancy(const std::string& account_id, Instant start,
                    std::optional<Instant> end = std::nullopt, std::int64_t revision = 1);

/// Day of March 2026, hour UTC.
Instant march(int day, int hour = 0, int minute = 0);

extern const char* const kFlatTariff;    ///< 0.50 at all times.
extern const char* const kTieredTariff;  ///< Peak and valley in three monthly tiers.

/// An explained charge's arithmetic, a line a step.
inline std::string arithmetic_of(const v1::ExplainChargeResponse& answer) {
    std::string text;
    for (const std::string& step : answer.arithmetic()) {
        text += step + "\n";
    }
    return text;
}

}  // namespace prepay::billing::testing
