#include "source_tree.h"
#include "support/paths.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace prepay::tidy {
namespace {

namespace fs = std::filesystem;

const std::set<std::string> kSkipped = {".git", "build", "var", "node_modules", "dist", "gen"};
constexpr std::uintmax_t kTextBytesMax = 1 << 20;

std::vector<SourceFile> load_tree() {
    const fs::path root = prepay::test::source_dir();
    std::vector<SourceFile> files;
    for (auto entry = fs::recursive_directory_iterator(root);
         entry != fs::recursive_directory_iterator(); ++entry) {
        if (kSkipped.count(entry->path().filename().string()) > 0) {
            if (entry->is_directory()) {  // `.git` of a second work tree is a file.
                entry.disable_recursion_pending();
            }
            continue;
        }
        if (!entry->is_regular_file() || entry->file_size() > kTextBytesMax) {
            continue;
        }
        std::ifstream stream(entry->path(), std::ios::binary);
        std::ostringstream text;
        text << stream.rdbuf();
        if (text.str().find('\0') == std::string::npos) {
            files.push_back({fs::relative(entry->path(), root).generic_string(), text.str()});
        }
    }
    std::sort(files.begin(), files.end(),
              [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
    return files;
}

enum class Kind { kCode, kComment, kLiteral };

// Walks C++ once and says what each byte is. Quotes and comment marks themselves count as code.
std::vector<Kind> classify(const std::string& text) {
    std::vector<Kind> kinds(text.size(), Kind::kCode);
    std::size_t i = 0;
    const auto mark_until = [&](std::size_t end, Kind kind) {
        end = std::min(end, text.size());
        std::fill(kinds.begin() + static_cast<std::ptrdiff_t>(i),
                  kinds.begin() + static_cast<std::ptrdiff_t>(end), kind);
        i = end;
    };
    const auto quoted_end = [&](char quote) {
        std::size_t end = i;
        while (end < text.size() && text[end] != quote && text[end] != '\n') {
            end += text[end] == '\\' ? 2 : 1;
        }
        return end;
    };
    while (i < text.size()) {
        const bool raw = text.compare(i, 2, "R\"") == 0;
        if (text.compare(i, 2, "//") == 0) {
            mark_until(text.find('\n', i), Kind::kComment);
        } else if (text.compare(i, 2, "/*") == 0) {
            mark_until(text.find("*/", i + 2), Kind::kComment);
        } else if (raw) {
            const std::size_t open = text.find('(', i);
            const std::string close = ")" + text.substr(i + 2, open - i - 2) + "\"";
            i = open + 1;
            mark_until(text.find(close, i), Kind::kLiteral);
            i += close.size();
        } else if (text[i] == '"') {
            ++i;
            mark_until(quoted_end('"'), Kind::kLiteral);
            ++i;
        } else if (text[i] == '\'' &&
                   (i == 0 || std::isalnum(static_cast<unsigned char>(text[i - 1])) == 0)) {
            ++i;
            mark_until(quoted_end('\''), Kind::kLiteral);
            ++i;
        } else {
            ++i;
        }
    }
    return kinds;
}

std::string keep(const std::string& text, Kind wanted) {
    const std::vector<Kind> kinds = classify(text);
    std::string view = text;
    for (std::size_t i = 0; i < view.size(); ++i) {
        if (view[i] != '\n' && kinds[i] != wanted) {
            view[i] = ' ';
        }
    }
    return view;
}

}  // namespace

const std::vector<SourceFile>& source_tree() {
    static const std::vector<SourceFile> files = load_tree();
    return files;
}

std::string text_of_file(const std::string& path) {
    for (const SourceFile& file : source_tree()) {
        if (file.path == path) {
            return file.text;
        }
    }
    FAIL("there is no " << path);
    return {};
}

std::string code_only(const std::string& text) { return keep(text, Kind::kCode); }
std::string literals_only(const std::string& text) { return keep(text, Kind::kLiteral); }

void find_all(const SourceFile& file, const std::string& view, const std::regex& pattern,
              std::vector<std::string>& found) {
    std::istringstream lines(view);
    std::istringstream originals(file.text);
    std::string line;
    std::string original;
    for (int number = 1; std::getline(lines, line); ++number) {
        std::getline(originals, original);
        if (std::regex_search(line, pattern)) {
            found.push_back(file.path + ":" + std::to_string(number) + ": " + original);
        }
    }
}

std::vector<Include> includes_of(const SourceFile& file) {
    static const std::regex pattern(R"(^\s*#\s*include\s*([<"])([^">]+)[">])");
    std::vector<Include> includes;
    std::istringstream lines(file.text);
    std::string line;
    for (int number = 1; std::getline(lines, line); ++number) {
        std::smatch match;
        if (std::regex_search(line, match, pattern)) {
            includes.push_back({match[2], match[1] == "<", number});
        }
    }
    return includes;
}

Room room_of_include(const std::string& target) {
    static const std::regex form("^(?:(.+?)/)?(?:(domain|app|adapters)/)?([^/]+)$");
    std::smatch match;
    std::regex_match(target, match, form);
    // A folder that is a layer itself is no feature.
    const std::string first = match[1];
    if (match[2].length() == 0 && (first == "domain" || first == "app" || first == "adapters")) {
        return {"", "", first, match[3]};
    }
    return {"", first, match[2], match[3]};
}

std::optional<Room> room_of(const std::string& path) {
    static const std::regex form("^services/([^/]+)/src/(.+)$");
    std::smatch match;
    if (!std::regex_match(path, match, form)) {
        return std::nullopt;
    }
    Room room = room_of_include(match[2]);
    room.service = match[1];
    return room;
}

void require_none(const std::vector<std::string>& found, const std::string& remedy) {
    if (found.empty()) {
        SUCCEED();
        return;
    }
    std::string report = remedy;
    for (const std::string& place : found) {
        report += "\n  " + place;
    }
    FAIL(report);
}

}  // namespace prepay::tidy
