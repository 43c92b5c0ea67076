#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/time.h"

namespace prepay::console {

/// What a log line says of refused log-ins.
struct RefusalLine {
    std::string client;
    std::map<std::string, std::int64_t> counts;  ///< By outcome.
    Duration span{};                             ///< Zero: one, just now.
};

/// Makes few log lines of many refusals: the first of a client at once, then one a minute with the
/// sums as long as there are any. Nothing is left out: clients beyond the memory are summed up
/// together.
class RefusalSums {
public:
    static constexpr Duration kSpan = std::chrono::minutes(1);
    static constexpr std::size_t kClientsMax = 1000;

    /// The line to write at once, if this refusal has one of its own.
    std::optional<RefusalLine> add(const std::string& client, const std::string& outcome,
                                   Instant now);
    /// The lines of what has been summed up for long enough; all of it with `everything`.
    std::vector<RefusalLine> sweep(Instant now, bool everything = false);

private:
    struct Sum {
        Instant since{};
        std::map<std::string, std::int64_t> counts;
    };
    std::map<std::string, Sum> sums_;
};

}  // namespace prepay::console
