#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/time.h"
#include "domain/wall.h"
#include "quantity/quantity.h"

namespace prepay::reporting {

// Facts as they arrive, each with what orders two versions of it.

struct SiteRecord {
    std::string site_id;
    std::string display_name;
    std::string time_zone;
    Instant occur_time;
};

struct RoomRecord {
    RoomFacts facts;
    std::int64_t revision = 0;
};

struct OccupancyRecord {
    OccupancyFacts facts;
    std::string meter_id;
    bool vacancy = false;
    bool deleted = false;
    std::int64_t revision = 0;
};

struct AccountRecord {
    AccountFacts facts;
    std::string site_id;
    std::int64_t version = 0;
    std::int64_t settings_revision = 0;
};

struct MeterStateRecord {
    std::string meter_id;
    bool online = false;
    Relay relay = Relay::kUnknown;
    Resource resource = Resource::kElectricity;
    std::int64_t revision = 0;
    std::vector<HoldFacts> holds{};
    bool foreign_open = false;
};

struct LiveValueRecord {
    std::string meter_id;
    std::int64_t power_w = 0;
    Instant read_time;
};

/// A command that ended verified or contradicted.
struct CommandOutcome {
    std::string meter_id;
    Instant finish_time;
    bool is_verified = false;
};

enum class OrderKind { kCashTopUp, kWechatTopUp, kCashRefund };

/// An order whose money is in the ledger.
struct OrderRecord {
    std::string order_id;
    std::string account_id;
    std::string site_id;
    OrderKind kind = OrderKind::kCashTopUp;
    Money amount;
    Instant finish_time;
};

}  // namespace prepay::reporting
