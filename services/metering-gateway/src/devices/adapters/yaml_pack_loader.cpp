#include "devices/adapters/yaml_pack_loader.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <sstream>

namespace prepay::metering {
namespace {

constexpr std::size_t kFileSizeMax = 256 << 10;

// Builds a pack from a YAML tree and notes every problem with its line.
class PackParser {
public:
    DriverPack parse(const YAML::Node& root) {
        DriverPack pack;
        if (!check_keys(root, {"driver_pack", "display_name", "protocol", "resource", "phases",
                               "rated_power_w", "max_flow_l_per_h", "register_resolution",
                               "register_limit", "word_order", "blocks", "values", "commands"})) {
            return pack;
        }
        pack.name = text(root, "driver_pack");
        pack.display_name = text(root, "display_name");
        if (root["protocol"].IsDefined()) {
            pack.protocol =
                choice<ProtocolKind>(root, "protocol", {{"modbus", ProtocolKind::kModbus}});
        }
        register_max_ = protocol_of(pack.protocol).register_max();
        pack.resource = choice<Resource>(
            root, "resource",
            {{"electricity", Resource::kElectricity}, {"water", Resource::kWater}});
        if (pack.resource == Resource::kWater) {
            pack.phases = static_cast<int>(number_or(root, "phases", 0));
            pack.rated_power_w = number_or(root, "rated_power_w", 0);
            pack.max_flow_l_per_h = number(root, "max_flow_l_per_h");
        } else {
            pack.phases = static_cast<int>(number(root, "phases"));
            pack.rated_power_w = number(root, "rated_power_w");
            pack.max_flow_l_per_h = number_or(root, "max_flow_l_per_h", 0);
        }
        pack.register_resolution = number(root, "register_resolution");
        pack.register_limit = number(root, "register_limit");
        pack.word_order = choice<WordOrder>(root, "word_order",
                                            {{"ABCD", WordOrder::kAbcd},
                                             {"CDAB", WordOrder::kCdab},
                                             {"BADC", WordOrder::kBadc},
                                             {"DCBA", WordOrder::kDcba}});
        for (const YAML::Node& node : list(root, "blocks")) {
            pack.blocks.push_back(block(node));
        }
        values(root["values"], pack);
        commands(root["commands"], pack);
        return pack;
    }

    std::vector<PackProblem> problems;

private:
    int register_max_ = 0;  // Of the pack's protocol.

    static int line_of(const YAML::Node& node) { return node.Mark().line + 1; }
    void add(const YAML::Node& node, const std::string& message) {
        problems.push_back({line_of(node), message});
    }

    bool check_keys(const YAML::Node& node, std::initializer_list<const char*> known) {
        if (!node.IsDefined() || !node.IsMap()) {
            problems.push_back({node.IsDefined() ? line_of(node) : 1, "a map of keys is expected"});
            return false;
        }
        for (const auto& entry : node) {
            const auto key = entry.first.as<std::string>();
            if (std::none_of(known.begin(), known.end(),
                             [&](const char* name) { return key == name; })) {
                add(entry.first, key + ": unknown key");
            }
        }
        return true;
    }

    YAML::Node require(const YAML::Node& node, const char* key) {
        const YAML::Node child = node[key];
        if (!child.IsDefined()) {
            add(node, std::string(key) + ": missing");
        }
        return child;
    }

    std::string text(const YAML::Node& node, const char* key) {
        const YAML::Node child = require(node, key);
        if (child.IsDefined() && (!child.IsScalar() || child.Scalar().empty())) {
            add(child, std::string(key) + ": a text is expected");
            return {};
        }
        return child.IsDefined() ? child.Scalar() : std::string();
    }

    std::int64_t integer(const YAML::Node& node, const char* key) {
        std::string digits = node.IsScalar() ? node.Scalar() : "";
        const bool is_hex = digits.rfind("0x", 0) == 0;
        const char* begin = digits.data() + (is_hex ? 2 : 0);
        const char* end = digits.data() + digits.size();
        std::int64_t value = 0;
        const auto [stop, error] = std::from_chars(begin, end, value, is_hex ? 16 : 10);
        if (error != std::errc() || stop != end || value < 0) {
            add(node, std::string(key) + ": a whole number (decimal or 0x…) is expected, not \"" +
                          digits + "\"");
            return 0;
        }
        return value;
    }

