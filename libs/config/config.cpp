#include "config/config.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <sstream>

extern char** environ;

namespace prepay::config {
namespace {

struct Entry {
    std::string value;
    std::vector<std::string> list;
    bool is_list = false;
    bool is_empty_map = false;
    std::string origin;  // "file:line" or the variable's name.
};

std::string trim_end(std::string text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) {
        text.pop_back();
    }
    return text;
}

std::optional<std::string> read_file(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    if (!stream) {
        return std::nullopt;
    }
    std::ostringstream content;
    content << stream.rdbuf();
    return content.str();
}

// "postgresql://user:password@host" is not shown with its password.
std::string mask_password(const std::string& value) {
    static const std::regex kPassword("(://[^:/@]*:)[^@]*@");
    return std::regex_replace(value, kPassword, "$1***@");
}

}  // namespace

struct Reader::State {
    std::string file;
    std::string prefix;
    std::map<std::string, Entry> entries;
    std::set<std::string> asked;
    std::vector<std::string> problems;
    std::map<std::string, std::string> effective;

    // `line` is the key's, from 0: an empty value has none of its own.
    void flatten(const YAML::Node& node, const std::string& key, int line) {
        const std::string origin = file + ":" + std::to_string(line + 1);
        if (node.IsMap() && node.size() > 0) {
            for (const auto& child : node) {
                const auto name = child.first.as<std::string>();
                flatten(child.second, key.empty() ? name : key + "." + name,
                        child.first.Mark().line);
            }
            return;
        }
        Entry entry;
        entry.origin = origin;
        if (node.IsSequence()) {
            entry.is_list = true;
            for (const auto& item : node) {
                entry.list.push_back(item.as<std::string>());
            }
        } else if (node.IsScalar()) {
            entry.value = node.as<std::string>();
        }
        entry.is_empty_map = node.IsMap() || node.IsNull();
        if (!entries.emplace(key, entry).second) {
            problems.push_back(origin + ": " + key + ": given twice");
        }
    }

    void apply_environment() {
        for (char** variable = environ; *variable != nullptr; ++variable) {
            const std::string text = *variable;
            if (text.rfind(prefix, 0) != 0) {
                continue;
            }
            const auto equals = text.find('=');
            std::string key = text.substr(prefix.size(), equals - prefix.size());
            std::string dotted;
            for (std::size_t i = 0; i < key.size(); ++i) {
                if (key.compare(i, 2, "__") == 0) {
                    dotted += '.';
                    ++i;
                } else {
                    dotted += static_cast<char>(std::tolower(static_cast<unsigned char>(key[i])));
                }
            }
            Entry entry;
            entry.value = text.substr(equals + 1);
            entry.origin = "environment " + text.substr(0, equals);
            entries[dotted] = entry;
        }
    }

    const Entry* find(const std::string& key) {
        asked.insert(key);
        const auto found = entries.find(key);
        return found == entries.end() ? nullptr : &found->second;
    }

    void add_problem(const std::string& key, const std::string& message) {
        auto found = entries.find(key);
        if (found == entries.end()) {
            found = entries.find(key + "_file");  // A secret may have come from there.
        }
        const std::string origin = found == entries.end() ? file : found->second.origin;
        problems.push_back(origin + ": " + key + ": " + message);
    }
};

Reader::Reader(std::unique_ptr<State> state) : state_(std::move(state)) {}
Reader::~Reader() = default;
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;

Result<Reader> Reader::load(const std::string& path, const std::string& service) {
    auto state = std::make_unique<State>();
    state->file = path;
    state->prefix = "PREPAY_" + service + "__";
    try {
        const auto content = read_file(path);
        if (!content) {
            return not_found("CONFIG_NOT_FOUND", path + ": cannot be read; give --config PATH");
        }
        const YAML::Node root = YAML::Load(*content);
        if (root.IsMap()) {
            state->flatten(root, "", 0);
        } else if (!root.IsNull()) {
            return invalid_argument("CONFIG_INVALID", path + ":1: expected a map of keys");
        }
    } catch (const YAML::Exception& error) {
        return invalid_argument(
            "CONFIG_INVALID", path + ":" + std::to_string(error.mark.line + 1) + ": " + error.msg);
    }
    state->apply_environment();
    return Reader(std::move(state));
}

std::string Reader::text(const std::string& key, const char* fallback) {
    const Entry* entry = state_->find(key);
    std::string value;
    if (entry != nullptr && entry->is_list) {
        state_->add_problem(key, "expected one value, found a list");
    } else if (entry != nullptr) {
        value = entry->value;
    } else if (fallback != nullptr) {
        value = fallback;
    } else {
        state_->add_problem(key, "is required");
    }
    if (entry != nullptr && fallback == nullptr && value.empty()) {
        state_->add_problem(key, "is required, but empty");
    }
    state_->effective[key] = mask_password(value);
    return value;
}

std::string Reader::secret(const std::string& key, bool required) {
    const Entry* direct = state_->find(key);
    const Entry* file = state_->find(key + "_file");
    std::string value;
    if (direct != nullptr) {
        value = direct->value;
    } else if (file != nullptr) {
        const auto content = read_file(file->value);
        if (!content) {
            state_->add_problem(key + "_file", "'" + file->value + "' cannot be read");
        }
        value = trim_end(content.value_or(""));
    } else if (required) {
        state_->add_problem(key,
                            "is required; set it, or " + key + "_file to a file that holds it");
    }
    state_->effective[key] = value.empty() ? "" : "***";
    return value;
}

