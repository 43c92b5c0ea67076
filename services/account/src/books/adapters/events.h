#pragma once

#include "outbox/events.h"

namespace prepay::account {

/// What this service calls itself in its events.
constexpr const char* kProducer = "prepay-account";

/// Writes this service's events.
inline outbox::EventWriter event_writer(const outbox::Outbox& outbox, const Clock& clock) {
    return {outbox, clock, kProducer};
}

}  // namespace prepay::account
