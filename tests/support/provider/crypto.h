#pragma once

#include <memory>
#include <string>

using EVP_PKEY = struct evp_pkey_st;

namespace prepay::provider {

/// An RSA key pair, or only its public half. Throws std::runtime_error on anything wrong.
class Rsa {
public:
    static Rsa generate();
    static Rsa from_private_pem(const std::string& pem);
    static Rsa from_public_pem(const std::string& pem);

    [[nodiscard]] std::string private_pem() const;
    [[nodiscard]] std::string public_pem() const;
    /// Self-signed, valid for ten years, with this serial (40 hex digits).
    [[nodiscard]] std::string certificate_pem(const std::string& serial_hex) const;
    [[nodiscard]] std::string sign_base64(const std::string& text) const;
    [[nodiscard]] bool verify_base64(const std::string& text, const std::string& signature) const;

private:
    explicit Rsa(EVP_PKEY* key);
    std::shared_ptr<EVP_PKEY> key_;
};

/// AES-256-GCM, base64 of ciphertext and tag.
std::string encrypt_gcm_base64(const std::string& key, const std::string& nonce,
                               const std::string& associated_data, const std::string& text);

/// `count` characters of the alphabet.
std::string random_text(std::size_t count, const std::string& alphabet);
extern const char* const kHexDigits;  // Upper case.
extern const char* const kAlphanumeric;

std::string encode_base64(const std::string& bytes);
std::string decode_base64(const std::string& text);

}  // namespace prepay::provider
