#include "domain/token_life.h"

namespace prepay::console {

std::optional<std::chrono::hours> token_life(bool for_service, int hours, int days) {
    std::chrono::hours life(hours > 0 ? hours : 24 * days);
    if (life.count() == 0) {
        life = for_service ? kServiceTokenLife : kOtherTokenLife;
    }
    return for_service && life > kServiceTokenLifeMax ? std::nullopt : std::optional(life);
}

}  // namespace prepay::console
