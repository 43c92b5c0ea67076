#include "support/topology.h"

#include <yaml-cpp/yaml.h>

#include <stdexcept>

#include "support/paths.h"

namespace prepay::test {
namespace {

using Numbers = std::map<std::string, int>;

// A list that is absent is empty.
std::set<std::string> names(const YAML::Node& list) {
    std::set<std::string> all;
    for (const YAML::Node& name : list) {
        all.insert(name.as<std::string>());
    }
    return all;
}

TopologyService read_service(const std::string& name, const YAML::Node& node) {
    TopologyService service;
    service.name = name;
    service.schema = node["schema"].as<std::string>();
    service.ports = node["ports"].as<Numbers>();
    service.demo_ports = node["demo_ports"].as<Numbers>();
    service.peers = names(node["peers"]);
    for (const auto& topic : node["writes"]) {
        service.writes[topic.first.as<std::string>()] = topic.second["retention_days"].as<int>();
    }
    service.reads = names(node["reads"]);
    return service;
}

Topology read_topology() {
    const YAML::Node file = YAML::LoadFile(std::string(source_dir()) + "/deploy/topology.yaml");
    Topology all;
    for (const auto& node : file["services"]) {
        all.services.push_back(read_service(node.first.as<std::string>(), node.second));
    }
    const YAML::Node topics = file["topics"];
    all.partitions = topics["partitions"].as<int>();
    all.production_partitions = topics["production_partitions"].as<int>();
    all.topic_settings = topics["settings"].as<std::map<std::string, std::string>>();
    all.demo_ports = file["demo"]["ports"].as<Numbers>();
    all.demo_line_ports = file["demo"]["line_ports"].as<int>();
    return all;
}

}  // namespace

const TopologyService& Topology::service(const std::string& name) const {
    for (const TopologyService& one : services) {
        if (one.name == name) {
            return one;
        }
    }
    throw std::out_of_range("no service " + name + " in deploy/topology.yaml");
}

std::set<std::string> Topology::schemas() const {
    std::set<std::string> all;
    for (const TopologyService& one : services) {
        all.insert(one.schema);
    }
    return all;
}

const Topology& topology() {
    static const Topology all = read_topology();
    return all;
}

}  // namespace prepay::test
