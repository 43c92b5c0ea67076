#include "adapters/secrets.h"

#include <argon2.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>

namespace prepay::console {
namespace {

constexpr std::uint32_t kPasses = 2;
constexpr std::uint32_t kMemoryKib = 19 * 1024;
constexpr std::uint32_t kLanes = 1;
constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kHashBytes = 32;

}  // namespace

Result<std::string> hash_password(const std::string& password) {
    std::array<unsigned char, kSaltBytes> salt{};
    if (RAND_bytes(salt.data(), static_cast<int>(salt.size())) != 1) {
        return internal_error("NO_RANDOMNESS", "the system gives no random bytes");
    }
    std::array<char, 256> encoded{};
    const int code =
        argon2id_hash_encoded(kPasses, kMemoryKib, kLanes, password.data(), password.size(),
                              salt.data(), salt.size(), kHashBytes, encoded.data(), encoded.size());
    if (code != ARGON2_OK) {
        return internal_error("HASH_FAILED", argon2_error_message(code));
    }
    return std::string(encoded.data());
}

bool password_matches(const std::string& password, const std::string& phc_hash) {
    return argon2id_verify(phc_hash.c_str(), password.data(), password.size()) == ARGON2_OK;
}

std::string random_token() {
    std::array<unsigned char, 32> bytes{};
    RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
    std::array<unsigned char, 48> text{};
    const int size = EVP_EncodeBlock(text.data(), bytes.data(), static_cast<int>(bytes.size()));
    std::string token(reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(size));
    for (char& c : token) {
        c = c == '+' ? '-' : c == '/' ? '_' : c;
    }
    while (!token.empty() && token.back() == '=') {
        token.pop_back();
    }
    return token;
}

std::string token_hash(const std::string& token) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    EVP_Digest(token.data(), token.size(), digest.data(), &size, EVP_sha256(), nullptr);
    std::string hex;
    for (unsigned int i = 0; i < size; ++i) {
        hex += "0123456789abcdef"[digest[i] >> 4];
        hex += "0123456789abcdef"[digest[i] & 0xFU];
    }
    return hex;
}

}  // namespace prepay::console
