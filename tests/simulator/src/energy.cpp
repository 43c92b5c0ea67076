#include "energy.h"

namespace prepay::simulator {
namespace {

__extension__ typedef __int128 Wide;

constexpr std::int64_t kMicrojoulesPerMwh = 3'600'000;

}  // namespace

void ExactEnergy::add(std::int64_t power_w, std::int64_t speed, std::int64_t span_us) {
    // A watt for a microsecond is a microjoule.
    const Wide sum = Wide{power_w} * speed * span_us + rest_uj_;
    mwh_ += static_cast<std::int64_t>(sum / kMicrojoulesPerMwh);
    rest_uj_ = static_cast<std::int64_t>(sum % kMicrojoulesPerMwh);
}

}  // namespace prepay::simulator
