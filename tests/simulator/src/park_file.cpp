#include "park_file.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <filesystem>
#include <initializer_list>
#include <map>

namespace prepay::simulator {
namespace {

constexpr std::int64_t kCountMax = 100'000;

/// Thrown inside this file only.
struct BadFile {
    int line;
    std::string what;
};

int line_of(const YAML::Node& node) { return node.Mark().line + 1; }

void check_keys(const YAML::Node& node, const std::string& what,
                std::initializer_list<const char*> known) {
    if (!node.IsMap()) {
        throw BadFile{line_of(node), what + " must be a map of keys and values"};
    }
    for (const auto& entry : node) {
        const auto key = entry.first.as<std::string>();
        if (std::find(known.begin(), known.end(), key) == known.end()) {
            std::string list;
            for (const char* name : known) {
                list += list.empty() ? name : std::string(", ") + name;
            }
            throw BadFile{line_of(entry.first),
                          "unknown key '" + key + "' in " + what + " (known: " + list + ")"};
        }
    }
}

std::string text(const YAML::Node& node, const char* key, const std::string& absent = "") {
    const YAML::Node value = node[key];
    if (!value) {
        return absent;
    }
    if (!value.IsScalar()) {
        throw BadFile{line_of(value), std::string(key) + " must be a single value"};
    }
    return value.as<std::string>();
}

std::int64_t number(const YAML::Node& node, const char* key, std::int64_t absent,
                    std::int64_t least, std::int64_t most) {
    const YAML::Node value = node[key];
    if (!value) {
        return absent;
    }
    std::int64_t result = 0;
    if (!value.IsScalar() || !YAML::convert<std::int64_t>::decode(value, result) ||
        result < least || result > most) {
        throw BadFile{line_of(value), std::string(key) + " must be a whole number from " +
                                          std::to_string(least) + " to " + std::to_string(most)};
    }
    return result;
}

/// Either `id`, or `prefix` + `count` (+ `first`, `digits`).
std::vector<std::string> ids(const YAML::Node& node, const std::string& what) {
    if (node["id"]) {
        for (const char* key : {"prefix", "count", "first", "digits"}) {
            if (node[key]) {
                throw BadFile{line_of(node[key]), std::string("either id, or prefix and count: '") +
                                                      key + "' does not go with 'id'"};
            }
        }
        return {text(node, "id")};
    }
    if (!node["prefix"] || !node["count"]) {
        throw BadFile{line_of(node), what + " needs an id, or a prefix and a count"};
    }
    const std::string prefix = text(node, "prefix");
    const std::int64_t count = number(node, "count", 0, 1, kCountMax);
    const std::int64_t first = number(node, "first", 1, 0, 1'000'000);
    const auto digits = static_cast<std::size_t>(number(node, "digits", 1, 1, 9));
    std::vector<std::string> result;
    for (std::int64_t index = first; index < first + count; ++index) {
        std::string tail = std::to_string(index);
        tail.insert(0, digits > tail.size() ? digits - tail.size() : 0, '0');
        result.push_back(prefix + tail);
    }
    return result;
}

void read_line(const YAML::Node& node, ParkFile& park) {
    check_keys(node, "a line",
               {"id", "prefix", "count", "first", "digits", "port", "pty", "baud", "framing"});
    const auto line_ids = ids(node, "a line");
    if (!node["port"] && !node["pty"]) {
        throw BadFile{line_of(node), "a line needs a port (0 = chosen) or a pty"};
    }
    if (line_ids.size() > 1 && node["pty"] && text(node, "pty").find("{id}") == std::string::npos) {
        throw BadFile{line_of(node["pty"]), "the pty of a range needs {id} in its path"};
    }
    const std::string framing = text(node, "framing", node["pty"] ? "rtu" : "mbap");
    if (framing != "rtu" && framing != "mbap") {
        throw BadFile{line_of(node["framing"]), "framing must be mbap or rtu"};
    }
    if (framing == "mbap" && node["pty"]) {
        throw BadFile{line_of(node["framing"]), "a pty carries rtu framing"};
    }
    const std::int64_t port = number(node, "port", 0, 0, 65535);
    for (std::size_t index = 0; index < line_ids.size(); ++index) {
        LineSpec spec;
        spec.line_id = line_ids[index];
        spec.tcp_port = static_cast<int>(port == 0 ? 0 : port + static_cast<std::int64_t>(index));
        spec.baud = static_cast<int>(number(node, "baud", 0, 0, 1'000'000));
        spec.pty_link = text(node, "pty");
        if (const auto at = spec.pty_link.find("{id}"); at != std::string::npos) {
            spec.pty_link.replace(at, 4, spec.line_id);
        }
        spec.rtu_over_tcp = framing == "rtu" && spec.pty_link.empty();
        park.lines.push_back({spec, line_of(node)});
    }
}

Family family_of(const YAML::Node& node) {
    static const std::map<std::string, Family> families = {
        {"DDSY1352", Family::kDdsy1352},
        {"ADF400L_1P", Family::kAdf400lSingle},
        {"ADF400L_3P", Family::kAdf400lThree},
        {"WATER_VALVE", Family::kWaterValve},
    };
    const auto found = families.find(text(node, "family"));
    if (found == families.end()) {
        throw BadFile{line_of(node["family"] ? node["family"] : node),
                      "family must be DDSY1352, ADF400L_1P, ADF400L_3P or WATER_VALVE"};
    }
    return found->second;
}

std::string profile_of(const YAML::Node& node, const std::filesystem::path& folder) {
    const std::string profile = text(node, "profile");
    // A CSV is named relative to the park file.
    return profile.ends_with(".csv") ? (folder / profile).string() : profile;
}

/// Index of the line of the first meter among the lines of the file.
std::size_t first_line(const YAML::Node& node, const ParkFile& park) {
    const std::string line_id = text(node, "line");
    const auto found = std::find_if(park.lines.begin(), park.lines.end(), [&](const auto& line) {
        return line.value.line_id == line_id;
    });
    if (found == park.lines.end()) {
        throw BadFile{line_of(node["line"] ? node["line"] : node),
                      "no line '" + line_id + "' in this file"};
    }
    return static_cast<std::size_t>(found - park.lines.begin());
}

void read_meter(const YAML::Node& node, const std::filesystem::path& folder, ParkFile& park) {
    check_keys(node, "a meter",
               {"id", "prefix", "count", "first", "digits", "line", "per_line", "unit", "unit_step",
                "family", "register_wh", "register_wh_step", "load_w", "load_w_step", "profile",
                "rated_power_w"});
    const auto meter_ids = ids(node, "a meter");
    const std::size_t line = first_line(node, park);
    const auto per_line = static_cast<std::size_t>(number(node, "per_line", kCountMax, 1, 247));
    const std::int64_t unit = number(node, "unit", 1, 1, 247);
    const std::int64_t unit_step = number(node, "unit_step", 1, 1, 247);
    MeterSpec spec;
    spec.family = family_of(node);
    spec.register_wh = number(node, "register_wh", 0, 0, register_span_mwh(spec.family) / 1000 - 1);
    const std::int64_t register_step = number(node, "register_wh_step", 0, 0, 999'999'999);
    spec.load_w = number(node, "load_w", -1, -1, 10'000'000);
    const std::int64_t load_step = number(node, "load_w_step", 0, 0, 1'000'000);
    spec.profile = profile_of(node, folder);
    spec.rated_power_w = number(node, "rated_power_w", 0, 0, 10'000'000);
    for (std::size_t index = 0; index < meter_ids.size(); ++index) {
        if (line + index / per_line >= park.lines.size()) {
            throw BadFile{line_of(node), "meter '" + meter_ids[index] +
                                             "' would need a line behind the last one of the file"};
        }
        spec.meter_id = meter_ids[index];
        spec.line_id = park.lines[line + index / per_line].value.line_id;
        spec.unit_id =
            static_cast<int>(unit + unit_step * static_cast<std::int64_t>(index % per_line));
        park.meters.push_back({spec, line_of(node)});
        spec.register_wh += register_step;
        spec.load_w += spec.load_w >= 0 ? load_step : 0;
    }
}

void read_list(const YAML::Node& root, const char* key, auto read) {
    const YAML::Node list = root[key];
    if (!list) {
        return;
    }
    if (!list.IsSequence()) {
        throw BadFile{line_of(list), std::string(key) + " must be a list"};
    }
    for (const auto& node : list) {
        read(node);
    }
}

ParkFile read_root(const YAML::Node& root, const std::filesystem::path& folder) {
    ParkFile park;
    check_keys(root, "the park", {"speed", "lines", "meters"});
    park.speed = number(root, "speed", 1, 0, 1'000'000);
    read_list(root, "lines", [&](const YAML::Node& node) { read_line(node, park); });
    read_list(root, "meters", [&](const YAML::Node& node) { read_meter(node, folder, park); });
    return park;
}

}  // namespace

std::string at_line(const std::string& path, int line, const std::string& what) {
    return path + ":" + std::to_string(line) + ": " + what;
}

Result<ParkFile> read_park_file(const std::string& path) {
    try {
        return read_root(YAML::LoadFile(path), std::filesystem::path(path).parent_path());
    } catch (const BadFile& bad) {
        return invalid_argument("BAD_PARK_FILE", at_line(path, bad.line, bad.what));
    } catch (const YAML::BadFile&) {
        return invalid_argument("BAD_PARK_FILE", "cannot read " + path);
    } catch (const YAML::Exception& error) {
        return invalid_argument("BAD_PARK_FILE", at_line(path, error.mark.line + 1, error.msg));
    }
}

}  // namespace prepay::simulator
