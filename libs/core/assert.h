#pragma once

#include <cstdio>
#include <cstdlib>

/// Ends the process on a programmer error, in all builds.
#define PREPAY_ASSERT(condition)                                                          \
    do {                                                                                  \
        if (!(condition)) {                                                               \
            std::fprintf(stderr, "assertion failed: %s at %s:%d\n", #condition, __FILE__, \
                         __LINE__);                                                       \
            std::abort();                                                                 \
        }                                                                                 \
    } while (false)
