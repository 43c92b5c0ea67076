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

/// Commands that a person or a script starts: in documents, in scripts, and in what tests tell a
/// shell. A command that goes on in the next line, by '\\' or '|' at the end, is one line here.
std::string commands_of(const SourceFile& file) {
    static const std::regex goes_on("\\\\\n\\s*|(\\|)\\s*\n\\s*");
    return std::regex_replace(file.text, goes_on, "$1 ");
}

bool shows_commands(const SourceFile& file) {
    return file.path.ends_with(".md") || file.path.ends_with(".sh") || file.path == "run" ||
           file.path.ends_with(".yaml") || file.path.ends_with(".mjs");
}

/// Journals that are piped on where nobody sees the exit code of the first program.
std::vector<std::string> unguarded_journals(const SourceFile& file) {
    // Up to the pipe: no other command, no end of the line.
    static const std::regex piped("prepay-account[\"']? journal[^\n|;&]*\\|(?!\\|)");
    static const std::regex guard("set -[a-z]*o pipefail|-o pipefail");
    const std::string text = commands_of(file);
    std::vector<std::string> found;
    for (std::sregex_iterator it(text.begin(), text.end(), piped), end; it != end; ++it) {
        // Scripts are guarded as a whole, a command in a document by its own line.
        const auto at = static_cast<std::size_t>(it->position());
        const auto start = text.rfind('\n', at) + 1;
        const std::string before =
            file.path.ends_with(".md") ? text.substr(start, at - start) : text.substr(0, at);
        if (!std::regex_search(before, guard)) {
            found.push_back(file.path + ": " + it->str());
        }
    }
    return found;
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

TEST_CASE("Nobody pipes a journal on without seeing that it was cut short") {
    const auto count = [](const std::string& path, const std::string& text) {
        return unguarded_journals({path, text}).size();
    };
    const std::string piped = "prepay-account journal --config a.yaml | hledger -f - check\n";
    CHECK(count("x.md", piped) == 1);
    CHECK(count("x.md", "set -o pipefail\n" + piped) == 1);
    CHECK(count("x.md", "set -o pipefail; " + piped) == 0);
    CHECK(count("x.md", "prepay-account journal --config a.yaml \\\n  | hledger -f - check\n") ==
          1);
    CHECK(count("x.md", "prepay-account journal --config a |\n  hledger -f - check\n") == 1);
    CHECK(count("x.md", "prepay-account journal --config a >j && hledger -f j | less\n") == 0);
    CHECK(count("x.sh", "#!/bin/sh\n" + piped) == 1);
    CHECK(count("x.sh", "set -euo pipefail\n" + piped) == 0);
    std::vector<std::string> found;
    int shown = 0;
    for (const SourceFile& file : source_tree()) {
        if (shows_commands(file)) {
            shown += file.text.find("prepay-account journal") == std::string::npos ? 0 : 1;
            const auto its = unguarded_journals(file);
            found.insert(found.end(), its.begin(), its.end());
        }
    }
    CHECK(shown >= 2);
    require_none(found, "Write it to a file first, or `set -o pipefail;` before it:");
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
