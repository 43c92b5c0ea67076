#pragma once

#include "core/anchored_clock.h"
#include "support/fake_clock.h"

namespace prepay::test {

/// The clock of a service whose machine's clock a test sets; nobody says which time is right.
class DoubtfulClock {
public:
    /// As somebody sets the wall clock: from now on the time is in doubt.
    void step(Duration by) {
        machine_.time += by;
        static_cast<void>(clock.now());
    }
    /// The wall clock is set back to the time that was right.
    void heal(Duration by) {
        machine_.time -= by;
        clock.check({});
    }

private:
    FakeClock machine_;

public:
    AnchoredClock clock{machine_, [] { return Duration(0); }};
};

}  // namespace prepay::test
