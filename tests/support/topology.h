#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

namespace prepay::test {

/// A service of deploy/topology.yaml, where the words are explained.
struct TopologyService {
    std::string name;
    std::string schema;
    std::map<std::string, int> ports;
    std::map<std::string, int> demo_ports;
    std::set<std::string> peers;
    std::map<std::string, int> writes;  ///< Topic -> retention in days, -1 = for ever.
    std::set<std::string> reads;

    [[nodiscard]] bool needs_kafka() const { return !writes.empty() || !reads.empty(); }
};

struct Topology {
    std::vector<TopologyService> services;  ///< In the order of the file.
    int partitions = 0;
    int production_partitions = 0;
    std::map<std::string, std::string> topic_settings;
    std::map<std::string, int> demo_ports;  ///< Of everything but the services.
    int demo_line_ports = 0;

    /// Throws std::out_of_range for a name that is not there.
    [[nodiscard]] const TopologyService& service(const std::string& name) const;
    [[nodiscard]] std::set<std::string> schemas() const;
};

/// Read once; throws YAML::Exception when the file is not as it must be.
const Topology& topology();

}  // namespace prepay::test
