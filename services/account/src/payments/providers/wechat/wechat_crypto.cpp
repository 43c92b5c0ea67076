#include "payments/providers/wechat/wechat_crypto.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "core/assert.h"

namespace prepay::account::wechat {
namespace {

constexpr std::size_t kTagLength = 16;
constexpr std::chrono::seconds kRereadPause{10};

using BioPtr = std::unique_ptr<BIO, decltype(&BIO_free)>;
using DigestPtr = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;
using CipherPtr = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

BioPtr memory_of(const std::string& text) {
    return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free};
}

const unsigned char* bytes(const std::string& text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

std::shared_ptr<EVP_PKEY> owned(EVP_PKEY* key) { return {key, &EVP_PKEY_free}; }

Status key_error(const std::string& what) {
    ERR_clear_error();
    return invalid_argument("KEY_INVALID", what);
}

bool is_strong_rsa(EVP_PKEY* key) {
    return key != nullptr && EVP_PKEY_base_id(key) == EVP_PKEY_RSA && EVP_PKEY_bits(key) >= 2048;
}

}  // namespace

Result<RsaKey> RsaKey::private_from_pem(const std::string& pem) {
    const BioPtr bio = memory_of(pem);
    auto key = owned(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
    if (!is_strong_rsa(key.get())) {
        return key_error("not the PEM of an RSA private key of at least 2048 bits");
    }
    return RsaKey(std::move(key));
}

Result<RsaKey> RsaKey::public_from_pem(const std::string& pem) {
    const BioPtr bio = memory_of(pem);
    std::shared_ptr<EVP_PKEY> key;
    if (pem.find("BEGIN CERTIFICATE") != std::string::npos) {
        const std::unique_ptr<X509, decltype(&X509_free)> certificate(
            PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), &X509_free);
        key = owned(certificate ? X509_get_pubkey(certificate.get()) : nullptr);
    } else {
        key = owned(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
    }
    if (!is_strong_rsa(key.get())) {
        return key_error("not the PEM of an RSA public key or certificate of at least 2048 bits");
    }
    return RsaKey(std::move(key));
}

Result<std::string> RsaKey::sign(const std::string& text) const {
    const DigestPtr context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    std::size_t length = 0;
    if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) != 1 ||
        EVP_DigestSign(context.get(), nullptr, &length, bytes(text), text.size()) != 1) {
        return key_error("the key cannot sign");
    }
    std::vector<unsigned char> signature(length);
    if (EVP_DigestSign(context.get(), signature.data(), &length, bytes(text), text.size()) != 1) {
        return key_error("the key cannot sign");
    }
    std::string encoded(4 * ((length + 2) / 3) + 1, '\0');
    const int size = EVP_EncodeBlock(bytes(encoded), signature.data(), static_cast<int>(length));
    encoded.resize(static_cast<std::size_t>(size));
    return encoded;
}

bool RsaKey::verify(const std::string& text, const std::string& signature_base64) const {
    const Result<std::string> signature = decode_base64(signature_base64);
    if (!signature.ok()) {
        return false;
    }
    const DigestPtr context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
    const bool good =
        EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
        EVP_DigestVerify(context.get(), bytes(*signature), signature->size(), bytes(text),
                         text.size()) == 1;
    ERR_clear_error();
    return good;
}

Result<std::unique_ptr<PlatformKeys>> PlatformKeys::load(const std::string& folder,
                                                         const Clock& clock) {
    std::unique_ptr<PlatformKeys> keys(new PlatformKeys(folder, clock));
    PREPAY_RETURN_IF_ERROR(keys->read_folder());
    if (keys->keys_.empty()) {
        return invalid_argument("KEYS_MISSING", "no <serial>.pem in " + folder);
    }
    return keys;
}

Status PlatformKeys::read_folder() {
    last_read_ = clock_.steady();
    std::error_code error;
    std::map<std::string, RsaKey> found;
    for (const auto& entry : std::filesystem::directory_iterator(folder_, error)) {
        if (entry.path().extension() != ".pem") {
            continue;
        }
        std::ifstream file(entry.path());
        const std::string pem((std::istreambuf_iterator<char>(file)), {});
        Result<RsaKey> key = RsaKey::public_from_pem(pem);
        if (!key.ok()) {
            return invalid_argument("KEY_INVALID",
                                    entry.path().string() + ": " + error_message(key.status()));
        }
        found.emplace(entry.path().stem().string(), *std::move(key));
    }
    if (error) {
        return invalid_argument("KEYS_MISSING", folder_ + ": " + error.message());
    }
    keys_ = std::move(found);
    return absl::OkStatus();
}

