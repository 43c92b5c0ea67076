#include <yaml-cpp/yaml.h>

#include <catch2/catch.hpp>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "support/paths.h"
#include "tidy/source_tree.h"

using prepay::tidy::require_none;
using prepay::tidy::source_tree;
using prepay::tidy::SourceFile;
using prepay::tidy::text_of_file;

namespace {

YAML::Node features() {
    return YAML::LoadFile(std::string(prepay::test::source_dir()) + "/docs/features.yaml");
}

std::set<std::string> wanted_ids() {
    std::set<std::string> ids;
    std::istringstream named(
        "0a 0b 0c 1a 1b 1c 1d 1e 1f 2a 2b 2c 2d 2e 2f 2g 2h 2i 2j 2k 2l 2m 2n 2o 3a 3b 3c 3d 3e "
        "4a 4b 4c 4d 5a 5b 5c 6a 6b 6c 6d 6e 7a 7b 7c 7d 8a 8b 9 10a 10b 11a 11b 12a 12b 13a 13b "
        "B1 B2 B3 B5 B6 B7 B8 B9 B10 B11 B13 B14 B15 B16 B18 B20 B21 B22 B23 B24 B25 B26 B27 B28 "
        "B29 B30 B31 B32 M1 M4 M5 M6 M8 M9");
    for (std::string id; named >> id;) {
        ids.insert(id);
    }
    for (int n = 1; n <= 29; ++n) {
        ids.insert("I-" + std::to_string(n));
    }
    for (int n = 1; n <= 24; ++n) {
        ids.insert("S-" + std::to_string(n));
    }
    return ids;
}

std::vector<std::string> texts(const YAML::Node& row, const char* key) {
    std::vector<std::string> values;
    for (const YAML::Node& value : row[key]) {
        values.push_back(value.as<std::string>());
    }
    return values;
}

// "AccountService.TopUp" of every proto of the suite.
std::set<std::string> rpcs() {
    static const std::regex word("(service|rpc) (\\w+)");
    std::set<std::string> found;
    for (const SourceFile& file : source_tree()) {
        if (!file.in("proto/")) {
            continue;
        }
        std::string service;
        for (std::sregex_iterator match(file.text.begin(), file.text.end(), word);
             match != std::sregex_iterator(); ++match) {
            if ((*match)[1] == "service") {
                service = (*match)[2];
            } else {
                found.insert(service + "." + (*match)[2].str());
            }
        }
    }
    return found;
}

std::vector<std::string> first_groups(const std::string& text, const std::regex& pattern) {
    std::vector<std::string> found;
    for (std::sregex_iterator match(text.begin(), text.end(), pattern);
         match != std::sregex_iterator(); ++match) {
        found.push_back((*match)[1]);
    }
    return found;
}

// The routes that the features in the shell's list declare.
std::set<std::string> pages() {
    static const std::regex feature("import \\{ \\w+ \\} from '\\.\\./(\\w+)/feature';");
    static const std::regex route("\\bpath: '([^']+)'");
    std::set<std::string> found = {"/m/"};  // The tenant's page has an entry of its own.
    for (const std::string& name :
         first_groups(text_of_file("web/src/shell/features.ts"), feature)) {
        const auto routes = first_groups(text_of_file("web/src/" + name + "/feature.ts"), route);
        CAPTURE(name);
        CHECK_FALSE(routes.empty());
        found.insert(routes.begin(), routes.end());
    }
    return found;
}

// "file: start of the name"; a long name is written as adjacent literals.
bool has_test(const std::map<std::string, std::string>& files, const std::string& test) {
    const auto colon = test.find(": ");
    if (colon == std::string::npos || colon + 2 == test.size()) {
        return false;
    }
    const auto file = files.find(test.substr(0, colon));
    return file != files.end() && file->second.find(test.substr(colon + 2)) != std::string::npos;
}

std::map<std::string, std::string> test_files() {
    static const std::regex seam("\"\\s*\n\\s*\"");
    std::map<std::string, std::string> files;
    for (const SourceFile& file : source_tree()) {
        if (file.in("tests/") || file.in("web/e2e/") || file.in("web/tests/")) {
            files[file.path] = std::regex_replace(file.text, seam, "");
        }
    }
    return files;
}

}  // namespace

TEST_CASE("features.yaml has one row for each feature, invariant and security rule") {
    std::set<std::string> ids;
    std::vector<std::string> found;
    for (const YAML::Node& row : features()) {
        const auto id = row["id"].as<std::string>();
        if (!ids.insert(id).second) {
            found.push_back(id + ": twice");
        }
        const auto state = row["state"].as<std::string>();
        if (state != "yes" && state != "partly" && state != "no") {
            found.push_back(id + ": state " + state);
        }
        if (state == "yes" && texts(row, "tests").empty()) {
            found.push_back(id + ": yes, and no test proves it");
        }
        if ((state == "partly") != row["missing"].IsDefined()) {
            found.push_back(id + ": what is partly there says what is missing, nothing else does");
        }
    }
    CHECK(ids == wanted_ids());
    require_none(found, "Make docs/features.yaml true:");
}

TEST_CASE("Every RPC, page and test that features.yaml names exists") {
    const std::set<std::string> known_rpcs = rpcs();
    const std::set<std::string> known_pages = pages();
    const auto files = test_files();
    CHECK(known_rpcs.size() > 60);
    CHECK(known_pages.size() > 10);
    std::vector<std::string> found;
    for (const YAML::Node& row : features()) {
        const auto id = row["id"].as<std::string>();
        for (const std::string& rpc : texts(row, "rpcs")) {
            if (known_rpcs.count(rpc) == 0) {
                found.push_back(id + ": no RPC " + rpc);
            }
        }
        for (const std::string& page : texts(row, "pages")) {
            if (known_pages.count(page) == 0) {
                found.push_back(id + ": no page " + page);
            }
        }
        for (const std::string& test : texts(row, "tests")) {
            if (!has_test(files, test)) {
                found.push_back(id + ": no test \"" + test + "\"");
            }
        }
    }
    require_none(found, "Name what is there, or build it:");
}
