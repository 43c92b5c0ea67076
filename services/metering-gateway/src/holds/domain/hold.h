#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/time.h"

namespace prepay::metering {

/// Who keeps the power of a meter off.
enum class Holder {
    kMoney,      ///< Account's credit control, by its switch intents.
    kOperator,   ///< A person or a batch task.
    kLoadGuard,  ///< A prohibited load or a power limit.
    kTimePlan,
    kMeter,  ///< The meter's own logic, after a RELEASE.
};

/// One holder's reason why the power of a meter is off.
struct Hold {
    Holder holder = Holder::kOperator;
    Instant place_time{};
    std::string initiator;  ///< "user:li", "prepay-account" …
    std::string reason_text;
    std::optional<Instant> expire_time;  ///< From when the gateway releases it; see due_release().
    std::string command_id;              ///< The order that placed it.
    bool keep_power_overridden = false;  ///< Placed although the account is to keep its power.
    bool operator==(const Hold&) const = default;
};

/// All holds of one meter, at most one a holder. Power is off exactly while one stands.
struct MeterHolds {
    std::vector<Hold> standing;
    bool foreign_open = false;  ///< Somebody else had opened the relay: not money's to close.
    [[nodiscard]] const Hold* find(Holder holder) const;
    void place(Hold hold);
    void release(Holder holder);
    bool operator==(const MeterHolds&) const = default;
};

const char* holder_text(Holder holder);
std::optional<Holder> holder_from_text(const std::string& text);

}  // namespace prepay::metering
