#include "support/crash.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "support/child_process.h"
#include "support/paths.h"

namespace prepay::test {
namespace {

constexpr std::chrono::seconds kChildTimeout{120};
constexpr int kKilled = 128 + 9;

}  // namespace

std::vector<std::string> crash_points_of(const std::set<std::string>& parts) {
    std::ifstream stream(std::string(source_dir()) + "/tests/contract/crash_points.txt");
    std::vector<std::string> names;
    std::set<std::string> found;
    for (std::string line; std::getline(stream, line);) {
        const std::string part = line.substr(0, line.find('.'));
        if (parts.contains(part)) {
            names.push_back(line);
            found.insert(part);
        }
    }
    if (found != parts) {
        throw std::runtime_error("crash_points.txt lacks a part that a test is about");
    }
    return names;
}

bool dies_at(const std::string& crash_point, const std::string& tag,
             const std::map<std::string, std::string>& environment) {
    const std::string log =
        std::filesystem::temp_directory_path() / ("prepay-crash-" + std::to_string(getpid()));
    std::map<std::string, std::string> variables = environment;
    variables["PREPAY_CRASH_POINT"] = crash_point;
    ChildProcess child({"/proc/self/exe", tag}, log, variables);
    const int code = child.wait(kChildTimeout);
    std::ifstream stream(log);
    const std::string printed{std::istreambuf_iterator<char>(stream), {}};
    std::filesystem::remove(log);
    if (code != 0 && code != kKilled) {
        throw std::runtime_error("the child of " + crash_point + " ended with " +
                                 std::to_string(code) + ": " + printed);
    }
    return code == kKilled;
}

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

}  // namespace prepay::test