Status PlatformKeys::verify(const std::string& serial, const std::string& timestamp,
                            const std::string& nonce, const std::string& body,
                            const std::string& signature_base64) {
    std::optional<RsaKey> key;
    {
        const std::lock_guard lock(mutex_);
        auto known = keys_.find(serial);
        if (known == keys_.end() && clock_.steady() - last_read_ > kRereadPause) {
            PREPAY_RETURN_IF_ERROR(read_folder());
            known = keys_.find(serial);
        }
        if (known != keys_.end()) {
            key = known->second;
        }
    }
    if (!key) {
        return invalid_argument("NOTICE_SERIAL_UNKNOWN", "signed by a key that is not pinned");
    }
    if (!key->verify(timestamp + "\n" + nonce + "\n" + body + "\n", signature_base64)) {
        return invalid_argument("NOTICE_SIGNATURE_INVALID",
                                "the signature does not fit the content");
    }
    return absl::OkStatus();
}

Result<std::string> decrypt_gcm(const std::string& key, const std::string& nonce,
                                const std::string& associated_data,
                                const std::string& ciphertext_base64) {
    const Status failed =
        invalid_argument("NOTICE_DECRYPTION_FAILED", "the content cannot be decrypted");
    const Result<std::string> sealed = decode_base64(ciphertext_base64);
    const EVP_CIPHER* const cipher = key.size() == 32   ? EVP_aes_256_gcm()
                                     : key.size() == 16 ? EVP_aes_128_gcm()
                                                        : nullptr;
    if (!sealed.ok() || cipher == nullptr || sealed->size() < kTagLength || nonce.empty() ||
        nonce.size() > 16) {
        return failed;
    }
    const std::size_t length = sealed->size() - kTagLength;
    std::string tag = sealed->substr(length);
    std::string plain(length + 1, '\0');
    const CipherPtr context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
    int written = 0;
    const bool good =
        EVP_DecryptInit_ex(context.get(), cipher, nullptr, nullptr, nullptr) == 1 &&
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_IVLEN, static_cast<int>(nonce.size()),
                            nullptr) == 1 &&
        EVP_DecryptInit_ex(context.get(), nullptr, nullptr, bytes(key), bytes(nonce)) == 1 &&
        EVP_DecryptUpdate(context.get(), nullptr, &written, bytes(associated_data),
                          static_cast<int>(associated_data.size())) == 1 &&
        EVP_DecryptUpdate(context.get(), bytes(plain), &written, bytes(*sealed),
                          static_cast<int>(length)) == 1 &&
        EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, kTagLength, tag.data()) == 1 &&
        EVP_DecryptFinal_ex(context.get(), bytes(plain) + written, &written) == 1;
    ERR_clear_error();
    if (!good) {
        return failed;
    }
    plain.resize(length);
    return plain;
}

Result<std::string> decode_base64(const std::string& text) {
    const Status bad = invalid_argument("BASE64_INVALID", "not base64");
    if (text.empty() || text.size() % 4 != 0 || text.size() > 1'000'000) {
        return bad;
    }
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
    const std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (text.find_first_not_of(alphabet) < text.size() - padding) {
        return bad;
    }
    std::string decoded(text.size() / 4 * 3, '\0');
    if (EVP_DecodeBlock(bytes(decoded), bytes(text), static_cast<int>(text.size())) < 0) {
        return bad;
    }
    decoded.resize(decoded.size() - padding);
    return decoded;
}

std::string random_nonce() {
    static constexpr char kAlphabet[] =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    std::string nonce(32, '\0');
    PREPAY_ASSERT(RAND_bytes(bytes(nonce), static_cast<int>(nonce.size())) == 1);
    for (char& c : nonce) {
        c = kAlphabet[static_cast<unsigned char>(c) % (sizeof kAlphabet - 1)];
    }
    return nonce;
}

}  // namespace prepay::account::wechat
