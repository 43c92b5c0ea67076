#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "source_tree.h"

using namespace prepay::tidy;

namespace {

std::set<std::string> paths() {
    std::set<std::string> all;
    for (const SourceFile& file : source_tree()) {
        all.insert(file.path);
    }
    return all;
}

std::set<std::string> services() {
    std::set<std::string> names;
    static const std::regex main_file("^services/([^/]+)/src/main\\.cpp$");
    for (const std::string& path : paths()) {
        std::smatch match;
        if (std::regex_search(path, match, main_file)) {
            names.insert(match[1]);
        }
    }
    return names;
}

}  // namespace

TEST_CASE("The services have the same shape") {
    CHECK_FALSE(services().empty());  // Which ones: tests/contract/topology_test.cpp.
    const std::set<std::string> all = paths();
    std::vector<std::string> found;
    for (const std::string& name : services()) {
        for (const char* file :
             {"README.md", "CMakeLists.txt", "src/metrics.h", "src/metrics.cpp"}) {
            if (all.count("services/" + name + "/" + file) == 0) {
                found.push_back("services/" + name + "/" + file);
            }
        }
    }
    require_none(found, "Add what a service has (docs/style.md, Anatomy of one service):");
}

TEST_CASE("A service's sources are in layers, those of a large one in features that hold layers") {
    static const std::set<std::string> large = {"account", "billing", "metering-gateway"};
    static const std::regex top("^(main\\.cpp|(metrics|config|wiring)\\.(h|cpp))$");
    static const std::regex above("^(ports\\.h|convert\\.(h|cpp))$");
    // A provider is a folder of its own: what speaks with one bank or one messenger.
    static const std::regex provider("^[a-z_]+/providers/[a-z_]+$");
    std::vector<std::string> found;
    for (const SourceFile& file : source_tree()) {
        const std::optional<Room> room = room_of(file.path);
        if (!room) {
            continue;
        }
        const bool is_large = large.count(room->service) > 0;
        const bool is_layered = !room->layer.empty() && is_large != room->feature.empty();
        const bool is_above = room->layer.empty() && is_large != room->feature.empty() &&
                              std::regex_match(room->file, above);
        const bool is_top =
            room->feature.empty() && room->layer.empty() && std::regex_match(room->file, top);
        // "books/books.h" puts the feature's parts together.
        const bool is_parts = is_large && room->layer.empty() &&
                              room->file.substr(0, room->file.rfind('.')) == room->feature;
        const bool is_provider = is_large && std::regex_match(room->feature, provider);
        if (!is_layered && !is_above && !is_top && !is_parts && !is_provider) {
            found.push_back(file.path);
        }
    }
    require_none(found,
                 "src/<feature>/{domain,app,adapters}/ and src/<feature>/{ports.h,convert.*} in "
                 "account, billing and metering-gateway; src/{domain,app,adapters}/ and "
                 "src/{ports.h,convert.*} in the others:");
}

TEST_CASE("A service with layers only is small") {
    constexpr std::size_t kUnitsMax = 40;  // A header and its source are one.
    std::map<std::string, std::set<std::string>> units;
    for (const SourceFile& file : source_tree()) {
        const std::optional<Room> room = room_of(file.path);
        if (room && room->feature.empty()) {
            units[room->service].insert(file.path.substr(0, file.path.rfind('.')));
        }
    }
    for (const auto& [service, files] : units) {
        INFO(service << " has " << files.size() << " units: give it features (docs/hacking.md)");
        CHECK(files.size() <= kUnitsMax);
    }
}

TEST_CASE("main.cpp is wiring only") {
    constexpr auto kLinesMax = 80;
    for (const SourceFile& file : source_tree()) {
        const std::optional<Room> room = room_of(file.path);
        if (room && room->file == "main.cpp") {
            const auto lines = std::count(file.text.begin(), file.text.end(), '\n');
            INFO(file.path << " has " << lines << " lines: move what is not wiring to its feature");
            CHECK(lines <= kLinesMax);
        }
    }
}

TEST_CASE("Migrations are numbered without a gap") {
    static const std::regex step(
        "^((?:services|libs)/[^/]+)/migrations/([0-9]{4})_[a-z0-9_]+\\.sql$");
    static const std::regex any("^(services|libs)/[^/]+/migrations/");
    static const std::regex step_test("\\.test\\.sql$");
    std::map<std::string, int> last;
    std::vector<std::string> found;
    for (const std::string& path : paths()) {  // In order.
        std::smatch match;
        if (!std::regex_search(path, any) || std::regex_search(path, step_test)) {
            continue;
        }
        if (!std::regex_search(path, match, step)) {
            found.push_back(path + ": not <4 digits>_<what>.sql");
        } else if (std::stoi(match[2]) != ++last[match[1]]) {
            found.push_back(path + ": expected number " + std::to_string(last[match[1]]));
        }
    }
    CHECK(last.size() == services().size() + 2);  // And libs/pg, libs/outbox.
    require_none(found, "Number migrations 0001, 0002 … per component, forward only:");
}

TEST_CASE("Nothing is called utils") {
    static const std::regex name("(^|/)(utils?|helpers?|misc|common_utils)(/|\\.|_)");
    std::vector<std::string> found;
    for (const std::string& path : paths()) {
        if (!path.starts_with("web/") && std::regex_search(path, name)) {
            found.push_back(path);
        }
    }
    require_none(found, "Name it after its concept, or keep the helper private in its .cpp:");
}

TEST_CASE("C++ files are snake_case, headers guarded once, namespaces ours") {
    static const std::regex good("(^|/)[a-z0-9_]+\\.(h|cpp)$");
    std::vector<std::string> found;
    for (const SourceFile& file : source_tree()) {
        if (!file.is_code()) {
            continue;
        }
        if (!std::regex_search(file.path, good)) {
            found.push_back(file.path + ": name");
        }
        if (file.path.ends_with(".h") && file.text.rfind("#pragma once", 0) != 0) {
            found.push_back(file.path + ": does not begin with #pragma once");
        }
        if (file.path.ends_with(".h") &&
            std::regex_search(code_only(file.text), std::regex("\\busing namespace\\b"))) {
            found.push_back(file.path + ": using namespace in a header");
        }
    }
    require_none(found, "snake_case names; `#pragma once` first, no banner; no using in headers:");
}
