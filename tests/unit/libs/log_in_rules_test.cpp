#include "domain/log_in_rules.h"

#include <catch2/catch.hpp>
#include <map>
#include <sstream>

#include "domain/refusal_sums.h"

namespace prepay::console {
namespace {

using std::chrono::seconds;

/// The store of the rules, in memory.
struct Door {
    std::map<std::string, Failures> names;
    std::map<std::string, Failures> addresses;
    std::map<std::string, Failures> pairs;

    [[nodiscard]] AttemptState of(const std::string& name, const std::string& address) {
        return {names[name], addresses[address], pairs[name + " " + address]};
    }
    void keep(const std::string& name, const std::string& address, const AttemptState& state) {
        names[name] = state.name;
        addresses[address] = state.address;
        pairs[name + " " + address] = state.pair;
    }
    /// "in", "wrong", or "wait <seconds>".
    std::string attempt(const std::string& name, const std::string& address, bool right,
                        Instant now) {
        const AttemptDecision decision = decide_attempt(of(name, address), now);
        if (decision.wait > Duration{}) {
            return "wait " + std::to_string(std::chrono::ceil<seconds>(decision.wait).count());
        }
        keep(name, address, decision.next);
        if (right) {
            keep(name, address, forgive(of(name, address)));
        }
        return right ? "in" : "wrong";
    }
};

// A line: second, name, address, "right" or "wrong", "x<n>" times, "->", what each of them is told.
void play(const std::string& table) {
    Door door;
    std::istringstream lines(table);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::int64_t second = 0;
        std::string name;
        std::string address;
        std::string password;
        std::string times;
        std::string arrow;
        std::string expected;
        if (!(words >> second >> name >> address >> password >> times >> arrow)) {
            continue;
        }
        std::getline(words >> std::ws, expected);
        CAPTURE(line);
        for (int i = 0; i < std::stoi(times.substr(1)); ++i) {
            CHECK(door.attempt(name, address, password == "right",
                               from_micros(1'000'000 * (1'000'000 + second))) == expected);
        }
    }
}

}  // namespace

