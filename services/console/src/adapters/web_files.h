#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace prepay::console {

/// A file of the web pages.
struct WebFile {
    std::shared_ptr<const std::string> content;
    std::string type;
    std::string etag;
};

/// The files below a folder, kept in memory once they were asked for until they change.
/// Thread-safe.
class WebFiles {
public:
    explicit WebFiles(const std::string& root);

    /// By a decoded path ("/assets/app.js"; "/m/" is its index.html). Nothing outside the folder.
    std::optional<WebFile> find(const std::string& path);

private:
    struct Kept {
        WebFile file;
        std::filesystem::file_time_type change_time;
        std::uintmax_t size = 0;
    };
    std::optional<std::filesystem::path> locate(const std::string& path) const;

    std::filesystem::path root_;  ///< Without links; empty when there are no pages.
    std::mutex mutex_;
    std::map<std::string, Kept> kept_;
    std::size_t kept_bytes_ = 0;
};

}  // namespace prepay::console
