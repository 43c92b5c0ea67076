#include <catch2/catch.hpp>
#include <map>
#include <regex>
#include <set>

#include "support/topology.h"
#include "tidy/source_tree.h"

using prepay::test::topology;
using prepay::test::TopologyService;
using prepay::tidy::SourceFile;

namespace {

using Topics = std::set<std::string>;

constexpr int kOutboxDays = 7;

// Types of webhook messages; they look like topics and are none.
const Topics kWebhookTypes = {"prepay.alarm.test.v1", "prepay.alarm.low-balance.v1"};

Topics written(const TopologyService& service) {
    Topics all;
    for (const auto& [topic, retention_days] : service.writes) {
        all.insert(topic);
    }
    return all;
}

Topics used(const TopologyService& service) {
    Topics all = written(service);
    all.insert(service.reads.begin(), service.reads.end());
    return all;
}

// Topics that the files with this path name.
Topics named(const std::regex& path, const char* pattern = "prepay\\.[a-z]+\\.[a-z-]+\\.v[0-9]+") {
    const std::regex topic(pattern);
    Topics found;
    for (const SourceFile& file : prepay::tidy::source_tree()) {
        if (!std::regex_search(file.path, path)) {
            continue;
        }
        for (auto match = std::sregex_iterator(file.text.begin(), file.text.end(), topic);
             match != std::sregex_iterator(); ++match) {
            found.insert((*match)[match->size() - 1]);
        }
    }
    for (const std::string& type : kWebhookTypes) {
        found.erase(type);
    }
    return found;
}

}  // namespace

TEST_CASE("Topics are named prepay.<owner>.<plural-fact>.v1 and kept until they can be replayed") {
    for (const TopologyService& service : topology().services) {
        const std::regex name("^prepay\\." + service.schema + "\\.[a-z-]+s\\.v1$");
        for (const auto& [topic, retention_days] : service.writes) {
            CAPTURE(topic);
            CHECK(std::regex_search(topic, name));
            CHECK((retention_days == -1 || retention_days >= kOutboxDays));
        }
    }
}

TEST_CASE("What a service reads is written by one that it may ask for lost messages") {
    std::map<std::string, std::string> owners;
    for (const TopologyService& service : topology().services) {
        for (const std::string& topic : written(service)) {
            owners[topic] = service.schema;
        }
    }
    for (const TopologyService& service : topology().services) {
        for (const std::string& topic : service.reads) {
            CAPTURE(service.name, topic);
            REQUIRE(owners.count(topic) == 1);
            CHECK(service.peers.count(owners[topic]) == 1);
        }
    }
}

TEST_CASE("Code, README and events of a service name the topics it writes and reads") {
    for (const TopologyService& service : topology().services) {
        CAPTURE(service.name);
        const std::string folder = "^services/" + service.name;
        const Topics in_code =
            named(std::regex(folder + "/src/"), "\"(prepay\\.[a-z]+\\.[a-z-]+\\.v[0-9]+)\"");
        const Topics in_readme = named(std::regex(folder + "/README\\.md$"));
        const Topics in_protos = named(std::regex("^proto/prepay/" + service.schema + "/"));
        CHECK(in_code == used(service));
        CHECK(in_readme == used(service));
        CHECK(in_protos == written(service));
    }
}

TEST_CASE("No file names a topic of a service that it does not write") {
    Topics all;
    for (const TopologyService& service : topology().services) {
        all.merge(written(service));
    }
    const std::set<std::string> schemas = topology().schemas();
    for (const std::string& topic : named(std::regex("^(?!CHANGELOG)"))) {
        const auto owner = topic.substr(7, topic.find('.', 7) - 7);
        if (schemas.count(owner) == 1) {  // Tests also have owners of their own.
            CAPTURE(topic);
            CHECK(all.count(topic) == 1);
        }
    }
}

TEST_CASE("Every topic that somebody consumes can be told as a snapshot by its owner") {
    Topics consumed;
    for (const TopologyService& service : topology().services) {
        consumed.insert(service.reads.begin(), service.reads.end());
    }
    for (const TopologyService& service : topology().services) {
        CAPTURE(service.name);
        Topics expected;
        for (const std::string& topic : written(service)) {
            if (consumed.count(topic) == 1) {
                expected.insert(topic);
            }
        }
        CHECK(named(std::regex("^services/" + service.name + "/src/"),
                    "add_snapshot\\(\\s*\"(prepay\\.[a-z]+\\.[a-z-]+\\.v[0-9]+)\"") == expected);
    }
}
