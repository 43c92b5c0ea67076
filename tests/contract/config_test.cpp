#include <yaml-cpp/yaml.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "support/child_process.h"

using namespace prepay::test;
namespace fs = std::filesystem;

namespace {

const std::map<std::string, std::string> kPrefixes = {
    {"account", "ACCOUNT"},           {"alarm", "ALARM"},
    {"billing", "BILLING"},           {"console", "CONSOLE"},
    {"metering-gateway", "METERING"}, {"reporting", "REPORTING"},
    {"scheduler", "SCHEDULER"},
};

// A folder of the test's own, gone with it.
class Folder {
public:
    Folder() {
        std::string pattern = (fs::temp_directory_path() / "prepay-config-XXXXXX").string();
        path_ = mkdtemp(pattern.data());
    }
    ~Folder() { fs::remove_all(path_); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    [[nodiscard]] fs::path path(const std::string& name) const { return path_ / name; }

private:
    fs::path path_;
};

std::string variable(const std::string& prefix, const std::string& key) {
    std::string name = "PREPAY_" + prefix + "__";
    for (const char c : key) {
        name +=
            c == '.' ? "__" : std::string(1, c == '-' ? '_' : static_cast<char>(std::toupper(c)));
    }
    return name;
}

// Variables that put something of the test's in the place of every file and folder the example
// names.
void replace_paths(const YAML::Node& node, const std::string& key, const std::string& prefix,
                   const Folder& folder, std::map<std::string, std::string>& environment) {
    if (node.IsMap()) {
        for (const auto& child : node) {
            const auto name = child.first.as<std::string>();
            replace_paths(child.second, key.empty() ? name : key + "." + name, prefix, folder,
                          environment);
        }
        return;
    }
    if (!node.IsScalar() || node.as<std::string>().rfind('/', 0) != 0) {
        return;
    }
    const fs::path path = folder.path(key);
    if (key.ends_with("_file")) {
        std::ofstream(path) << "secret-of-the-test-with-32-chars\n";
    } else {
        fs::create_directories(path);
        std::ofstream(path / "index.html") << "<!doctype html>\n";
    }
    environment[variable(prefix, key)] = path.string();
}

struct Outcome {
    int exit_code = -1;
    std::string output;
};

Outcome check_config(const std::string& service, const fs::path& file,
                     const std::map<std::string, std::string>& environment, const fs::path& log) {
    const std::string program = std::string(PREPAY_BINARY_DIR) + "/bin/prepay-" + service;
    REQUIRE(fs::exists(program));
    ChildProcess process({program, "--config", file.string(), "--check-config"}, log.string(),
                         environment);
    Outcome outcome;
    outcome.exit_code = process.wait(std::chrono::seconds(20));
    std::ostringstream text;
    text << std::ifstream(log).rdbuf();
    outcome.output = text.str();
    return outcome;
}

fs::path example(const std::string& service) {
    return fs::path(PREPAY_SOURCE_DIR) / "deploy/config" / (service + ".yaml");
}

}  // namespace

TEST_CASE("Every service has an example configuration, and no example is without a service") {
    std::map<std::string, std::string> found;
    for (const auto& entry : fs::directory_iterator(example("x").parent_path())) {
        if (entry.path().extension() == ".yaml") {
            const std::string service = entry.path().stem().string();
            CAPTURE(service);
            REQUIRE(kPrefixes.count(service) == 1);
            found[service] = kPrefixes.at(service);
        }
    }
    CHECK(found == kPrefixes);
}

TEST_CASE("The examples pass --check-config, with secrets masked (S-11)", "[S-11]") {
    for (const auto& [service, prefix] : kPrefixes) {
        CAPTURE(service);
        if (!fs::exists(example(service))) {
            continue;  // The case above says so.
        }
        const Folder folder;
        std::map<std::string, std::string> environment;
        replace_paths(YAML::LoadFile(example(service).string()), "", prefix, folder, environment);
        const Outcome outcome =
            check_config(service, example(service), environment, folder.path("log"));
        CAPTURE(outcome.output);
        CHECK(outcome.exit_code == 0);
        CHECK(outcome.output.find("listen.grpc") != std::string::npos);
        CHECK(outcome.output.find("secret-of-the-test") == std::string::npos);
        CHECK(outcome.output.find("***") != std::string::npos);
    }
}

TEST_CASE("An unknown key ends the start with file and line") {
    for (const auto& [service, prefix] : kPrefixes) {
        CAPTURE(service);
        if (!fs::exists(example(service))) {
            continue;
        }
        const Folder folder;
        std::map<std::string, std::string> environment;
        replace_paths(YAML::LoadFile(example(service).string()), "", prefix, folder, environment);
        std::ostringstream text;
        text << std::ifstream(example(service)).rdbuf();
        std::string content = text.str();
        const auto lines = std::count(content.begin(), content.end(), '\n');
        std::ofstream(folder.path("bad.yaml")) << content << "no_such_key: 1\n";
        const Outcome outcome =
            check_config(service, folder.path("bad.yaml"), environment, folder.path("log"));
        CAPTURE(outcome.output);
        CHECK(outcome.exit_code == 1);
        CHECK(outcome.output.find("bad.yaml:" + std::to_string(lines + 1)) != std::string::npos);
        CHECK(outcome.output.find("no_such_key") != std::string::npos);
    }
}
