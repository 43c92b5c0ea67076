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

/// Commands of grpcurl, which Debian 12 has not: those that the words just above do not call
/// optional, and all of a document that shows no curl beside them.
std::vector<std::string> needed_grpcurls(const SourceFile& file) {
    constexpr std::size_t kAbove = 400;
    static const std::regex curl("(^|[^p])curl -");
    static const std::regex optional("[Oo]ptional");
    const bool has_curl = std::regex_search(file.text, curl);
    std::vector<std::string> found;
    for (auto at = file.text.find("grpcurl -"); at != std::string::npos;
         at = file.text.find("grpcurl -", at + 1)) {
        const auto start = at > kAbove ? at - kAbove : 0;
        if (!has_curl || !std::regex_search(file.text.substr(start, at - start), optional)) {
            found.push_back(file.path + ": " + file.text.substr(at, file.text.find('\n', at) - at));
        }
    }
    return found;
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

TEST_CASE("No document needs grpcurl: curl is shown beside it, and it is called optional") {
    const auto count = [](const std::string& text) {
        return needed_grpcurls({"x.md", text}).size();
    };
    CHECK(count("grpcurl -plaintext a b/C\n") == 1);
    CHECK(count("curl -s http://a/b/C\ngrpcurl -plaintext a b/C\n") == 1);
    CHECK(count("Optional:\ngrpcurl -plaintext a b/C\n") == 1);
    CHECK(count("curl -s http://a/b/C\nOptional:\ngrpcurl -plaintext a b/C\n") == 0);
    std::vector<std::string> found;
    int shown = 0;
    for (const SourceFile& file : source_tree()) {
        if (file.path.ends_with(".md")) {
            shown += file.text.find("grpcurl -") == std::string::npos ? 0 : 1;
            const auto its = needed_grpcurls(file);
            found.insert(found.end(), its.begin(), its.end());
        }
    }
    CHECK(shown >= 1);
    require_none(found, "Show the call with curl, and say \"Optional:\" before grpcurl:");
}