TEST_CASE("the pauses after wrong passwords, by name and by address") {
    const std::map<int, int> name = {
        {0, 0},   {4, 0},    {5, 2},    {6, 4},    {7, 8},    {8, 16},   {9, 32},
        {10, 64}, {11, 128}, {12, 256}, {13, 300}, {14, 300}, {50, 300}, {1'000'000'000, 300}};
    for (const auto& [count, pause] : name) {
        CAPTURE(count);
        CHECK(pause_of_name(count) == seconds(pause));
    }
    const std::map<int, int> address = {
        {0, 0},   {19, 0},   {20, 2},   {21, 4},   {22, 8},   {23, 16},  {24, 32},
        {25, 64}, {26, 128}, {27, 256}, {28, 512}, {29, 900}, {30, 900}, {1'000'000'000, 900}};
    for (const auto& [count, pause] : address) {
        CAPTURE(count);
        CHECK(pause_of_address(count) == seconds(pause));
    }
}

TEST_CASE("who fails waits, longer each time, and the right password does not shorten it") {
    play(R"(
        0    li  a  wrong  x5  ->  wrong
        0    li  a  wrong  x1  ->  wait 2
        0    li  a  right  x3  ->  wait 2
        1    li  a  right  x1  ->  wait 1
        2    li  a  wrong  x1  ->  wrong
        2    li  a  right  x1  ->  wait 4
        5    li  a  right  x1  ->  wait 1
        6    li  a  right  x1  ->  in
        6    li  a  wrong  x5  ->  wrong
        6    li  a  wrong  x1  ->  wait 2
    )");
}

TEST_CASE("a stranger who hammers a name does not keep its owner out") {
    play(R"(
        0    li  stranger  wrong  x5  ->  wrong
        0    li  stranger  wrong  x9  ->  wait 2
        2    li  stranger  wrong  x1  ->  wrong
        6    li  stranger  wrong  x1  ->  wrong
        14   li  stranger  wrong  x1  ->  wrong
        14   li  stranger  wrong  x1  ->  wait 16
        14   li  home      right  x9  ->  in
        15   li  stranger  right  x1  ->  wait 15
    )");
    // One look from each address, also for him who has many.
    play(R"(
        0    li  s1  wrong  x5  ->  wrong
        0    li  s2  wrong  x1  ->  wrong
        0    li  s2  wrong  x1  ->  wait 4
        0    li  s3  wrong  x1  ->  wrong
        0    li  s3  wrong  x1  ->  wait 8
        0    li  s1  wrong  x1  ->  wait 8
        0    li  home  right  x1  ->  in
    )");
    // Who mistyped before waits like the stranger: the pause of the name is his too.
    play(R"(
        0    li  home      wrong  x1  ->  wrong
        0    li  stranger  wrong  x4  ->  wrong
        0    li  home      right  x1  ->  wait 2
        2    li  home      right  x1  ->  in
    )");
}

TEST_CASE("an address that sprays names waits with all of them, its neighbours do not") {
    play(R"(
        0    n1  a  wrong  x4  ->  wrong
        0    n2  a  wrong  x4  ->  wrong
        0    n3  a  wrong  x4  ->  wrong
        0    n4  a  wrong  x4  ->  wrong
        0    n5  a  wrong  x4  ->  wrong
        0    n6  a  wrong  x1  ->  wait 2
        0    li  a  right  x1  ->  wait 2
        0    li  b  right  x1  ->  in
        2    n6  a  wrong  x1  ->  wrong
        2    n7  a  wrong  x1  ->  wait 4
    )");
}

TEST_CASE("a right password forgives what this address did with this name, and nothing else") {
    play(R"(
        0    wang  a  wrong  x4  ->  wrong
        0    li    a  wrong  x4  ->  wrong
        0    li    a  right  x1  ->  in
        0    wang  a  wrong  x1  ->  wrong
        0    wang  a  wrong  x1  ->  wait 2
        0    li    a  wrong  x4  ->  wrong
        0    li    a  right  x1  ->  in
    )");
    // An hour later nothing is known of it.
    play(R"(
        0     li  a  wrong  x5  ->  wrong
        3599  li  a  wrong  x1  ->  wrong
        3600  li  a  wrong  x1  ->  wait 3
        7199  li  a  right  x1  ->  in
    )");
}

TEST_CASE("attempts that come at once count before their passwords are looked at") {
    AttemptState state;
    const Instant now = from_micros(1'000'000'000'000);
    int looked_at = 0;
    for (int i = 0; i < 100; ++i) {
        const AttemptDecision decision = decide_attempt(state, now);
        looked_at += decision.wait == Duration{} ? 1 : 0;
        state = decision.next;
    }
    CHECK(looked_at == kFreeFailuresOfName);
    CHECK(state.address.count == kFreeFailuresOfName);
    const AttemptState back = take_back(state);
    CHECK(back.name.count == kFreeFailuresOfName - 1);
    CHECK(back.pair.count == kFreeFailuresOfName - 1);
    CHECK(take_back(AttemptState{}).name.count == 0);
}

TEST_CASE("a clock that was put back makes nobody wait longer than the pause") {
    AttemptState state;
    const Instant now = from_micros(1'000'000'000'000);
    for (int i = 0; i < kFreeFailuresOfName; ++i) {
        state = decide_attempt(state, now).next;
    }
    CHECK(decide_attempt(state, now - std::chrono::hours(24)).wait == seconds(2));
}

TEST_CASE("many refusals are few lines, and none is left out") {
    RefusalSums sums;
    const Instant start = from_micros(1'000'000'000'000);
    const auto first = sums.add("10.0.0.1", "unknown_name", start);
    REQUIRE(first);
    CHECK(first->client == "10.0.0.1");
    CHECK(first->counts == std::map<std::string, std::int64_t>{{"unknown_name", 1}});
    for (int i = 0; i < 29; ++i) {
        CHECK_FALSE(sums.add("10.0.0.1", i % 2 == 0 ? "paused" : "unknown_name", start));
    }
    CHECK(sums.add("10.0.0.2", "busy", start));
    CHECK(sums.sweep(start + seconds(59)).empty());
    const auto lines = sums.sweep(start + seconds(60));
    REQUIRE(lines.size() == 1);  // The other one has had its line.
    CHECK(lines[0].client == "10.0.0.1");
    CHECK(lines[0].counts ==
          std::map<std::string, std::int64_t>{{"paused", 15}, {"unknown_name", 14}});
    CHECK(lines[0].span == seconds(60));
    CHECK(sums.sweep(start + seconds(120)).empty());
    CHECK(sums.add("10.0.0.1", "paused", start + seconds(121)));  // A line of its own again.

    // More clients than are remembered are one sum.
    RefusalSums many;
    std::int64_t told = 0;
    for (std::size_t i = 0; i < 5 * RefusalSums::kClientsMax; ++i) {
        told += many.add("client " + std::to_string(i), "paused", start) ? 1 : 0;
    }
    CHECK(told == static_cast<std::int64_t>(RefusalSums::kClientsMax));
    for (const RefusalLine& line : many.sweep(start, true)) {
        for (const auto& [outcome, count] : line.counts) {
            told += count;
        }
    }
    CHECK(told == static_cast<std::int64_t>(5 * RefusalSums::kClientsMax));
}

TEST_CASE("which users an administrator sees, and until when they wait") {
    const Instant now = from_micros(10'000'000'000'000);
    struct Row {
        int name_count;
        int address_count;
        int age_s;
        bool is_noteworthy;
        int name_wait_s;  // 0 = none.
        int address_wait_s;
    };
    const Row rows[] = {
        {4, 19, 0, false, 0, 0},    {5, 0, 0, true, 2, 0},  {5, 0, 2, true, 0, 0},
        {7, 0, 1, true, 7, 0},      {0, 20, 0, true, 0, 2}, {1, 21, 1, true, 0, 3},
        {9, 30, 3600, false, 0, 0},
    };
    for (const Row& row : rows) {
        INFO(row.name_count << " " << row.address_count << " " << row.age_s);
        const Instant last = now - std::chrono::seconds(row.age_s);
        const Failures name{row.name_count, last};
        const Failures address{row.address_count, last};
        CHECK(is_noteworthy(name, {address}, now) == row.is_noteworthy);
        const auto wait = [&](const std::optional<Instant>& end) {
            return end ? std::chrono::duration_cast<std::chrono::seconds>(*end - now).count() : 0;
        };
        CHECK(wait(pause_end_of_name(name, now)) == row.name_wait_s);
        CHECK(wait(pause_end_of_address(address, now)) == row.address_wait_s);
    }
}

TEST_CASE("names and passwords") {
    REQUIRE_FALSE(check_user_name("li.wei-2"));
    REQUIRE(check_user_name(""));
    REQUIRE(check_user_name("Li"));
    REQUIRE(check_user_name(std::string(33, 'a')));
    REQUIRE(check_new_password("short"));
    REQUIRE_FALSE(check_new_password("long enough"));
}

}  // namespace prepay::console
