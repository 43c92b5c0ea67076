#include "domain/token_life.h"

namespace prepay::console {

std::optional<std::chrono::hours> token_life(bool for_service, int hours, int days) {
    std::chrono::hours life(hours > 0 ? hours : 24 * days);
    if (life.count() == 0) {
        life = for_service ? kServiceTokenLife : kOtherTokenLife;
    }
    const auto life_max = for_service ? kServiceTokenLifeMax : kOtherTokenLifeMax;
    return life > life_max ? std::nullopt : std::optional(life);
}

}  // namespace prepay::console
