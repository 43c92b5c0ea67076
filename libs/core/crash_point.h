#pragma once

namespace prepay {

/// Kills the process at a named place, as power loss would, when the environment variable
/// PREPAY_CRASH_POINT names it ("name" or "name:n" for the n-th pass). Costs one atomic load
/// otherwise. Names are "<service>.<step>" and are enumerated by a contract test.
void crash_point(const char* name);

}  // namespace prepay

#define PREPAY_CRASH_POINT(name) ::prepay::crash_point(name)
