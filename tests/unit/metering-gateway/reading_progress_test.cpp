#include "lines/domain/reading_progress.h"

#include <catch2/catch.hpp>

#include "line_bench.h"

namespace prepay::metering::test {
namespace {

using std::chrono::seconds;

const ReadingProgress::Time kStart{std::chrono::hours(1)};

/// A look: when line a and line b are due (-1 = switched off), when the store took a reading last
/// while others wait (-1 = none waits), what is found (R a line stands, S the store stands, E end),
/// whether the store answers, and when a call that may block ended last (-1 = no line waits for
/// one).
struct Look {
    int second;
    int due_a;
    int due_b;
    int stored;
    std::string wanted;
    bool is_store_up = true;
    int called = -1;
};

void play(const std::vector<Look>& looks) {
    ReadingProgress progress({seconds(5), seconds(20), seconds(60)});
    for (const Look& look : looks) {
        CAPTURE(look.second);
        std::vector<ReadingProgress::Line> lines;
        if (look.due_a >= 0) {
            lines.push_back({"a", kStart + seconds(look.due_a)});
        }
        if (look.due_b >= 0) {
            lines.push_back({"b", kStart + seconds(look.due_b)});
        }
        const auto at = [](int second) {
            return second < 0 ? std::optional<ReadingProgress::Time>() : kStart + seconds(second);
        };
        progress.look({lines, at(look.stored), at(look.called).value_or(ReadingProgress::Time{}),
                       look.is_store_up},
                      kStart + seconds(look.second));
        std::string found;
        found += progress.is_reading_stalled() ? "R" : "";
        found += progress.is_storing_stalled() ? "S" : "";
        found += progress.is_hopeless() ? "E" : "";
        CHECK(found == look.wanted);
    }
}

}  // namespace

TEST_CASE("I-28 lines that are tried in time are no standstill, however rarely that is") {
    play({{0, 0, 3600, -1, ""},
          {10, 9, 3600, -1, ""},
          {20, 19, 3600, -1, ""},
          {30, 29, 3600, -1, ""},
          {40, 31, 3600, -1, ""},  // A slow answer.
          {50, 49, 3600, -1, ""}});
}

TEST_CASE("I-28 one line that is not tried is found among others, which go on") {
    play({{0, 0, 0, -1, ""},
          {10, 9, 0, -1, ""},
          {20, 19, 0, -1, "R"},
          {30, 29, 0, -1, "R"},
          {60, 59, 0, -1, "R"},
          {70, 69, 0, -1, "R"},
          {80, 79, 0, -1, "R"},
          {90, 89, 0, -1, "R"},
          {91, 90, 91, -1, ""}});  // Tried: all is well, whatever came of it.
    play({{0, 0, 0, -1, ""},
          {10, 9, 0, -1, ""},
          {20, 19, 0, -1, "R"},
          {30, 29, -1, -1, ""},   // Switched off: nobody misses it.
          {40, 39, 0, -1, ""}});  // And anew.
}

TEST_CASE("I-28 when nothing goes on at all, that is at last worth an end") {
    play({{0, 0, 3600, -1, ""},
          {10, 0, 3600, -1, ""},
          {20, 0, 3600, -1, "R"},
          {30, 0, 3600, -1, "R"},
          {40, 0, 3600, -1, "R"},
          {50, 0, 3600, -1, "R"},
          {60, 0, 3600, -1, "RE"},
          {61, 61, 3600, -1, ""}});
    // Not before it is told, whatever the times are.
    ReadingProgress hasty({seconds(5), seconds(60), seconds(20)});
    for (int second = 0; second <= 60; second += 10) {
        CHECK_FALSE(hasty.is_hopeless());
        hasty.look({{{"a", kStart}}, {}, {}}, kStart + seconds(second));
    }
    CHECK(hasty.is_hopeless());
}

TEST_CASE("I-28 what waits to be stored is told, and no reason to end") {
    play({{0, 100, 100, 0, ""},
          {10, 100, 100, 0, ""},
          {20, 100, 100, 0, "S"},
          {30, 100, 100, 0, "S"},
          {90, 100, 100, 0, "S"},
          {95, 100, 100, 80, ""},  // One is stored.
          {99, 100, 100, -1, ""}});
}

TEST_CASE("I-28 while the store is away neither lines nor readings stand still") {
    play({{0, 0, 0, 0, ""},
          {10, 0, 0, 0, ""},
          {20, 0, 0, 0, "", false},
          {90, 0, 0, 0, "", false},
          {100, 0, 0, 0, "RS"},  // It is back, and nothing goes on.
          {110, 0, 0, 0, "RS", false}});
}

TEST_CASE("I-28 the time in which nobody looked is no standstill of a line") {
    play({{0, 1, 1, 0, ""}, {3600, 1, 1, 0, ""}, {3601, 3601, 3601, -1, ""}});
}

TEST_CASE("I-28 a line that is busy with orders to silent meters is not late") {
    constexpr int kMeters = 60;
    Bench bench(kMeters, seconds(10));
    bench.bus.units.clear();
    for (int unit = 1; unit <= kMeters; ++unit) {
        bench.worker->submit(bench.order("o-" + std::to_string(unit), unit, CommandAction::kTrip),
                             false);
    }
    const auto end = bench.clock.steady() + seconds(60);
    auto latest = std::chrono::steady_clock::duration::zero();
    REQUIRE(bench.loop.run_until([&] {
        const auto now = bench.clock.steady();
        latest = std::max(latest, now - bench.worker->status().read_due.value_or(now));
        return now >= end;
    }));
    CHECK(latest < seconds(5));
}

TEST_CASE("I-28 a line shows when its next read is due, and a lost one goes on trying") {
    Bench bench(2, seconds(10));
    const auto run = [&](seconds time) {
        const auto end = bench.clock.steady() + time;
        REQUIRE(bench.loop.run_until([&] { return bench.clock.steady() >= end; }));
    };
    run(seconds(35));
    const auto due = [&] { return bench.worker->status().read_due; };
    REQUIRE(due());
    CHECK(*due() > bench.clock.steady() - seconds(2));
    CHECK(*due() <= bench.clock.steady() + seconds(10));
    bench.bus.units.clear();  // Nobody answers any more.
    run(seconds(60));
    CHECK(bench.worker->status().state == LineState::kLost);
    REQUIRE(due());
    CHECK(*due() > bench.clock.steady() - seconds(10));
    LineConfig off = bench.config;
    off.enabled = false;
    bench.worker->reconfigure(off);
    run(seconds(5));
    CHECK_FALSE(due());
}

TEST_CASE("I-28 lines that wait for slow calls are told, and end nothing while calls do end") {
    // Names that take 10 s, for many more lines than threads: the same line waits for minutes.
    play({{0, 0, 3600, -1, "", true, 0},
          {10, 0, 3600, -1, "", true, 10},
          {20, 0, 3600, -1, "R", true, 20},
          {30, 0, 3600, -1, "R", true, 30},
          {40, 0, 3600, -1, "R", true, 40},
          {50, 0, 3600, -1, "R", true, 50},
          {60, 0, 3600, -1, "R", true, 60},
          {70, 0, 3600, -1, "R", true, 70},
          {80, 0, 3600, -1, "R", true, 80},
          // The last name is there, and its line connects.
          {90, 0, 3600, -1, "R", true, 80},
          {95, 95, 3600, -1, "", true, 80}});
    // No call ends any more: a new process has new threads.
    play({{0, 0, 3600, -1, "", true, 0},
          {10, 0, 3600, -1, "", true, 10},
          {20, 0, 3600, -1, "R", true, 10},
          {30, 0, 3600, -1, "R", true, 10},
          {40, 0, 3600, -1, "R", true, 10},
          {50, 0, 3600, -1, "R", true, 10},
          {60, 0, 3600, -1, "R", true, 10},
          {70, 0, 3600, -1, "RE", true, 10}});
}

}  // namespace prepay::metering::test
