#include <yaml-cpp/yaml.h>

#include <catch2/catch.hpp>
#include <map>
#include <regex>
#include <set>

#include "support/paths.h"
#include "tidy/source_tree.h"

using prepay::tidy::SourceFile;

namespace {

struct Topic {
    std::string owner;
    std::set<std::string> consumers;
};

YAML::Node topics_file() {
    return YAML::LoadFile(std::string(prepay::test::source_dir()) + "/deploy/kafka/topics.yaml");
}

std::map<std::string, Topic> topics() {
    std::map<std::string, Topic> found;
    for (const YAML::Node& node : topics_file()["topics"]) {
        Topic& topic = found[node["name"].as<std::string>()];
        topic.owner = node["owner"].as<std::string>();
        for (const YAML::Node& consumer : node["consumers"]) {
            topic.consumers.insert(consumer.as<std::string>());
        }
    }
    return found;
}

// "metering-gateway" -> "metering", as in schemas, groups and topic owners.
std::string service_word(const std::string& path) {
    const auto start = path.find('/') + 1;
    return path.substr(start, path.find_first_of("/-", start) - start);
}

// Types of webhook messages; they look like topics and are none.
const std::set<std::string> kWebhookTypes = {"prepay.alarm.test.v1", "prepay.alarm.low-balance.v1"};

// Topic -> services whose code names it.
std::map<std::string, std::set<std::string>> named_topics() {
    static const std::regex pattern("\"(prepay\\.[a-z]+\\.[a-z-]+\\.v[0-9]+)\"");
    std::map<std::string, std::set<std::string>> found;
    for (const SourceFile& file : prepay::tidy::source_tree()) {
        if (!file.is_code() || !file.in("services/")) {
            continue;
        }
        for (auto match = std::sregex_iterator(file.text.begin(), file.text.end(), pattern);
             match != std::sregex_iterator(); ++match) {
            if (kWebhookTypes.count((*match)[1]) == 0) {
                found[(*match)[1]].insert(service_word(file.path));
            }
        }
    }
    return found;
}

}  // namespace

TEST_CASE("Topics are named prepay.<owner>.<plural-fact>.v1 and belong to their owner") {
    static const std::regex name("^prepay\\.([a-z]+)\\.[a-z-]+s\\.v1$");
    CHECK(topics().size() == 12);
    for (const auto& [topic, about] : topics()) {
        CAPTURE(topic);
        std::smatch match;
        REQUIRE(std::regex_search(topic, match, name));
        CHECK(match[1] == about.owner);
        CHECK(about.consumers.count(about.owner) == 0);
    }
}

TEST_CASE("topics.yaml lists every topic the code names, and none that it does not") {
    const auto listed = topics();
    const auto named = named_topics();
    for (const auto& [topic, services] : named) {
        CAPTURE(topic);
        CHECK(listed.count(topic) == 1);
    }
    for (const auto& [topic, about] : listed) {
        CAPTURE(topic);
        INFO("owner and consumers in topics.yaml against the services whose code names the topic");
        std::set<std::string> expected = about.consumers;
        expected.insert(about.owner);
        const auto found = named.find(topic);
        CHECK((found == named.end() ? std::set<std::string>() : found->second) == expected);
    }
}

TEST_CASE("Every topic that somebody consumes can be told as a snapshot by its owner") {
    static const std::regex pattern("add_snapshot\\(\\s*\"(prepay\\.[a-z]+\\.[a-z-]+\\.v[0-9]+)\"");
    std::map<std::string, std::string> told;
    for (const SourceFile& file : prepay::tidy::source_tree()) {
        if (!file.is_code() || !file.in("services/")) {
            continue;
        }
        for (auto match = std::sregex_iterator(file.text.begin(), file.text.end(), pattern);
             match != std::sregex_iterator(); ++match) {
            told[(*match)[1]] = service_word(file.path);
        }
    }
    std::map<std::string, std::string> expected;
    for (const auto& [topic, about] : topics()) {
        if (!about.consumers.empty()) {
            expected[topic] = about.owner;
        }
    }
    CHECK(told == expected);
}

TEST_CASE("Every consumer has its dead-letter topic, and nobody else") {
    std::set<std::string> expected;
    for (const auto& [topic, about] : topics()) {
        for (const std::string& consumer : about.consumers) {
            expected.insert(topic + ".dlq." + consumer);
        }
    }
    std::set<std::string> listed;
    for (const YAML::Node& node : topics_file()["dead_letters"]["topics"]) {
        listed.insert(node.as<std::string>());
    }
    CHECK(listed == expected);
}
