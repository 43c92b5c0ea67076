#pragma once

#include <functional>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <vector>

namespace prepay::tidy {

/// A text file of the tree. `path` is relative to the root, with '/'.
struct SourceFile {
    std::string path;
    std::string text;

    [[nodiscard]] bool in(std::string_view folder) const { return path.starts_with(folder); }
    [[nodiscard]] bool is_code() const {
        return path.ends_with(".h") || path.ends_with(".cpp") || path.ends_with(".hpp");
    }
};

/// Every file of the project that a person writes: no build outputs, run-time data, packages, .git.
const std::vector<SourceFile>& source_tree();

/// The text of a file of the tree; fails the running test when there is none.
std::string text_of_file(const std::string& path);

/// C++ with comments and the contents of literals blanked, line breaks kept.
std::string code_only(const std::string& text);
/// C++ with everything but the contents of string literals blanked, line breaks kept.
std::string literals_only(const std::string& text);

/// "path:line: what was found", one for each match of the pattern.
void find_all(const SourceFile& file, const std::string& view, const std::regex& pattern,
              std::vector<std::string>& found);

struct Include {
    std::string target;  ///< Between the quotes or angle brackets.
    bool is_angle = false;
    int line = 0;
};
std::vector<Include> includes_of(const SourceFile& file);

/// Where a file of a service is: services/<service>/src/[<feature>/][<layer>/]<file>.
struct Room {
    std::string service;
    std::string feature;  ///< May have two parts ("protocols/modbus"); empty = of the service.
    std::string layer;    ///< domain, app, adapters, or empty = above them.
    std::string file;
};
/// Nothing for a file that is not below a service's src/.
std::optional<Room> room_of(const std::string& path);
/// The same for what an include names, "<feature>/domain/x.h"; `service` is left empty.
Room room_of_include(const std::string& target);

/// Fails the running test with the places and what to do about them.
void require_none(const std::vector<std::string>& found, const std::string& remedy);

}  // namespace prepay::tidy
