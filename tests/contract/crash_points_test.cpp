#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <regex>
#include <set>

#include "support/paths.h"
#include "tidy/source_tree.h"

using prepay::tidy::SourceFile;

namespace {

// Name -> places in the code.
std::map<std::string, std::vector<std::string>> named_in_code() {
    static const std::regex use("PREPAY_CRASH_POINT\\(\\s*\"([^\"]*)\"\\s*\\)");
    std::map<std::string, std::vector<std::string>> found;
    for (const SourceFile& file : prepay::tidy::source_tree()) {
        if (!file.is_code() || !(file.in("services/") || file.in("libs/"))) {
            continue;
        }
        for (auto match = std::sregex_iterator(file.text.begin(), file.text.end(), use);
             match != std::sregex_iterator(); ++match) {
            found[(*match)[1]].push_back(file.path);
        }
    }
    return found;
}

std::set<std::string> listed() {
    std::ifstream stream(std::string(prepay::test::source_dir()) +
                         "/tests/contract/crash_points.txt");
    std::set<std::string> names;
    std::string line;
    while (std::getline(stream, line)) {
        if (!line.empty() && line.front() != '#') {
            CHECK(names.insert(line).second);
        }
    }
    return names;
}

/// Names and parts ("ledger" of "ledger.committed") that a test arms: by crash_points_of(), which
/// runs over the list and fails where the process does not die, or by a literal.
struct Armed {
    std::set<std::string> parts;
    std::set<std::string> names;
};

Armed armed_by_tests() {
    static const std::regex over_list("crash_points_of\\(\\s*\\{([^}]*)\\}");
    static const std::regex part("\"([a-z]+)\"");
    static const std::regex literal("\"([a-z]+\\.[a-z_]+)(:[0-9]+)?\"");
    Armed armed;
    for (const SourceFile& file : prepay::tidy::source_tree()) {
        if (!file.in("tests/") || !file.path.ends_with("_test.cpp") || file.in("tests/contract/")) {
            continue;
        }
        using Iterator = std::sregex_iterator;
        for (Iterator call(file.text.begin(), file.text.end(), over_list); call != Iterator();
             ++call) {
            const std::string parts = (*call)[1];
            for (Iterator name(parts.begin(), parts.end(), part); name != Iterator(); ++name) {
                armed.parts.insert((*name)[1]);
            }
        }
        for (Iterator name(file.text.begin(), file.text.end(), literal); name != Iterator();
             ++name) {
            armed.names.insert((*name)[1]);
        }
    }
    return armed;
}

}  // namespace

TEST_CASE("Every listed crash point is hit by a test") {
    const Armed armed = armed_by_tests();
    for (const std::string& name : listed()) {
        CAPTURE(name);
        CHECK((armed.parts.contains(name.substr(0, name.find('.'))) || armed.names.contains(name)));
    }
}

TEST_CASE("Crash points are listed, unique and named <part>.<step>") {
    static const std::regex shape("^[a-z]+\\.[a-z_]+$");
    std::set<std::string> found;
    for (const auto& [name, places] : named_in_code()) {
        CAPTURE(name, places);
        CHECK(std::regex_search(name, shape));
        CHECK(places.size() == 1);
        found.insert(name);
    }
    INFO(
        "tests/contract/crash_points.txt lists every PREPAY_CRASH_POINT, one a line; the fault "
        "tests "
        "hit each name of that list");
    CHECK(listed() == found);
}

TEST_CASE("Every crash point is given by a literal, so that it can be listed") {
    std::vector<std::string> found;
    for (const SourceFile& file : prepay::tidy::source_tree()) {
        if (file.is_code() && !file.in("libs/core/") && !file.in("tests/")) {
            prepay::tidy::find_all(
                file, prepay::tidy::code_only(file.text),
                std::regex("\\bcrash_point\\(|PREPAY_CRASH_POINT\\(\\s*[A-Za-z_]"), found);
        }
    }
    prepay::tidy::require_none(found, "Write PREPAY_CRASH_POINT(\"part.step\"):");
}
