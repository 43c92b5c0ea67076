#include "domain/token_life.h"

#include <catch2/catch.hpp>

using prepay::console::token_life;
using std::chrono::hours;

TEST_CASE("a minted service token lasts a day, and a week at most") {
    struct Row {
        bool for_service;
        int said_hours;
        int said_days;
        int wanted;  // Hours; -1 = refused.
    };
    for (const Row& row : std::initializer_list<Row>{{true, 0, 0, 24},
                                                     {true, 1, 0, 1},
                                                     {true, 168, 0, 168},
                                                     {true, 169, 0, -1},
                                                     {true, 0, 7, 168},
                                                     {true, 0, 8, -1},
                                                     {true, 0, 36'500, -1},
                                                     {true, 2, 30, 2},
                                                     {false, 0, 0, 720},
                                                     {false, 12, 0, 12},
                                                     {false, 0, 90, 2160},
                                                     {false, 0, 91, -1},
                                                     {false, 0, 36'500, -1}}) {
        CAPTURE(row.for_service, row.said_hours, row.said_days);
        const auto life = token_life(row.for_service, row.said_hours, row.said_days);
        CHECK((life ? life->count() : -1) == row.wanted);
    }
}