std::int64_t Reader::integer(const std::string& key, std::int64_t fallback, std::int64_t min,
                             std::int64_t max) {
    const Entry* entry = state_->find(key);
    std::int64_t value = fallback;
    if (entry != nullptr) {
        std::size_t used = 0;
        try {
            value = std::stoll(entry->value, &used);
        } catch (const std::exception&) {
            used = 0;
        }
        if (used == 0 || used != entry->value.size()) {
            state_->add_problem(key, "'" + entry->value + "' is not a whole number");
        } else if (value < min || value > max) {
            state_->add_problem(key, entry->value + " is not in " + std::to_string(min) + " .. " +
                                         std::to_string(max));
        }
    }
    state_->effective[key] = std::to_string(value);
    return value;
}

bool Reader::flag(const std::string& key, bool fallback) {
    const Entry* entry = state_->find(key);
    bool value = fallback;
    if (entry != nullptr) {
        value = entry->value == "true";
        if (!value && entry->value != "false") {
            state_->add_problem(key, "'" + entry->value + "' is not true or false");
        }
    }
    state_->effective[key] = value ? "true" : "false";
    return value;
}

std::chrono::milliseconds Reader::duration(const std::string& key,
                                           std::chrono::milliseconds fallback,
                                           std::chrono::milliseconds min,
                                           std::chrono::milliseconds max) {
    static const std::map<std::string, std::int64_t> units = {
        {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}};
    const Entry* entry = state_->find(key);
    std::chrono::milliseconds value = fallback;
    if (entry != nullptr) {
        const auto digits = entry->value.find_first_not_of("0123456789");
        const auto unit = digits == std::string::npos || digits == 0 || digits > 12
                              ? units.end()
                              : units.find(entry->value.substr(digits));
        if (unit == units.end()) {
            state_->add_problem(key,
                                "'" + entry->value + "' is not a duration such as 250ms, 5s, 2m");
        } else {
            value = std::chrono::milliseconds(std::stoll(entry->value.substr(0, digits)) *
                                              unit->second);
            if (value < min || value > max) {
                state_->add_problem(key, entry->value + " is not in " +
                                             std::to_string(min.count()) + "ms .. " +
                                             std::to_string(max.count()) + "ms");
            }
        }
    }
    state_->effective[key] = std::to_string(value.count()) + "ms";
    return value;
}

std::string Reader::address(const std::string& key, const char* fallback) {
    std::string value = text(key, fallback);
    const auto colon = value.rfind(':');
    const std::string port = colon == std::string::npos ? "" : value.substr(colon + 1);
    constexpr std::size_t kDigitsMax = 5;
    constexpr int kPortMax = 65535;
    const bool well_formed = colon > 0 && !port.empty() && port.size() <= kDigitsMax &&
                             port.find_first_not_of("0123456789") == std::string::npos &&
                             std::stoi(port) <= kPortMax;
    if (!value.empty() && !well_formed) {
        state_->add_problem(key, "'" + value + "' is not host:port with a port up to 65535");
    }
    return value;
}

std::string Reader::path(const std::string& key, bool must_exist, const char* fallback) {
    std::string value = text(key, fallback);
    if (must_exist && !value.empty() && !std::filesystem::exists(value)) {
        state_->add_problem(key, "'" + value + "' does not exist");
    }
    return value;
}

std::vector<std::string> Reader::text_list(const std::string& key) {
    const Entry* entry = state_->find(key);
    std::vector<std::string> values;
    if (entry != nullptr && entry->is_list) {
        values = entry->list;
    } else if (entry != nullptr) {
        std::istringstream stream(entry->value);
        for (std::string item; std::getline(stream, item, ',');) {
            values.push_back(item);
        }
    }
    std::string joined;
    for (const auto& value : values) {
        joined += (joined.empty() ? "" : ",") + value;
    }
    state_->effective[key] = joined;
    return values;
}

std::string Reader::one_of(const std::string& key, const std::vector<std::string>& allowed,
                           const char* fallback) {
    std::string value = text(key, fallback);
    if (std::find(allowed.begin(), allowed.end(), value) == allowed.end()) {
        std::string list;
        for (const auto& item : allowed) {
            list += (list.empty() ? "" : ", ") + item;
        }
        state_->add_problem(key, "'" + value + "' is not one of " + list);
    }
    return value;
}

void Reader::problem(const std::string& key, const std::string& message) {
    state_->add_problem(key, message);
}

Status Reader::finish() const {
    std::vector<std::string> problems = state_->problems;
    for (const auto& [key, entry] : state_->entries) {
        const auto below = state_->asked.lower_bound(key + ".");
        const bool is_group = below != state_->asked.end() && below->rfind(key + ".", 0) == 0;
        if (state_->asked.count(key) == 0 && !(entry.is_empty_map && is_group)) {
            problems.push_back(entry.origin + ": " + key + ": unknown key");
        }
    }
    if (problems.empty()) {
        return absl::OkStatus();
    }
    std::string text;
    for (const auto& problem : problems) {
        text += (text.empty() ? "" : "\n") + problem;
    }
    return invalid_argument("CONFIG_INVALID", text);
}

std::string Reader::describe() const {
    std::string text;
    for (const auto& [key, value] : state_->effective) {
        text += key + ": " + value + "\n";
    }
    return text;
}

}  // namespace prepay::config
