#include "adapters/json_check.h"

#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <vector>

namespace prepay::console {
namespace {

namespace pb = google::protobuf;

constexpr std::size_t kDepthMax = 100;  ///< As protobuf's own.

const pb::FieldDescriptor* field_of(const pb::Descriptor* type, std::string_view key) {
    if (type == nullptr) {
        return nullptr;
    }
    for (int i = 0; i < type->field_count(); ++i) {
        const pb::FieldDescriptor* field = type->field(i);
        if (field->json_name() == key || field->name() == key) {
            return field;
        }
    }
    return nullptr;
}

// Follows the parser through the objects with the message type that each of them is to become.
class KeyWatch final : public nlohmann::json_sax<nlohmann::json> {
public:
    explicit KeyWatch(const pb::Descriptor& type) : next_(&type) {}

    [[nodiscard]] const std::string& problem() const { return problem_; }
    /// The type of the first object that names a field which its type has not; null without one.
    [[nodiscard]] const pb::Descriptor* lacking() const { return lacking_; }

    bool null() override { return true; }
    bool boolean(bool) override { return true; }
    bool number_integer(number_integer_t) override { return true; }
    bool number_unsigned(number_unsigned_t) override { return true; }
    bool number_float(number_float_t, const string_t&) override { return true; }
    bool string(string_t&) override { return true; }
    bool binary(binary_t&) override { return true; }

    bool start_object(std::size_t) override { return push({next_, next_is_map_, {}}); }
    bool end_object() override { return pop(); }
    bool start_array(std::size_t) override { return push({next_, next_is_map_, {}}); }
    bool end_array() override { return pop(); }

    bool key(string_t& name) override {
        Level& level = levels_.back();
        const pb::FieldDescriptor* field =
            level.is_map ? field_of(level.type, "value") : field_of(level.type, name);
        const bool known = field != nullptr && !level.is_map;
        if (field == nullptr && lacking_ == nullptr && has_own_fields(level.type)) {
            lacking_ = level.type;
        }
        if (!level.keys.insert(known ? field->name() : name).second) {
            problem_ = known ? field->json_name() + " is there twice" : "a key is there twice";
            return false;
        }
        next_ = field != nullptr && field->type() == pb::FieldDescriptor::TYPE_MESSAGE
                    ? field->message_type()
                    : nullptr;
        next_is_map_ = known && field->is_map();
        return true;
    }

    bool parse_error(std::size_t position, const std::string&,
                     const nlohmann::detail::exception&) override {
        problem_ = "it is no JSON at byte " + std::to_string(position);
        return false;
    }

private:
    struct Level {
        const pb::Descriptor* type = nullptr;
        bool is_map = false;
        std::set<std::string> keys;
    };

    bool push(Level level) {
        if (levels_.size() >= kDepthMax) {
            problem_ = "it is nested too deeply";
            return false;
        }
        levels_.push_back(std::move(level));
        return true;
    }

    // What follows in an array is of the same type; after an object, a key says what follows.
    bool pop() {
        next_ = levels_.back().type;
        next_is_map_ = levels_.back().is_map;
        levels_.pop_back();
        return true;
    }

    // Types of google.protobuf are written in ways of their own, such as a time as text.
    static bool has_own_fields(const pb::Descriptor* type) {
        return type != nullptr && type->file()->package() != "google.protobuf";
    }

    const pb::Descriptor* next_;
    const pb::Descriptor* lacking_ = nullptr;
    bool next_is_map_ = false;
    std::vector<Level> levels_;
    std::string problem_;
};

// "ListSitesRequest has pageSize, pageToken".
std::string fields_text(const pb::Descriptor& type) {
    std::string names;
    for (int i = 0; i < type.field_count(); ++i) {
        names += (names.empty() ? "" : ", ") + type.field(i)->json_name();
    }
    return type.name() + " has " + (names.empty() ? "no fields" : names);
}

// The field in "(user.role): …" or "(user) role: …", as far as it exists.
std::string known_field(const pb::Descriptor& type, std::string_view words) {
    std::string known;
    const pb::Descriptor* level = &type;
    const auto enter = [&](std::string_view name) {
        const pb::FieldDescriptor* field = field_of(level, name.substr(0, name.find('[')));
        if (field == nullptr) {
            return false;
        }
        known += (known.empty() ? "" : ".") + field->json_name();
        level = field->message_type();
        return true;
    };
    if (!words.empty() && words.front() == '(') {
        std::string_view path = words.substr(1, words.find(')') - 1);
        words.remove_prefix(std::min(words.size(), path.size() + 2));
        while (!path.empty()) {
            const std::string_view part = path.substr(0, path.find('.'));
            path.remove_prefix(std::min(path.size(), part.size() + 1));
            if (!enter(part)) {
                return known;
            }
        }
    }
    words.remove_prefix(std::min(words.size(), words.find_first_not_of(' ')));
    enter(words.substr(0, words.find(':')));
    return known;
}

}  // namespace

Status check_json(const pb::Descriptor& type, const std::string& text) {
    KeyWatch watch(type);
    if (nlohmann::json::sax_parse(text, &watch)) {
        return absl::OkStatus();
    }
    return invalid_argument("BAD_REQUEST", "the request cannot be read: " + watch.problem());
}

std::string explain_refusal(const pb::Descriptor& type, const std::string& text,
                            const std::string& words) {
    KeyWatch watch(type);
    nlohmann::json::sax_parse(text, &watch);
    if (watch.lacking() != nullptr) {
        return "an unknown field; " + fields_text(*watch.lacking());
    }
    const std::string field = known_field(type, words);
    return (field.empty() ? "a field" : field) + " has a value that does not fit";
}

}  // namespace prepay::console
