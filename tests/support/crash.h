#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

namespace prepay::test {

/// The names of tests/contract/crash_points.txt of these parts ("ledger" for "ledger.committed").
/// Throws when a part has none.
std::vector<std::string> crash_points_of(const std::set<std::string>& parts);

/// Runs the hidden test case `tag` of this very program in a process of its own with the crash
/// point armed ("name" or "name:n"). Whether it died there; false = it came to its end. Throws when
/// it ended in any other way, with what it printed.
bool dies_at(const std::string& crash_point, const std::string& tag,
             const std::map<std::string, std::string>& environment);

/// A variable of the environment, "" when it is not set.
std::string environment(const char* name);

}  // namespace prepay::test