    std::int64_t number(const YAML::Node& node, const char* key) {
        const YAML::Node child = require(node, key);
        return child.IsDefined() ? integer(child, key) : 0;
    }

    std::int64_t number_or(const YAML::Node& node, const char* key, std::int64_t fallback) {
        const YAML::Node child = node[key];
        return child.IsDefined() ? integer(child, key) : fallback;
    }

    template <typename T>
    T choice(const YAML::Node& node, const char* key,
             std::initializer_list<std::pair<const char*, T>> choices) {
        const YAML::Node child = require(node, key);
        const std::string value = child.IsDefined() && child.IsScalar() ? child.Scalar() : "";
        std::string allowed;
        for (const auto& [name, result] : choices) {
            if (value == name) {
                return result;
            }
            allowed += std::string(allowed.empty() ? "" : ", ") + name;
        }
        if (child.IsDefined()) {
            add(child, std::string(key) + ": \"" + value + "\" is none of " + allowed);
        }
        return choices.begin()->second;
    }

    YAML::Node list(const YAML::Node& node, const char* key) {
        const YAML::Node child = require(node, key);
        if (child.IsDefined() && !child.IsSequence()) {
            add(child, std::string(key) + ": a list is expected");
            return YAML::Node(YAML::NodeType::Sequence);
        }
        return child.IsDefined() ? child : YAML::Node(YAML::NodeType::Sequence);
    }

