#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "core/status.h"
#include "core/time.h"

using EVP_PKEY = struct evp_pkey_st;

namespace prepay::account::wechat {

/// An RSA key read from PEM. Immutable, thread-safe.
class RsaKey {
public:
    /// Reason KEY_INVALID. A public key may also be given as a certificate.
    static Result<RsaKey> private_from_pem(const std::string& pem);
    static Result<RsaKey> public_from_pem(const std::string& pem);

    /// SHA256withRSA, base64. Reason KEY_INVALID.
    [[nodiscard]] Result<std::string> sign(const std::string& text) const;
    [[nodiscard]] bool verify(const std::string& text, const std::string& signature_base64) const;

private:
    explicit RsaKey(std::shared_ptr<EVP_PKEY> key) : key_(std::move(key)) {}
    std::shared_ptr<EVP_PKEY> key_;
};

/// The provider's keys by serial ("PUB_KEY_ID_…" or a certificate's), pinned as files
/// `<serial>.pem` in one folder. A serial that is not known makes it look into the folder again, at
/// most every ten seconds: a rotated key only has to be put there. Thread-safe.
class PlatformKeys {
public:
    /// Reasons KEY_INVALID, KEYS_MISSING.
    static Result<std::unique_ptr<PlatformKeys>> load(const std::string& folder,
                                                      const Clock& clock);

    /// SHA256withRSA over "timestamp\nnonce\nbody\n". Reasons NOTICE_SERIAL_UNKNOWN,
    /// NOTICE_SIGNATURE_INVALID.
    Status verify(const std::string& serial, const std::string& timestamp, const std::string& nonce,
                  const std::string& body, const std::string& signature_base64);

private:
    PlatformKeys(std::string folder, const Clock& clock)
        : folder_(std::move(folder)), clock_(clock) {}
    Status read_folder();

    std::string folder_;
    const Clock& clock_;
    std::mutex mutex_;
    std::map<std::string, RsaKey> keys_;
    std::chrono::steady_clock::time_point last_read_;
};

/// AES-GCM with a 16- or 32-byte key; the tag is the last 16 bytes of the ciphertext.
/// Reason NOTICE_DECRYPTION_FAILED.
Result<std::string> decrypt_gcm(const std::string& key, const std::string& nonce,
                                const std::string& associated_data,
                                const std::string& ciphertext_base64);

/// Strict base64; reason BASE64_INVALID.
Result<std::string> decode_base64(const std::string& text);

/// 32 random characters of [0-9A-Za-z].
std::string random_nonce();

}  // namespace prepay::account::wechat
