#include <algorithm>
#include <catch2/catch.hpp>
#include <iterator>
#include <map>
#include <set>

#include "source_tree.h"

using namespace prepay::tidy;

namespace {

using Names = std::set<std::string>;

struct LibraryRule {
    Names libraries;  ///< Others of libs/ it may include.
    Names vendors;    ///< First path parts of foreign headers.
};

// docs/style.md, "Dependency rules".
const std::map<std::string, LibraryRule> kLibraries = {
    {"core", {{}, {"absl"}}},
    {"quantity", {{"core"}, {}}},
    {"config", {{"core", "quantity"}, {"yaml-cpp"}}},
    {"telemetry", {{"core", "quantity"}, {"prometheus", "spdlog", "nlohmann", "httplib.h"}}},
    {"pg", {{"core", "quantity", "telemetry"}, {"pqxx"}}},
    {"kafka", {{"core", "quantity", "telemetry"}, {"librdkafka"}}},
    {"outbox", {{"core", "pg", "kafka", "telemetry"}, {}}},
    {"rpc",
     {{"core", "quantity", "telemetry"},
      {"grpc", "grpcpp", "google", "jwt.h", "openssl", "prepay"}}},
    {"runtime",
     {{"core", "quantity", "config", "telemetry", "pg", "kafka", "outbox", "rpc"},
      {"CLI", "prepay"}}},
};

// Standard and POSIX headers nobody has to ask for.
bool is_system(const std::string& target) {
    static const Names posix = {"pthread.h",     "signal.h",      "unistd.h",     "fcntl.h",
                                "termios.h",     "netdb.h",       "sys/types.h",  "poll.h",
                                "sys/eventfd.h", "sys/socket.h",  "sys/stat.h",   "sys/wait.h",
                                "sys/ioctl.h",   "arpa/inet.h",   "netinet/in.h", "netinet/tcp.h",
                                "sys/un.h",      "sys/resource.h"};
    return posix.count(target) > 0 || target.rfind("linux/", 0) == 0 ||
           target.find_first_of("/.") == std::string::npos;
}

std::string first_part(const std::string& target) { return target.substr(0, target.find('/')); }

std::string second_part(const std::string& path) {
    const auto start = path.find('/') + 1;
    return path.substr(start, path.find('/', start) - start);
}

std::string place(const SourceFile& file, const Include& include) {
    return file.path + ":" + std::to_string(include.line) + ": " + include.target;
}

bool starts_with_any(const std::string& target, const std::vector<std::string>& prefixes) {
    for (const std::string& prefix : prefixes) {
        if (target.rfind(prefix, 0) == 0) {
            return true;
        }
    }
    return false;
}

// What a feature may include of others of its service, beside its own. Files above the features
// (metrics, config, wiring) may be included by all, and wiring includes all.
using Features = std::map<std::string, Names>;
const std::map<std::string, Features> kFeatures = {
    {"account",
     {{"books", {}},
      {"credit", {"books"}},
      {"tenancy", {"books"}},
      {"payments", {"books"}},
      {"cash", {"books", "payments"}},  // An order's record is that of a payment.
      {"intake", {"books", "credit"}}}},
    {"billing",
     {{"tariffs", {}},
      {"charges", {"tariffs"}},
      {"rating", {"tariffs", "charges"}},
      {"intake", {"tariffs", "charges", "rating"}}}},
    {"metering-gateway",
     {{"protocols", {}},
      {"transports", {"protocols"}},
      {"devices", {"protocols"}},
      {"holds", {"devices"}},
      {"readings", {"devices", "holds"}},
      {"meters", {"transports", "devices", "holds", "readings"}},
      {"commands", {"transports", "devices", "holds", "readings", "meters"}},
      {"lines", {"transports", "devices", "holds", "readings", "meters", "commands"}}}},
};

bool is_library(const std::string& target) { return kLibraries.count(first_part(target)) > 0; }

// Includes in files for which `chosen` holds that are neither allowed nor a system header.
std::vector<std::string> foreign_includes(
    const std::function<bool(const Room&)>& chosen,
    const std::function<bool(const Room& of, const std::string& target)>& allowed,
    const Names& banned_system) {
    std::vector<std::string> found;
    for (const SourceFile& file : source_tree()) {
        const std::optional<Room> room = room_of(file.path);
        if (!file.is_code() || !room || !chosen(*room)) {
            continue;
        }
        for (const Include& include : includes_of(file)) {
            const bool system = include.is_angle && is_system(include.target) &&
                                banned_system.count(include.target) == 0;
            const bool ours =
                !include.is_angle && allowed(room_of_include(include.target), include.target);
            if (!system && !ours) {
                found.push_back(place(file, include));
            }
        }
    }
    return found;
}

}  // namespace

