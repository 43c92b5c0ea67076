#include "adapters/web_files.h"

#include <fstream>
#include <iterator>

#include "adapters/secrets.h"

namespace prepay::console {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kKeptBytesMax = 64 << 20;
constexpr std::size_t kEtagLength = 32;

std::string type_of(const fs::path& path) {
    static const std::map<std::string, std::string> types = {
        {".html", "text/html; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"},
        {".mjs", "text/javascript; charset=utf-8"},
        {".css", "text/css; charset=utf-8"},
        {".json", "application/json"},
        {".map", "application/json"},
        {".webmanifest", "application/manifest+json"},
        {".svg", "image/svg+xml"},
        {".png", "image/png"},
        {".jpg", "image/jpeg"},
        {".ico", "image/x-icon"},
        {".woff2", "font/woff2"},
        {".woff", "font/woff"},
        {".wasm", "application/wasm"},
        {".txt", "text/plain; charset=utf-8"},
    };
    const auto found = types.find(path.extension().string());
    return found == types.end() ? "application/octet-stream" : found->second;
}

bool is_below(const fs::path& root, const fs::path& path) {
    const std::string folder = root.string() + "/";
    return path.string().compare(0, folder.size(), folder) == 0;
}

}  // namespace

WebFiles::WebFiles(const std::string& root) {
    std::error_code error;
    if (!root.empty()) {
        root_ = fs::canonical(root, error);
    }
}

std::optional<fs::path> WebFiles::locate(const std::string& path) const {
    if (root_.empty() || path.find('\0') != std::string::npos) {
        return std::nullopt;
    }
    std::error_code error;
    const std::string name = path.back() == '/' ? path + "index.html" : path;
    const fs::path file = fs::canonical(root_ / fs::path(name).relative_path(), error);
    if (error || !is_below(root_, file) || !fs::is_regular_file(file, error)) {
        return std::nullopt;
    }
    return file;
}

std::optional<WebFile> WebFiles::find(const std::string& path) {
    const std::optional<fs::path> file = locate(path);
    if (!file) {
        return std::nullopt;
    }
    std::error_code error;
    const auto change_time = fs::last_write_time(*file, error);
    const std::uintmax_t size = fs::file_size(*file, error);
    const std::lock_guard lock(mutex_);
    const auto found = kept_.find(file->string());
    if (found != kept_.end()) {
        if (found->second.change_time == change_time && found->second.size == size) {
            return found->second.file;
        }
        kept_bytes_ -= found->second.file.content->size();
        kept_.erase(found);
    }
    std::ifstream stream(*file, std::ios::binary);
    if (error || !stream) {
        return std::nullopt;
    }
    WebFile read;
    read.content = std::make_shared<const std::string>(std::istreambuf_iterator<char>(stream),
                                                       std::istreambuf_iterator<char>());
    read.type = type_of(*file);
    read.etag = "\"" + token_hash(*read.content).substr(0, kEtagLength) + "\"";
    if (kept_bytes_ + read.content->size() <= kKeptBytesMax) {
        kept_bytes_ += read.content->size();
        kept_[file->string()] = {read, change_time, size};
    }
    return read;
}

}  // namespace prepay::console
