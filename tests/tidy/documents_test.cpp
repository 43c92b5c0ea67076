#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <set>

#include "source_tree.h"
#include "support/paths.h"

using namespace prepay::tidy;
namespace fs = std::filesystem;

namespace {

std::string text_of(const std::string& path) {
    for (const SourceFile& file : source_tree()) {
        if (file.path == path) {
            return file.text;
        }
    }
    FAIL("there is no " << path);
    return {};
}

/// What a document links to and shows that is a file of the tree, relative to its own folder.
std::set<std::string> relative_targets(const std::string& text) {
    static const std::regex link("\\]\\(([^)\\s#]+)[^)]*\\)|(?:src|href)=\"([^\"#]+)");
    static const std::regex elsewhere("^(?:[a-z]+:|//)");
    std::set<std::string> targets;
    for (std::sregex_iterator it(text.begin(), text.end(), link), end; it != end; ++it) {
        const std::string target = (*it)[1].matched ? (*it)[1] : (*it)[2];
        if (!std::regex_search(target, elsewhere)) {
            targets.insert(target);
        }
    }
    return targets;
}

/// The words of each `add_dependencies(<target> …)` of the tree, by target.
std::map<std::string, std::set<std::string>> dependencies() {
    static const std::regex call("add_dependencies\\(\\s*([^\\s)]+)([^)]*)\\)");
    static const std::regex word("[^\\s]+");
    std::map<std::string, std::set<std::string>> all;
    for (const SourceFile& file : source_tree()) {
        if (!file.path.ends_with("CMakeLists.txt") && !file.path.ends_with(".cmake")) {
            continue;
        }
        for (std::sregex_iterator it(file.text.begin(), file.text.end(), call), end; it != end;
             ++it) {
            const std::string names = (*it)[2];
            for (std::sregex_iterator name(names.begin(), names.end(), word); name != end; ++name) {
                all[(*it)[1]].insert(name->str());
            }
        }
    }
    return all;
}

}  // namespace

TEST_CASE("The documents that everybody looks for are there") {
    for (const char* path : {"README.md", "LICENSE", "CONTRIBUTING.md", "SECURITY.md",
                             "CHANGELOG.md", "docs/style.md"}) {
        CHECK(text_of(path).size() > 200);
    }
    CHECK(text_of("LICENSE").find("Apache License") != std::string::npos);
}

TEST_CASE("Every picture and every relative link of the README leads somewhere") {
    const std::set<std::string> targets = relative_targets(text_of("README.md"));
    CHECK(targets.size() > 10);
    std::vector<std::string> found;
    int pictures = 0;
    for (const std::string& target : targets) {
        const fs::path path = fs::path(prepay::test::source_dir()) / target;
        if (!fs::exists(path)) {
            found.push_back("README.md: " + target);
        } else if (target.ends_with(".png")) {
            ++pictures;
            CHECK(fs::file_size(path) > 1000);
        }
    }
    require_none(found, "Make it, or take the link out:");
    CHECK(pictures >= 3);  // Wall, room, phone.
}

TEST_CASE("The demo builds only what it runs") {
    // Programs are called so, libraries have '_', tests begin with test_.
    static const std::regex program("^prepay-([a-z-]+|\\$\\{name\\})$");
    const auto all = dependencies();
    REQUIRE(all.count("prepay-demo") == 1);
    std::vector<std::string> found;
    std::set<std::string> seen;
    std::vector<std::string> waiting = {"prepay-demo"};
    while (!waiting.empty()) {
        const std::string target = waiting.back();
        waiting.pop_back();
        const auto its = all.find(target);
        for (const std::string& name : its == all.end() ? std::set<std::string>{} : its->second) {
            if (!std::regex_search(name, program)) {
                found.push_back(target + " needs " + name);
            } else if (seen.insert(name).second) {
                waiting.push_back(name);
            }
        }
    }
    require_none(found,
                 "Programs of the demo only, no test: its build is what a newcomer waits for:");
    for (const char* wanted :
         {"prepay-services", "prepay-park-simulator", "prepay-provider-simulator"}) {
        CHECK(seen.count(wanted) == 1);
    }
    CHECK(text_of("deploy/local/demo.sh").find("ensure_built --target prepay-demo\n") !=
          std::string::npos);
}