TEST_CASE("A library includes its own concept, what lies below, and its one vendor") {
    std::vector<std::string> found;
    Names seen;
    for (const SourceFile& file : source_tree()) {
        if (!file.is_code() || !file.in("libs/")) {
            continue;
        }
        const std::string name = second_part(file.path);
        seen.insert(name);
        const auto rule = kLibraries.find(name);
        if (rule == kLibraries.end()) {
            found.push_back(file.path + ": a library that has no rule yet");
            continue;
        }
        for (const Include& include : includes_of(file)) {
            const std::string part = first_part(include.target);
            const bool allowed =
                (include.is_angle && is_system(include.target)) || part == name ||
                rule->second.libraries.count(part) > 0 || rule->second.vendors.count(part) > 0 ||
                (!include.is_angle && include.target.find('/') == std::string::npos);
            if (!allowed) {
                found.push_back(place(file, include));
            }
        }
    }
    CHECK(seen.size() >= 9);
    require_none(found,
                 "Wrap the need where it belongs, or write the new rule into docs/style.md "
                 "(Dependency rules) and here:");
}

TEST_CASE("domain/ is pure: standard library, core and quantity") {
    require_none(
        foreign_includes(
            [](const Room& room) { return room.layer == "domain"; },
            [](const Room& of, const std::string& target) {
                return of.layer == "domain" || starts_with_any(target, {"core/", "quantity/"});
            },
            {"iostream", "fstream", "filesystem", "thread", "mutex", "shared_mutex",
             "condition_variable", "future", "atomic", "pthread.h", "unistd.h", "sys/socket.h",
             "fcntl.h", "termios.h", "signal.h"}),
        "domain/ knows no IO, clock, log, proto or thread. Move the effect to adapters/ or app/ "
        "and "
        "pass the value in:");
}

TEST_CASE("app/ and ports.h know the domain and no vendor") {
    require_none(
        foreign_includes(
            [](const Room& room) { return room.layer == "app" || room.file == "ports.h"; },
            [](const Room& of, const std::string& target) {
                return of.layer == "domain" || of.layer == "app" || of.file == "ports.h" ||
                       target == "metrics.h" || target == "config.h" ||
                       starts_with_any(target, {"core/", "quantity/", "telemetry/"});
            },
            {"iostream", "fstream"}),
        "A use case takes ports and Clock&; what needs a vendor is an adapter behind ports.h:");
}

TEST_CASE("No proto type in adapters/pg_*") {
    std::vector<std::string> found;
    for (const SourceFile& file : source_tree()) {
        const std::optional<Room> room = room_of(file.path);
        if (!room || room->layer != "adapters" || !room->file.starts_with("pg_")) {
            continue;
        }
        for (const Include& include : includes_of(file)) {
            if (include.target.starts_with("prepay/")) {
                found.push_back(file.path + " includes " + include.target);
            }
        }
    }
    require_none(found, "Hand plain structs to the database and fill messages in convert.*:");
}