    PackBlock block(const YAML::Node& node) {
        PackBlock result;
        if (check_keys(node, {"register", "count", "every"})) {
            result.line = line_of(node);
            result.address = address(node);
            result.count = static_cast<int>(std::min<std::int64_t>(number(node, "count"), 100'000));
            result.every =
                static_cast<int>(std::min<std::int64_t>(number_or(node, "every", 1), 100'000));
        }
        return result;
    }

    int address(const YAML::Node& node) {
        const std::int64_t value = number(node, "register");
        if (value > register_max_) {
            add(node, "register: outside 0x0000 .. " + register_text(register_max_));
            return 0;
        }
        return static_cast<int>(value);
    }

    PackValue value(const YAML::Node& node) {
        PackValue result;
        if (!check_keys(node, {"register", "type", "multiply", "divide", "ct"})) {
            return result;
        }
        result.line = line_of(node);
        result.address = address(node);
        result.type = choice<ValueType>(node, "type",
                                        {{"u16", ValueType::kU16},
                                         {"i16", ValueType::kI16},
                                         {"u32", ValueType::kU32},
                                         {"i32", ValueType::kI32}});
        result.multiply = number_or(node, "multiply", 1);
        result.divide = number_or(node, "divide", 1);
        if (const YAML::Node ct = node["ct"]; ct.IsDefined()) {
            const std::string flag = ct.IsScalar() ? ct.Scalar() : "";
            if (flag != "true" && flag != "false") {
                add(ct, "ct: true or false");
            }
            result.ct = flag == "true";
        }
        return result;
    }

    std::vector<PackValue> value_list(const YAML::Node& node, const char* key) {
        std::vector<PackValue> result;
        if (node[key].IsDefined()) {
            for (const YAML::Node& item : list(node, key)) {
                result.push_back(value(item));
            }
        }
        return result;
    }

    void values(const YAML::Node& node, DriverPack& pack) {
        if (!check_keys(node, {"register_total", "rate_totals", "voltages", "currents", "power",
                               "power_factor", "relay"})) {
            return;
        }
        if (const YAML::Node total = require(node, "register_total"); total.IsDefined()) {
            pack.register_total = value(total);
        }
        pack.rate_totals = value_list(node, "rate_totals");
        pack.voltages = value_list(node, "voltages");
        pack.currents = value_list(node, "currents");
        if (node["power"].IsDefined()) {
            pack.power = value(node["power"]);
        }
        if (node["power_factor"].IsDefined()) {
            pack.power_factor = value(node["power_factor"]);
        }
        if (const YAML::Node relay = node["relay"];
            relay.IsDefined() && check_keys(relay, {"register", "bit", "open_when"})) {
            PackRelay result;
            result.line = line_of(relay);
            result.address = address(relay);
            result.bit = static_cast<int>(number(relay, "bit"));
            result.open_when = static_cast<int>(number(relay, "open_when"));
            if (result.bit > 15 || result.open_when > 1) {
                add(relay, "relay: bit is 0 .. 15, open_when 0 or 1");
                result.bit = 0;
            }
            pack.relay = result;
        }
    }

    std::vector<std::uint16_t> words(const YAML::Node& node, const char* key) {
        std::vector<std::uint16_t> result;
        for (const YAML::Node& item : list(node, key)) {
            const std::int64_t word = integer(item, key);
            if (word > 0xFFFF) {
                add(item, std::string(key) + ": a register holds 0x0000 .. 0xFFFF");
            }
            result.push_back(static_cast<std::uint16_t>(word & 0xFFFF));
        }
        return result;
    }

    void commands(const YAML::Node& node, DriverPack& pack) {
        if (!node.IsDefined() || !check_keys(node, {"trip", "close", "release"})) {
            return;
        }
        for (const auto& entry : node) {
            const auto action = action_from_text(entry.first.as<std::string>());
            const YAML::Node& body = entry.second;
            if (!action || !check_keys(body, {"write", "read_back"})) {
                continue;
            }
            PackCommand command;
            command.line = line_of(body);
            const YAML::Node write = require(body, "write");
            if (write.IsDefined() && check_keys(write, {"register", "words"})) {
                command.address = address(write);
                command.words = words(write, "words");
            }
            for (const YAML::Node& item : list(body, "read_back")) {
                command.read_back.push_back(read_back(item));
            }
            pack.commands[*action] = std::move(command);
        }
    }

    PackReadBack read_back(const YAML::Node& node) {
        PackReadBack result;
        if (check_keys(node, {"register", "words", "mask"})) {
            result.line = line_of(node);
            result.address = address(node);
            result.words = words(node, "words");
            result.mask = node["mask"].IsDefined()
                              ? words(node, "mask")
                              : std::vector<std::uint16_t>(result.words.size(), 0xFFFF);
        }
        return result;
    }
};

Status invalid_pack(const std::string& name, std::vector<PackProblem> problems) {
    std::stable_sort(
        problems.begin(), problems.end(),
        [](const PackProblem& left, const PackProblem& right) { return left.line < right.line; });
    std::string message;
    for (const PackProblem& problem : problems) {
        message += (message.empty() ? "" : "\n") + name + ":" + std::to_string(problem.line) +
                   ": " + problem.message;
    }
    return invalid_argument("PACK_INVALID", message);
}

}  // namespace

Result<DriverPack> parse_pack(const std::string& text, const std::string& name) {
    try {
        PackParser parser;
        DriverPack pack = parser.parse(YAML::Load(text));
        std::vector<PackProblem> problems = std::move(parser.problems);
        if (problems.empty()) {
            problems = validate(pack);
        }
        if (!problems.empty()) {
            return invalid_pack(name, std::move(problems));
        }
        return pack;
    } catch (const YAML::Exception& error) {
        return invalid_pack(name, {{error.mark.line + 1, error.msg}});
    }
}

Result<DriverPack> load_pack(const std::string& path) {
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    if (error || size > kFileSizeMax) {
        return invalid_pack(path, {{1, error ? "cannot be read" : "is larger than 256 KiB"}});
    }
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return parse_pack(text.str(), path);
}

Result<PackLibrary> load_packs(const std::string& directory) {
    std::vector<std::string> paths;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
        if (entry.path().extension() == ".yaml") {
            paths.push_back(entry.path().string());
        }
    }
    if (paths.empty()) {
        return failed_precondition("PACKS_DIR_EMPTY", "no driver packs (*.yaml) in " + directory);
    }
    std::sort(paths.begin(), paths.end());
    PackLibrary library;
    for (const std::string& path : paths) {
        PREPAY_ASSIGN_OR_RETURN(DriverPack pack, load_pack(path));
        const std::string name = pack.name;
        if (library.count(name) != 0) {
            return invalid_pack(path, {{1, "driver_pack: " + name + " is defined twice"}});
        }
        library[name] = std::make_shared<const DriverPack>(std::move(pack));
    }
    return library;
}

}  // namespace prepay::metering
