#include "outbox/outbox_progress.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace prepay::outbox {
namespace {

using std::chrono::seconds;

const OutboxProgress::Time kStart{std::chrono::hours(1)};

struct Step {
    int second;
    std::int64_t waiting;
    std::int64_t published;
    std::string state;   // Letters: L leads, B broker away, H hindered by the database.
    std::string wanted;  // Letters: S stalled, R rebuild, G give the lead up, E end.
};

ProgressOptions options() { return {seconds(5), seconds(5), seconds(15), seconds(60)}; }

void play(const std::vector<Step>& steps, const ProgressOptions& settings = options()) {
    OutboxProgress progress(settings);
    for (const Step& step : steps) {
        CAPTURE(step.second);
        const auto has = [&](char letter) { return step.state.find(letter) != std::string::npos; };
        progress.look({step.waiting, step.published, has('L'), has('B'), has('H')},
                      kStart + seconds(step.second));
        std::string found;
        found += progress.is_stalled() ? "S" : "";
        found += progress.is_rebuild_due() ? "R" : "";
        found += progress.is_lead_to_be_given_up() ? "G" : "";
        found += progress.is_hopeless() ? "E" : "";
        CHECK(found == step.wanted);
    }
}

}  // namespace

TEST_CASE("I-28 an outbox that is emptied, however slowly, is left alone") {
    play({{0, 900, 0, "L", ""},
          {5, 950, 1, "L", ""},
          {10, 990, 2, "L", ""},
          {20, 990, 3, "L", ""},
          {25, 0, 993, "L", ""},
          {900, 0, 993, "L", ""},  // Nothing waits: nothing is missed.
          {905, 5, 993, "L", ""},  // And what waits now is young.
          {910, 0, 998, "L", ""}});
}

TEST_CASE("I-28 an outbox that stands gets a new client once, then its leader ends") {
    play({{0, 3, 7, "L", ""},
          {5, 3, 7, "L", ""},
          {10, 4, 7, "L", ""},
          {15, 4, 7, "L", "SR"},
          {20, 4, 7, "L", "S"},
          {30, 4, 7, "L", "S"},
          {40, 4, 7, "L", "S"},
          {50, 4, 7, "L", "S"},
          {60, 4, 7, "L", "SE"},
          {65, 1, 10, "L", ""},  // It moves.
          {75, 1, 10, "L", ""},
          {80, 1, 10, "L", "SR"}});
    ProgressOptions endless = options();
    endless.end_after = seconds(0);
    play({{0, 3, 7, "L", ""}, {10, 3, 7, "L", ""}, {20, 3, 7, "L", "SR"}, {300, 3, 7, "L", "S"}},
         endless);
}

TEST_CASE("I-28 a standby says so and leaves the rest to the leader") {
    play({{0, 3, 7, "", ""},
          {10, 3, 7, "", ""},
          {20, 3, 7, "", "S"},
          {70, 3, 7, "", "S"},
          {80, 3, 7, "L", "S"},  // It leads now, and has its own time to try.
          {90, 3, 7, "L", "SR"},
          {130, 3, 7, "L", "S"},
          {140, 0, 10, "", ""}});
    // The leader publishes: both are ready.
    play({{0, 3, 7, "", ""}, {10, 3, 8, "", ""}, {20, 3, 9, "", ""}, {30, 3, 10, "", ""}});
}

TEST_CASE("I-28 a broker that is away is no standstill of ours, but another may reach it") {
    play({{0, 3, 7, "L", ""},
          {5, 3, 7, "L", ""},
          {10, 3, 7, "LB", ""},
          {15, 3, 7, "LB", ""},
          {20, 3, 7, "LB", "G"},
          {25, 3, 7, "B", ""},  // The lead is free.
          {30, 3, 7, "LB", ""},
          {40, 3, 7, "LB", "G"},
          {600, 3, 7, "LB", ""},
          {605, 3, 7, "LB", "G"},
          {610, 3, 7, "L", ""},  // The broker is back, and has its time.
          {615, 3, 7, "L", "S"},
          {620, 0, 10, "L", ""}});
}

TEST_CASE("I-28 what the database hinders is said, and no reason to end") {
    play({{0, 3, 7, "LH", ""},
          {10, 3, 7, "LH", ""},
          {20, 3, 7, "LH", "S"},
          {300, 3, 7, "LH", "S"},
          {310, 3, 7, "L", "S"},  // Not hindered any more: the trying begins.
          {320, 3, 7, "L", "SR"}});
}

TEST_CASE("I-28 the time in which nobody looked is no standstill of an outbox") {
    play({{0, 3, 7, "L", ""}, {3600, 3, 7, "L", ""}, {3605, 0, 10, "L", ""}});
}

}  // namespace prepay::outbox
