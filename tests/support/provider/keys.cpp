#include "support/provider/keys.h"

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <stdexcept>

namespace prepay::provider {
namespace {

namespace fs = std::filesystem;

std::string read_or_make(const fs::path& path, const std::function<std::string()>& make) {
    if (!fs::exists(path)) {
        write_file(path.string(), make());
    }
    return read_file(path.string());
}

/// Made once a process: a key takes a tenth of a second, and tests make hundreds of providers.
template <int which>
const std::string& process_key() {
    static const std::string pem = Rsa::generate().private_pem();
    return pem;
}

/// The key serial of the files in platform_keys/, by its shape.
std::string find_serial(const fs::path& folder, bool public_key) {
    for (const auto& entry : fs::directory_iterator(folder)) {
        const std::string stem = entry.path().stem().string();
        if (entry.path().extension() == ".pem" && stem.starts_with("PUB_KEY_ID_") == public_key) {
            return stem;
        }
    }
    return {};
}

void write_service_files(const KeyOptions& options, const Keys& keys) {
    const fs::path folder = fs::absolute(options.folder);
    const std::pair<const char*, std::string> values[] = {
        {"base_url", options.base_url},
        {"appid", keys.appid},
        {"mchid", keys.mchid},
        {"merchant_private_key_file", (folder / "merchant_private_key.pem").string()},
        {"merchant_serial", keys.merchant_serial},
        {"api_v3_key_file", (folder / "api_v3_key").string()},
        {"platform_keys_dir", (folder / "platform_keys").string()},
        {"notify_url", options.notify_url}};
    std::string yaml = "wechat:\n";
    std::string environment;
    for (const auto& [key, value] : values) {
        if (value.empty()) {
            continue;
        }
        yaml += std::string("  ") + key + ": \"" + value + "\"\n";
        std::string name = key;
        for (char& c : name) {
            c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        }
        environment += "PREPAY_ACCOUNT__WECHAT__" + name + "=" + value + "\n";
    }
    write_file((folder / "account-wechat.yaml").string(), yaml);
    write_file((folder / "account-wechat.env").string(), environment);
}

}  // namespace

void write_file(const std::string& path, const std::string& content) {
    const std::string fresh = path + ".new";
    {
        std::ofstream file(fresh, std::ios::binary);
        file << content;
        if (!file.flush()) {
            throw std::runtime_error("cannot write " + fresh);
        }
    }
    fs::permissions(fresh, fs::perms::owner_read | fs::perms::owner_write);
    fs::rename(fresh, path);
}

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        throw std::runtime_error("cannot read " + path);
    }
    return {std::istreambuf_iterator<char>(file), {}};
}

Keys load_keys(const KeyOptions& options) {
    const fs::path folder = options.folder;
    const fs::path platform_folder = folder / "platform_keys";
    fs::create_directories(platform_folder);
    const std::string merchant_pem =
        read_or_make(folder / "merchant_private_key.pem", &process_key<0>);
    const std::string platform_pem =
        read_or_make(folder / "platform_private_key.pem", &process_key<1>);
    const std::string certificate_pem =
        read_or_make(folder / "certificate_private_key.pem", &process_key<2>);
    const Rsa merchant = Rsa::from_private_pem(merchant_pem);
    Keys keys{options.appid,
              options.mchid,
              read_or_make(folder / "merchant_serial", [] { return random_text(40, kHexDigits); }),
              read_or_make(folder / "api_v3_key", [] { return random_text(32, kAlphanumeric); }),
              find_serial(platform_folder, true),
              find_serial(platform_folder, false),
              Rsa::from_public_pem(merchant.public_pem()),
              Rsa::from_private_pem(platform_pem),
              Rsa::from_private_pem(certificate_pem)};
    read_or_make(folder / "merchant_public_key.pem", [&] { return merchant.public_pem(); });
    if (keys.public_key_serial.empty()) {
        keys.public_key_serial = "PUB_KEY_ID_01" + random_text(28, "0123456789");
        write_file((platform_folder / (keys.public_key_serial + ".pem")).string(),
                   keys.platform.public_pem());
    }
    if (keys.certificate_serial.empty()) {
        keys.certificate_serial = "5" + random_text(39, kHexDigits);
        write_file((platform_folder / (keys.certificate_serial + ".pem")).string(),
                   keys.certificate.certificate_pem(keys.certificate_serial));
    }
    write_service_files(options, keys);
    return keys;
}

}  // namespace prepay::provider
