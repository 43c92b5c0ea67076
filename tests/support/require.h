#pragma once

#include <stdexcept>
#include <utility>

#include "core/status.h"

namespace prepay::test {

/// For what a test stands on: throws with reason and message when it failed.
inline void require(const Status& status) {
    if (!status.ok()) {
        throw std::runtime_error(error_reason(status) + ": " + error_message(status));
    }
}

template <typename T>
T require(Result<T> result) {
    require(result.status());
    return *std::move(result);
}

}  // namespace prepay::test
