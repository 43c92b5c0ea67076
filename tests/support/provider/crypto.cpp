#include "support/provider/crypto.h"

#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <stdexcept>
#include <vector>

namespace prepay::provider {
namespace {

void require(bool condition, const char* what) {
    if (!condition) {
        throw std::runtime_error(std::string("crypto: ") + what);
    }
}

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

Bio reading(const std::string& text) {
    return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free};
}

std::string content(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
}

}  // namespace

const char* const kHexDigits = "0123456789ABCDEF";
const char* const kAlphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

Rsa::Rsa(EVP_PKEY* key) : key_(key, &EVP_PKEY_free) { require(key != nullptr, "no key"); }

Rsa Rsa::generate() { return Rsa(EVP_RSA_gen(2048)); }

Rsa Rsa::from_private_pem(const std::string& pem) {
    return Rsa(PEM_read_bio_PrivateKey(reading(pem).get(), nullptr, nullptr, nullptr));
}

Rsa Rsa::from_public_pem(const std::string& pem) {
    return Rsa(PEM_read_bio_PUBKEY(reading(pem).get(), nullptr, nullptr, nullptr));
}

std::string Rsa::private_pem() const {
    const Bio bio(BIO_new(BIO_s_mem()), &BIO_free);
    require(
        PEM_write_bio_PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1,
        "private key cannot be written");
    return content(bio.get());
}

std::string Rsa::public_pem() const {
    const Bio bio(BIO_new(BIO_s_mem()), &BIO_free);
    require(PEM_write_bio_PUBKEY(bio.get(), key_.get()) == 1, "public key cannot be written");
    return content(bio.get());
}

std::string Rsa::certificate_pem(const std::string& serial_hex) const {
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), &X509_free);
    BIGNUM* raw = nullptr;
    require(BN_hex2bn(&raw, serial_hex.c_str()) > 0, "serial is not hex");
    const std::unique_ptr<BIGNUM, decltype(&BN_free)> number(raw, &BN_free);
    BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate.get()));
    X509_set_version(certificate.get(), 2);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -86'400);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 10L * 365 * 86'400);
    X509_set_pubkey(certificate.get(), key_.get());
    X509_NAME* const name = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("Simulated payment provider"),
                               -1, -1, 0);
    X509_set_issuer_name(certificate.get(), name);
    require(X509_sign(certificate.get(), key_.get(), EVP_sha256()) > 0, "certificate not signed");
    const Bio bio(BIO_new(BIO_s_mem()), &BIO_free);
    require(PEM_write_bio_X509(bio.get(), certificate.get()) == 1, "certificate cannot be written");
    return content(bio.get());
}

std::string Rsa::sign_base64(const std::string& text) const {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest(EVP_MD_CTX_new(),
                                                                         &EVP_MD_CTX_free);
    require(EVP_DigestSignInit(digest.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
                EVP_DigestSignUpdate(digest.get(), text.data(), text.size()) == 1,
            "cannot sign");
    std::size_t size = 0;
    require(EVP_DigestSignFinal(digest.get(), nullptr, &size) == 1, "cannot sign");
    std::string signature(size, '\0');
    require(EVP_DigestSignFinal(digest.get(), reinterpret_cast<unsigned char*>(signature.data()),
                                &size) == 1,
            "cannot sign");
    signature.resize(size);
    return encode_base64(signature);
}

bool Rsa::verify_base64(const std::string& text, const std::string& signature) const {
    const std::string raw = decode_base64(signature);
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest(EVP_MD_CTX_new(),
                                                                         &EVP_MD_CTX_free);
    return EVP_DigestVerifyInit(digest.get(), nullptr, EVP_sha256(), nullptr, key_.get()) == 1 &&
           EVP_DigestVerifyUpdate(digest.get(), text.data(), text.size()) == 1 &&
           EVP_DigestVerifyFinal(digest.get(), reinterpret_cast<const unsigned char*>(raw.data()),
                                 raw.size()) == 1;
}

std::string encrypt_gcm_base64(const std::string& key, const std::string& nonce,
                               const std::string& associated_data, const std::string& text) {
    const auto data = [](const std::string& s) {
        return reinterpret_cast<const unsigned char*>(s.data());
    };
    const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> cipher(
        EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
    std::string sealed(text.size() + 16, '\0');
    auto* const out = reinterpret_cast<unsigned char*>(sealed.data());
    int size = 0;
    require(key.size() == 32, "the APIv3 key must have 32 characters");
    require(
        EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, data(key), data(nonce)) == 1 &&
            EVP_EncryptUpdate(cipher.get(), nullptr, &size, data(associated_data),
                              static_cast<int>(associated_data.size())) == 1 &&
            EVP_EncryptUpdate(cipher.get(), out, &size, data(text),
                              static_cast<int>(text.size())) == 1 &&
            EVP_EncryptFinal_ex(cipher.get(), out + size, &size) == 1 &&
            EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, 16, out + text.size()) == 1,
        "cannot encrypt");
    return encode_base64(sealed);
}

std::string random_text(std::size_t count, const std::string& alphabet) {
    std::string text(count, '\0');
    require(RAND_bytes(reinterpret_cast<unsigned char*>(text.data()), static_cast<int>(count)) == 1,
            "no random numbers");
    for (char& c : text) {
        c = alphabet[static_cast<unsigned char>(c) % alphabet.size()];
    }
    return text;
}

std::string encode_base64(const std::string& bytes) {
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
    const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(size));
    return text;
}

std::string decode_base64(const std::string& text) {
    std::string bytes(text.size() / 4 * 3 + 3, '\0');
    const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
    const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
    bytes.resize(size < static_cast<int>(padding) ? 0 : static_cast<std::size_t>(size) - padding);
    return bytes;
}

}  // namespace prepay::provider
