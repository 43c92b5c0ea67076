#include "outbox/progress.h"

#include <catch2/catch.hpp>

namespace prepay::outbox {
namespace {

using std::chrono::seconds;

const Progress::Place kPlace{"prepay.test.facts.v1", 3};
const Progress::Time kStart{std::chrono::hours(1)};

struct Step {
    int second;
    std::int64_t position;
    std::int64_t published;
    std::int64_t tail;  // Asked for; 0 = none.
    bool stalled;
    bool rebuild;
    bool hopeless;
};

ProgressOptions options() { return {seconds(5), seconds(5), seconds(15), seconds(60)}; }

void play(const std::vector<Step>& steps) {
    Progress progress(options());
    for (const Step& step : steps) {
        CAPTURE(step.second);
        progress.look({{kPlace, {step.position, step.published, step.published}}},
                      kStart + seconds(step.second));
        CHECK((progress.tails().empty() ? 0 : progress.tails().front().second) == step.tail);
        CHECK(progress.is_stalled() == step.stalled);
        CHECK(progress.is_rebuild_due() == step.rebuild);
        CHECK(progress.is_hopeless() == step.hopeless);
    }
}

}  // namespace

TEST_CASE("I-28 a consumer that gets on, however far behind, is left alone") {
    play({{0, 0, 100, 0, false, false, false},
          {5, 20, 200, 0, false, false, false},
          {10, 40, 300, 0, false, false, false},
          {60, 41, 300, 0, false, false, false},
          {65, 300, 300, 0, false, false, false},
          {100, 300, 301, 0, false, false, false}});
}

TEST_CASE(
    "I-28 a tail that does not come is asked for, then the client is rebuilt, then all ends") {
    play({{0, 7, 7, 0, false, false, false},
          {5, 7, 8, 0, false, false, false},
          {10, 7, 8, 8, false, false, false},
          {15, 7, 9, 9, false, false, false},
          {20, 7, 9, 9, true, true, false},
          {25, 7, 9, 9, true, false, false},
          {35, 7, 9, 9, true, true, false},
          {45, 7, 9, 9, true, false, false},
          {55, 7, 9, 9, true, false, false},
          {65, 7, 9, 9, true, true, true},
          {75, 7, 9, 9, true, false, true},
          {80, 9, 9, 0, false, false, false}});
}

TEST_CASE("I-28 the time in which nobody looked is no standstill") {
    play({{0, 7, 7, 0, false, false, false},
          {5, 7, 8, 0, false, false, false},
          {3605, 7, 8, 8, false, false, false}});  // Stopped for an hour: counts as two intervals.
}

TEST_CASE("I-28 lag and its age are measured against what was published") {
    Progress progress(options());
    const auto look = [&](int second, std::int64_t position, std::int64_t published) {
        progress.look({{kPlace, {position, published, published}}}, kStart + seconds(second));
    };
    look(0, 0, 10);
    CHECK(progress.lag() == 10);
    CHECK(progress.lag_age() == seconds(0));
    look(5, 4, 20);
    CHECK(progress.lag() == 16);
    CHECK(progress.lag_age() == seconds(5));
    look(10, 12, 30);  // Past what waited at the start: the rest is younger.
    CHECK(progress.lag_age() == seconds(0));
    look(15, 30, 30);
    CHECK(progress.lag() == 0);
    CHECK(progress.lag_age() == seconds(0));
}

TEST_CASE("I-28 what others read, and an owner that is silent, are not our standstill") {
    Progress progress(options());
    for (int second = 0; second <= 100; second += 5) {
        progress.look({{kPlace, {7, 9, 9, false}}}, kStart + seconds(second));
    }
    CHECK_FALSE(progress.is_stalled());
    CHECK(progress.lag() == 2);
    progress.look({{kPlace, {9, -1, -1, true}}}, kStart + seconds(105));
    CHECK(progress.lag() == 0);
    CHECK(progress.places_back().empty());
}

TEST_CASE("I-28 an owner that ends below us, or is another one, is found") {
    Progress restored(options());
    for (int second = 0; second < 15; second += 5) {
        restored.look({{kPlace, {7, 5, 5}}}, kStart + seconds(second));
        CHECK(restored.places_back().empty());  // Numbers that are not on disk yet come again.
    }
    restored.look({{kPlace, {7, 5, 5}}}, kStart + seconds(15));
    CHECK(restored.places_back() == std::vector<Progress::Place>{kPlace});
    Progress rebuilt(options());
    rebuilt.look({{kPlace, {7, 50, 50, true, false, true}}}, kStart);
    CHECK_FALSE(rebuilt.places_back().empty());
}

TEST_CASE("I-28 a snapshot that is being applied is no standstill, and one that hangs is") {
    Progress progress(options());
    for (int second = 0; second < 600; second += 5) {
        progress.look({{kPlace, {0, 50, 50, true, true}}}, kStart + seconds(second));
        CHECK_FALSE(progress.is_stalled());
    }
    for (int second = 600; second < 620; second += 5) {
        progress.look({{kPlace, {0, 50, 50}}}, kStart + seconds(second));
    }
    CHECK(progress.is_stalled());
}

}  // namespace prepay::outbox
