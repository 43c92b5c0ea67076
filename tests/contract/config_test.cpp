#include <yaml-cpp/yaml.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "support/child_process.h"
#include "support/paths.h"
#include "support/provider/crypto.h"
#include "support/token_keys.h"
#include "support/topology.h"

using namespace prepay::test;
namespace fs = std::filesystem;

namespace {

std::string upper(std::string text) {
    for (char& c : text) {
        c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return text;
}

// Service -> what its variables begin with after PREPAY_.
const std::map<std::string, std::string> kPrefixes = [] {
    std::map<std::string, std::string> all;
    for (const TopologyService& service : topology().services) {
        all[service.name] = upper(service.schema);
    }
    return all;
}();

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

// What a secret file of this key holds; real keys, because --check-config looks at them.
std::string secret_of(const std::string& key) {
    static const TokenKeys keys;
    static const std::string merchant = prepay::provider::Rsa::generate().private_pem();
    if (key == "auth.public_key_file") {
        return keys.public_pem();
    }
    if (key == "auth.private_key_file") {
        return keys.private_pem();
    }
    if (key == "auth.service_token_file") {
        return keys.token(prepay::rpc::Role::kService, "prepay-test");
    }
    return key == "wechat.merchant_private_key_file" ? merchant
                                                     : "secret-of-the-test-with-32-chars";
}

void fill_folder(const std::string& key, const fs::path& path) {
    fs::create_directories(path);
    if (key == "packs_dir") {
        fs::copy(fs::path(prepay::test::source_dir()) / "services/metering-gateway/packs", path);
    } else if (key == "wechat.platform_keys_dir") {
        std::ofstream(path / "ABC.pem") << prepay::provider::Rsa::generate().public_pem();
    } else {
        std::ofstream(path / "index.html") << "<!doctype html>\n";
    }
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
        std::ofstream(path) << secret_of(key) << "\n";
    } else {
        fill_folder(key, path);
    }
    environment[variable(prefix, key)] = path.string();
}

struct Outcome {
    int exit_code = -1;
    std::string output;
};

Outcome check_config(const std::string& service, const fs::path& file,
                     const std::map<std::string, std::string>& environment, const fs::path& log) {
    const std::string program = std::string(prepay::test::binary_dir()) + "/bin/prepay-" + service;
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

// By dotted path.
YAML::Node find_key(const YAML::Node& node, const std::string& key) {
    const auto dot = key.find('.');
    return dot == std::string::npos ? node[key]
                                    : find_key(node[key.substr(0, dot)], key.substr(dot + 1));
}

fs::path example(const std::string& service) {
    return fs::path(prepay::test::source_dir()) / "deploy/config" / (service + ".yaml");
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
        CHECK(outcome.output.find("PRIVATE KEY") == std::string::npos);
        CHECK(outcome.output.find("***") != std::string::npos);
    }
}

TEST_CASE("--check-config looks into what the keys name, and says file and line") {
    struct Case {
        const char* service;
        const char* key;   // Of the folder or file that is made bad.
        const char* file;  // Within the folder; empty = the file itself.
        const char* content;
        std::vector<const char*> says;
    };
    const std::vector<Case> cases = {
        {"metering-gateway",
         "packs_dir",
         "bad.yaml",
         "pack: x\nno_such_key: 1\n",
         {"packs_dir: ", "bad.yaml:2: "}},
        {"account",
         "wechat.merchant_private_key_file",
         "",
         "no key\n",
         {"wechat.merchant_private_key: "}},
        {"account",
         "wechat.platform_keys_dir",
         "DEF.pem",
         "no key\n",
         {"wechat.platform_keys_dir: ", "DEF.pem"}},
        {"console", "auth.private_key_file", "", "no key\n", {"auth.private_key: "}},
        {"billing", "auth.public_key_file", "", "no key\n", {"auth.service_token: "}},
        {"alarm", "auth.service_token_file", "", "x.y.z\n", {"auth.service_token: "}},
    };
    for (const Case& one : cases) {
        CAPTURE(one.service, one.key);
        const Folder folder;
        std::map<std::string, std::string> environment;
        const fs::path file = example(one.service);
        replace_paths(YAML::LoadFile(file.string()), "", kPrefixes.at(one.service), folder,
                      environment);
        const fs::path bad = folder.path(one.key) / one.file;
        std::ofstream(*one.file == '\0' ? folder.path(one.key) : bad) << one.content;
        // By the file and not by a variable, so that the problem has a line.
        std::ostringstream text;
        text << std::ifstream(file).rdbuf();
        std::string content = text.str();
        const YAML::Node node = find_key(YAML::LoadFile(file.string()), one.key);
        const auto named = node.as<std::string>();
        content.replace(content.find(named), named.size(), folder.path(one.key).string());
        environment.erase(variable(kPrefixes.at(one.service), one.key));
        std::ofstream(folder.path("own.yaml")) << content;
        const Outcome outcome =
            check_config(one.service, folder.path("own.yaml"), environment, folder.path("log"));
        CAPTURE(outcome.output);
        CHECK(outcome.exit_code == 1);
        for (const char* text_said : one.says) {
            CHECK(outcome.output.find(text_said) != std::string::npos);
        }
        if (std::string(one.key) != "auth.public_key_file") {  // Told of the token it refuses.
            CHECK(outcome.output.find("own.yaml:" + std::to_string(node.Mark().line + 1) + ": ") !=
                  std::string::npos);
        }
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
