#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "core/time.h"
#include "quantity/quantity.h"

namespace prepay::alarm {

/// Levels 1 (remind), 2 (urgent), 3 (last) and 4 (the cut floor).
constexpr int kLevelCount = 4;
constexpr int kCutLevel = 4;

/// A set of levels 1 .. 4, storable as a number 0 .. 15.
class LevelSet {
public:
    constexpr LevelSet() = default;
    static constexpr LevelSet from_bits(int bits) { return LevelSet(bits & 15); }
    [[nodiscard]] constexpr int bits() const { return bits_; }
    [[nodiscard]] constexpr bool has(int level) const { return (bits_ >> (level - 1)) & 1; }
    [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
    constexpr void add(int level) { bits_ |= 1 << (level - 1); }
    constexpr bool operator==(const LevelSet&) const = default;

private:
    explicit constexpr LevelSet(int bits) : bits_(bits) {}
    int bits_ = 0;
};

/// How new a change is: postings first, then settings. Lexicographic.
struct Revision {
    std::int64_t version = -1;
    std::int64_t settings_revision = -1;
    constexpr auto operator<=>(const Revision&) const = default;
};

/// An account's state after a committed change, as far as alarms need it.
struct AccountChange {
    std::string account_id;
    std::string site_id;
    Revision revision;
    Money balance;
    std::array<Money, kLevelCount> thresholds;  ///< [level - 1]; reached at or below.
    bool keep_power = false;
    bool alarms_wanted = true;            ///< false: closed, or a vacancy account.
    std::vector<std::string> room_names;  ///< As people call them, "3-201".
    std::string customer_name;
    std::string customer_email;
    Instant occur_time;
};

/// What is remembered of an account. The default is an account never heard of.
struct AccountMemory {
    Revision revision;
    LevelSet open;
};

/// What a change means. `opened` and `ended` are disjoint.
struct EpisodeDecision {
    bool stale = false;  ///< Not newer than what is known: nothing happens.
    LevelSet opened;
    LevelSet ended;
    LevelSet open;  ///< After the change.
};

/// Decides which episodes a change opens and ends. A level's episode is open exactly while the last
/// taken change has its balance at or below the level and alarms are wanted; so the first change
/// ever seen of an account that is already low opens too, and each level crossed in one step opens.
EpisodeDecision decide(const AccountMemory& memory, const AccountChange& change);

}  // namespace prepay::alarm
