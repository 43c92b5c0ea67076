#include <catch2/catch.hpp>
#include <random>
#include <sstream>

#include "domain/episode.h"
#include "domain/message.h"
#include "quantity/text.h"

namespace prepay::alarm {
namespace {

std::string levels_text(LevelSet levels) {
    std::string text;
    for (int level = 1; level <= kLevelCount; ++level) {
        text += levels.has(level) ? std::to_string(level) : "";
    }
    return text.empty() ? "-" : text;
}

// One line = one change and what it must mean:
//   <version>.<settings> <balance> <l1>/<l2>/<l3>/<floor> <occupied|closed> => <opened> <ended> |
//   stale
void run_table(const std::string& table) {
    AccountMemory memory;
    std::istringstream lines(table);
    for (std::string line; std::getline(lines, line);) {
        if (line.find("=>") == std::string::npos) {
            continue;
        }
        INFO(line);
        std::istringstream words(line);
        AccountChange change;
        char dot = 0;
        std::string balance, thresholds, kind, arrow, opened, ended;
        words >> change.revision.version >> dot >> change.revision.settings_revision >> balance >>
            thresholds >> kind >> arrow >> opened >> ended;
        change.balance = Money::from_micros(parse_decimal(balance, 6).value());
        std::istringstream parts(thresholds);
        for (Money& threshold : change.thresholds) {
            std::string part;
            std::getline(parts, part, '/');
            threshold = Money::from_micros(parse_decimal(part, 6).value());
        }
        change.alarms_wanted = kind == "occupied";
        const EpisodeDecision decision = decide(memory, change);
        CHECK(decision.stale == (opened == "stale"));
        if (!decision.stale) {
            CHECK(levels_text(decision.opened) == opened);
            CHECK(levels_text(decision.ended) == ended);
            memory = {change.revision, decision.open};
        } else {
            CHECK(decision.opened.empty());
            CHECK(decision.ended.empty());
            CHECK(decision.open == memory.open);
        }
    }
}

}  // namespace

TEST_CASE("2h: a level opens at or below its amount and ends above it") {
    run_table(R"(
        1.0  100        50/20/5/0  occupied => -    -
        2.0  50.000001  50/20/5/0  occupied => -    -
        3.0  50         50/20/5/0  occupied => 1    -
        4.0  49         50/20/5/0  occupied => -    -
        5.0  20         50/20/5/0  occupied => 2    -
        6.0  4          50/20/5/0  occupied => 3    -
        7.0  0          50/20/5/0  occupied => 4    -
        8.0  -3         50/20/5/0  occupied => -    -
        9.0  3          50/20/5/0  occupied => -    4
       10.0  20.000001  50/20/5/0  occupied => -    23
       11.0  51         50/20/5/0  occupied => -    1
       12.0  50         50/20/5/0  occupied => 1    -
    )");
}

TEST_CASE("one step over several levels opens each of them") {
    run_table(R"(
        1.0  100  50/20/5/0  occupied => -    -
        2.0  -1   50/20/5/0  occupied => 1234 -
        3.0  100  50/20/5/0  occupied => -    1234
    )");
}

TEST_CASE("the first change ever seen opens when the account is low already") {
    run_table("7.3  12  50/20/5/0  occupied => 12 -");
}

TEST_CASE("I-16: only a higher version, or settings revision, is taken") {
    run_table(R"(
        5.2  30   50/20/5/0  occupied => 1     -
        5.2  100  50/20/5/0  occupied => stale
        4.9  100  50/20/5/0  occupied => stale
        5.1  100  50/20/5/0  occupied => stale
        5.3  30   20/10/5/0  occupied => -     1
        6.3  15   20/10/5/0  occupied => 1     -
        5.9  100  20/10/5/0  occupied => stale
    )");
}

TEST_CASE("2i: changed amounts open and end without a posting") {
    run_table(R"(
        1.0  30  50/20/5/0   occupied => 1  -
        1.1  30  60/40/5/0   occupied => 2  -
        1.2  30  25/20/5/0   occupied => -  12
    )");
}

TEST_CASE("closing the account ends its episodes, and a vacancy account has none") {
    run_table(R"(
        1.0  3     50/20/5/0  occupied => 123 -
        2.0  3     50/20/5/0  closed   => -   123
        3.0  -900  50/20/5/0  closed   => -   -
    )");
}

TEST_CASE("I-16: duplicates and old changes in between alter nothing") {
    std::mt19937 random(20260105);
    for (int round = 0; round < 200; ++round) {
        std::vector<AccountChange> history;
        for (int version = 1; version <= 30; ++version) {
            AccountChange change;
            change.revision = {version, 0};
            change.balance = Money::from_yuan(static_cast<int>(random() % 80) - 10);
            change.thresholds = {Money::from_yuan(50), Money::from_yuan(20), Money::from_yuan(5),
                                 Money::from_yuan(0)};
            history.push_back(change);
        }
        AccountMemory clean;
        AccountMemory noisy;
        int clean_count = 0;
        int noisy_count = 0;
        for (std::size_t i = 0; i < history.size(); ++i) {
            const EpisodeDecision decision = decide(clean, history[i]);
            clean = {history[i].revision, decision.open};
            clean_count += __builtin_popcount(static_cast<unsigned>(decision.opened.bits()));
            const std::size_t repeats = 1 + random() % 4;
            for (std::size_t n = 0; n < repeats; ++n) {
                // The change itself first, then any that came before.
                const AccountChange& change = n == 0 ? history[i] : history[random() % (i + 1)];
                const EpisodeDecision seen = decide(noisy, change);
                if (!seen.stale) {
                    noisy = {change.revision, seen.open};
                }
                noisy_count += __builtin_popcount(static_cast<unsigned>(seen.opened.bits()));
            }
        }
        REQUIRE(noisy_count == clean_count);
        REQUIRE(noisy.open == clean.open);
    }
}

TEST_CASE("messages say room, balance, level and what to do, in both languages") {
    for (int level = 1; level <= kLevelCount; ++level) {
        const MessageText text = compose({level,
                                          {"3-201"},
                                          "陈明",
                                          Money::from_micros(12'409'999),
                                          false,
                                          "http://pay.example/m/"});
        INFO(text.body);
        CHECK(text.subject.find("3-201") != std::string::npos);
        CHECK(text.subject.find("12.40") != std::string::npos);
        for (const char* part : {"3-201", "12.40 元", "12.40 yuan", "充值", "top up",
                                 "http://pay.example/m/", "陈明"}) {
            CHECK(
                (text.body.find(part) != std::string::npos ||
                 (std::string(part) == "top up" && text.body.find("top-up") != std::string::npos)));
        }
    }
    const MessageFacts kept{4, {"1"}, "", Money::from_micros(-1), true, ""};
    CHECK(compose(kept).body.find("不断电") != std::string::npos);
    CHECK(compose(kept).body.find("is not cut") != std::string::npos);
    CHECK(compose(kept).body.find("being cut") == std::string::npos);
    CHECK(compose(kept).subject.find("断电通知") == std::string::npos);
    CHECK(compose(kept).subject.find("no cut") != std::string::npos);
}

TEST_CASE("money in messages is rounded down, never up") {
    CHECK(yuan_text(Money::from_micros(12'409'999)) == "12.40");
    CHECK(yuan_text(Money::from_micros(0)) == "0.00");
    CHECK(yuan_text(Money::from_micros(-1)) == "-0.01");
    CHECK(yuan_text(Money::from_micros(-10'000)) == "-0.01");
    CHECK(yuan_text(Money::from_yuan(-12)) == "-12.00");
}

}  // namespace prepay::alarm
