#include "charges/domain/energy_basis.h"

#include <utility>

namespace prepay::billing {

EnergyBasis reversed(EnergyBasis basis) {
    basis.quantity = -basis.quantity;
    std::swap(basis.before, basis.after);
    return basis;
}

}  // namespace prepay::billing
