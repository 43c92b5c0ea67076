#include <catch2/catch.hpp>
#include <map>
#include <regex>
#include <set>

#include "golden.h"
#include "tidy/source_tree.h"

using prepay::tidy::SourceFile;

namespace {

struct Metric {
    std::string kind;  ///< counter, gauge, histogram
    std::string name;
    std::string path;
};

// What makes a metric: `….counter("name"`, also with the name on the next line.
std::vector<Metric> metrics() {
    static const std::regex making(
        "\\b(counter|gauge|histogram)\\(\\s*(?:(prefix) \\+ )?\"([A-Za-z0-9_]+)\"");
    std::vector<Metric> found;
    for (const SourceFile& file : prepay::tidy::source_tree()) {
        if (!file.path.ends_with(".cpp") || !(file.in("services/") || file.in("libs/"))) {
            continue;
        }
        for (auto match = std::sregex_iterator(file.text.begin(), file.text.end(), making);
             match != std::sregex_iterator(); ++match) {
            const bool prefixed = (*match)[2].matched;
            found.push_back({(*match)[1], (prefixed ? "prepay_<service>_" : "") + (*match)[3].str(),
                             file.path});
        }
    }
    return found;
}

// "services/metering-gateway/src/metrics.cpp" -> "metering"; "libs/rpc/…" -> "rpc".
std::string owner_of(const std::string& path) {
    const auto start = path.find('/') + 1;
    return path.substr(start, path.find_first_of("/-", start) - start);
}

}  // namespace

TEST_CASE("Metric names say service, thing and base unit") {
    CHECK(metrics().size() > 30);
    static const std::regex other_unit(
        "_(ms|millis|milliseconds|micros|us|minutes|hours|kb|kib|mb|percent)(_total)?$");
    for (const Metric& metric : metrics()) {
        CAPTURE(metric.path, metric.name);
        const std::string owner = owner_of(metric.path);
        CHECK(metric.name.rfind("prepay_" + (owner == "runtime" ? "<service>" : owner) + "_", 0) ==
              0);
        CHECK_FALSE(std::regex_search(metric.name, other_unit));
        const bool is_total = metric.name.ends_with("_total");
        CHECK(is_total == (metric.kind == "counter"));
        if (metric.kind == "histogram") {
            CHECK((metric.name.ends_with("_seconds") || metric.name.ends_with("_bytes")));
        }
    }
}

TEST_CASE("A service's metrics are all in its metrics.cpp") {
    for (const Metric& metric : metrics()) {
        if (metric.path.rfind("services/", 0) == 0) {
            CAPTURE(metric.name);
            CHECK(metric.path.ends_with("/src/metrics.cpp"));
        }
    }
}

TEST_CASE("No label is an id") {
    static const std::regex id("\\{\"[a-z_]*(_id|_key|phone|name|user)\",");
    std::vector<std::string> found;
    for (const SourceFile& file : prepay::tidy::source_tree()) {
        if (file.path.ends_with("/metrics.cpp")) {
            prepay::tidy::find_all(file, file.text, id, found);
        }
    }
    prepay::tidy::require_none(found, "Labels are bounded; ids belong into logs:");
}

TEST_CASE("The metric names are the committed ones") {
    std::map<std::string, std::set<std::string>> lines;
    for (const Metric& metric : metrics()) {
        lines[owner_of(metric.path)].insert(metric.name + " " + metric.kind + "\n");
    }
    for (const auto& [owner, names] : lines) {
        std::string text;
        for (const std::string& line : names) {
            text += line;
        }
        prepay::contract::check_golden("metrics/" + owner + ".txt", text);
    }
}
