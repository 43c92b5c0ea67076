#include "support/topology.h"

#include <yaml-cpp/yaml.h>

#include <catch2/catch.hpp>
#include <regex>

#include "tidy/source_tree.h"

using prepay::test::topology;
using prepay::test::TopologyService;
using prepay::tidy::text_of_file;

namespace {

using Words = std::set<std::string>;

// What the pattern's group is in each match.
Words all_matches(const std::string& text, const std::string& pattern) {
    const std::regex regex(pattern);
    Words found;
    for (auto match = std::sregex_iterator(text.begin(), text.end(), regex);
         match != std::sregex_iterator(); ++match) {
        found.insert((*match)[1]);
    }
    return found;
}

// Folder names of the tree that the pattern's group is.
Words folders(const std::string& pattern) {
    const std::regex regex(pattern);
    Words found;
    for (const prepay::tidy::SourceFile& file : prepay::tidy::source_tree()) {
        std::smatch match;
        if (std::regex_search(file.path, match, regex)) {
            found.insert(match[1]);
        }
    }
    return found;
}

Words names() {
    Words all;
    for (const TopologyService& service : topology().services) {
        all.insert(service.name);
    }
    return all;
}

// Host and port of a service's gRPC in the example configurations.
std::string example_address(const std::string& schema) {
    for (const TopologyService& service : topology().services) {
        if (service.schema == schema) {
            return service.name + ".prepay.internal:" + std::to_string(service.ports.at("grpc"));
        }
    }
    return "no service " + schema;
}

}  // namespace

TEST_CASE("Every service's folders are in topology.yaml, and no others") {
    CHECK(folders("^services/([^/]+)/") == names());
    CHECK(folders("^services/([^/]+)/migrations/[^/]+\\.sql$") == names());
    Words packages = topology().schemas();
    CHECK(packages.size() == names().size());
    packages.insert("common");
    CHECK(folders("^proto/prepay/([^/]+)/v1/") == packages);
}

TEST_CASE("Each program has the name, schema and peers of topology.yaml") {
    for (const TopologyService& service : topology().services) {
        CAPTURE(service.name);
        const std::string main = text_of_file("services/" + service.name + "/src/main.cpp");
        CHECK(all_matches(main, "program\\.name = \"([^\"]*)\"") == Words{service.name});
        CHECK(all_matches(main, "program\\.schema = \"([^\"]*)\"") == Words{service.schema});
        Words peers;
        for (const std::string& list : all_matches(main, "program\\.peers = \\{([^}]*)\\}")) {
            peers.merge(all_matches(list, "\"([^\"]*)\""));
        }
        if (service.schema != "console") {  // libs/runtime adds it.
            peers.insert("console");
        }
        CHECK(peers == service.peers);
        CHECK(all_matches(main, "program\\.publishes = (false)").empty() == service.needs_kafka());
    }
}

TEST_CASE("The example configurations have the ports, peers and partitions of topology.yaml") {
    for (const TopologyService& service : topology().services) {
        CAPTURE(service.name);
        const YAML::Node example =
            YAML::Load(text_of_file("deploy/config/" + service.name + ".yaml"));
        const auto listens = [](const YAML::Node& node) {
            return node.as<std::string>("0.0.0.0:0").substr(std::string("0.0.0.0:").size());
        };
        for (const auto& [kind, port] : service.ports) {
            CAPTURE(kind);
            CHECK(listens(kind == "web" ? example["web"]["listen"] : example["listen"][kind]) ==
                  std::to_string(port));
        }
        Words peers;
        for (const auto& peer : example["peers"]) {
            const auto name = peer.first.as<std::string>();
            CHECK(peer.second.as<std::string>() == example_address(name));
            peers.insert(name);
        }
        CHECK(peers == service.peers);
        const std::string url = "postgresql://prepay_" + service.schema + "@";
        CHECK(example["database"]["url"].as<std::string>().rfind(url, 0) == 0);
        CHECK(example["database"]["password_file"].as<std::string>() ==
              "/etc/prepay/secrets/pg_" + service.schema + ".password");
        CHECK(example["auth"]["service_token_file"].as<std::string>() ==
              "/etc/prepay/secrets/" + service.schema + ".token");
        REQUIRE(example["kafka"].IsDefined() == service.needs_kafka());
        if (service.needs_kafka()) {
            CHECK(example["kafka"]["partition_count"].as<int>() ==
                  topology().production_partitions);
        }
    }
}

TEST_CASE("bootstrap.sql makes a role and a schema for each service of topology.yaml") {
    const std::string sql = text_of_file("deploy/postgres/bootstrap.sql");
    CHECK(all_matches(sql, "\\('(\\w+)', :'\\w+'\\)") == topology().schemas());
    CHECK(all_matches(sql, "\\('\\w+', :'(\\w+)'\\)") == topology().schemas());
}

TEST_CASE("No two addresses of the demo are the same") {
    std::map<int, Words> users;
    for (const TopologyService& service : topology().services) {
        CAPTURE(service.name);
        Words kinds;
        for (const auto& [kind, offset] : service.demo_ports) {
            users[offset].insert(service.name + " " + kind);
            kinds.insert(kind);
        }
        for (const auto& [kind, port] : service.ports) {
            CHECK(kinds.erase(kind) == 1);
        }
        CHECK(kinds.empty());
    }
    for (const auto& [name, offset] : topology().demo_ports) {
        users[offset].insert(name);
    }
    for (const auto& [offset, names] : users) {
        CAPTURE(offset, names);
        CHECK(names.size() == 1);
        CHECK(offset < topology().demo_line_ports);
    }
}