TEST_CASE("A feature includes itself and what the table says") {
    std::vector<std::string> found;
    std::map<std::string, Names> seen;
    for (const SourceFile& file : source_tree()) {
        const std::optional<Room> room = room_of(file.path);
        if (!file.is_code() || !room || room->feature.empty()) {
            continue;
        }
        const auto service = kFeatures.find(room->service);
        const std::string own = first_part(room->feature);
        if (service == kFeatures.end() || service->second.count(own) == 0) {
            found.push_back(file.path + ": a feature that has no rule yet");
            continue;
        }
        seen[room->service].insert(own);
        const Names& others = service->second.at(own);
        for (const Include& include : includes_of(file)) {
            const std::string feature = first_part(room_of_include(include.target).feature);
            const bool allowed = include.is_angle || feature.empty() || feature == own ||
                                 is_library(include.target) ||
                                 include.target.starts_with("prepay/") || others.count(feature) > 0;
            if (!allowed) {
                found.push_back(place(file, include));
            }
        }
    }
    require_none(found, "Ask the other feature's owner for a port, or write the new arrow here:");
    for (const auto& [service, features] : kFeatures) {
        for (const auto& [feature, others] : features) {
            INFO(service << " has no feature " << feature);
            CHECK(seen[service].count(feature) == 1);
        }
    }
}

TEST_CASE("The table of features has no cycle") {
    for (const auto& [service, features] : kFeatures) {
        // Those whose arrows all lead to features that are out already go out; a cycle stays.
        std::map<std::string, Names> left = features;
        for (std::size_t before = 0; before != left.size();) {
            before = left.size();
            std::erase_if(left, [&left](const auto& feature) {
                return std::none_of(
                    feature.second.begin(), feature.second.end(),
                    [&](const std::string& other) { return left.count(other) > 0; });
            });
        }
        INFO(service);
        CHECK(left.empty());
    }
}

TEST_CASE("Services share protos and libraries, never each other, and nothing includes tests") {
    std::vector<std::string> found;
    for (const SourceFile& file : source_tree()) {
        if (!file.is_code() || !(file.in("services/") || file.in("libs/"))) {
            continue;
        }
        for (const Include& include : includes_of(file)) {
            if (include.target.find("../") != std::string::npos ||
                starts_with_any(include.target, {"services/", "tests/", "support/", "catch2/"})) {
                found.push_back(place(file, include));
            }
        }
    }
    require_none(found, "Go through proto/ (an event or an RPC) or a library of its own concept:");
}

TEST_CASE("One vendor to an adapter file, named by it") {
    // header prefix -> what the adapter's name starts with
    const std::map<std::string, std::string> names = {{"pqxx/", "pg_"},
                                                      {"librdkafka/", "kafka_"},
                                                      {"modbus/", "modbus_"},
                                                      {"yaml-cpp/", "yaml_"},
                                                      {"boost/asio/", "asio_"}};
    static const std::regex adapter("^services/[^/]+/src/(?:.+/)?adapters/([^/]+)$");
    std::vector<std::string> found;
    for (const SourceFile& file : source_tree()) {
        std::smatch match;
        if (!std::regex_search(file.path, match, adapter)) {
            continue;
        }
        Names vendors;
        for (const Include& include : includes_of(file)) {
            for (const auto& [prefix, name] : names) {
                const bool hit = include.is_angle && include.target.rfind(prefix, 0) == 0;
                if (hit) {
                    vendors.insert(prefix);
                }
                // The handler of events gets its transaction from libs/outbox.
                const bool takes_transaction =
                    prefix == "pqxx/" && file.text.find("pqxx::work& tx") != std::string::npos;
                if (hit && match[1].str().rfind(name, 0) != 0 && !takes_transaction) {
                    found.push_back(place(file, include));
                }
            }
        }
        if (vendors.size() > 1) {
            found.push_back(file.path + ": more than one vendor");
        }
    }
    require_none(found,
                 "Name the adapter by its vendor (pg_*, kafka_*, modbus_*, yaml_*, asio_*):");
}
