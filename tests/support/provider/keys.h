#pragma once

#include <string>

#include "support/provider/crypto.h"

namespace prepay::provider {

struct KeyOptions {
    std::string folder;
    std::string appid = "wx5a3f0c9e2b7d4168";
    std::string mchid = "1900006891";
    std::string base_url;    ///< What the merchant is told.
    std::string notify_url;  ///< May be empty.
};

/// Everything the provider and its one merchant know. README.md lists the files.
struct Keys {
    std::string appid;
    std::string mchid;
    std::string merchant_serial;
    std::string api_v3_key;
    std::string public_key_serial;   ///< PUB_KEY_ID_…
    std::string certificate_serial;  ///< 40 hex digits.
    Rsa merchant;                    ///< Public half only.
    Rsa platform;                    ///< Signs as PUB_KEY_ID_….
    Rsa certificate;                 ///< Signs by certificate.
};

/// Reads the files, making what is missing. Throws std::runtime_error.
Keys load_keys(const KeyOptions& options);

/// Writes a file in one step, so that a reader sees the old or the new one.
void write_file(const std::string& path, const std::string& content);
std::string read_file(const std::string& path);

}  // namespace prepay::provider
