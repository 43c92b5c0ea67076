#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/status.h"

namespace prepay::config {

/// One YAML file overridden by environment variables, read once at start.
///
/// Keys are dotted paths ("kafka.brokers"). The variable `PREPAY_<SERVICE>__KAFKA__BROKERS`
/// overrides the file (dots and dashes of the key become "__" and "_"). A key `x_file` holds the
/// path of a file whose content is the value of secret `x`. Getters note every problem instead of
/// throwing; after all keys have been asked for, `finish()` reports all problems, with file:line,
/// and every key that nobody asked for. Not thread-safe.
class Reader {
public:
    /// `service` is the upper-case part of the variable names, e.g. "BILLING".
    static Result<Reader> load(const std::string& path, const std::string& service);
    ~Reader();
    Reader(Reader&&) noexcept;
    Reader& operator=(Reader&&) noexcept;

    /// Required when `fallback` is null.
    std::string text(const std::string& key, const char* fallback = nullptr);
    /// Never printed by describe(). Read from `key`, or the file named by `key_file`.
    std::string secret(const std::string& key, bool required = true);
    std::int64_t integer(const std::string& key, std::int64_t fallback, std::int64_t min,
                         std::int64_t max);
    bool flag(const std::string& key, bool fallback);
    /// "250ms", "5s", "2m", "1h"; bounds inclusive.
    std::chrono::milliseconds duration(const std::string& key, std::chrono::milliseconds fallback,
                                       std::chrono::milliseconds min,
                                       std::chrono::milliseconds max);
    /// "host:port".
    std::string address(const std::string& key, const char* fallback = nullptr);
    /// A path; relative ones are relative to the working directory. `must_exist` is checked.
    std::string path(const std::string& key, bool must_exist, const char* fallback = nullptr);
    std::vector<std::string> text_list(const std::string& key);
    std::string one_of(const std::string& key, const std::vector<std::string>& allowed,
                       const char* fallback);
    /// Notes a problem a service found itself, at the key's file:line.
    void problem(const std::string& key, const std::string& message);

    /// OK, or all problems, one a line: "billing.yaml:12: database.pool_size: 0 is not in 1 .. 64".
    [[nodiscard]] Status finish() const;
    /// The effective configuration, `key: value` a line, secrets as "***".
    [[nodiscard]] std::string describe() const;

private:
    struct State;
    explicit Reader(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace prepay::config
