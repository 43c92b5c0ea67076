#include "support/token_keys.h"

#include <openssl/pem.h>

namespace prepay::test {
namespace {

std::string drain(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    std::string text(data, static_cast<std::size_t>(size));
    BIO_free(bio);
    return text;
}

}  // namespace

TokenKeys::TokenKeys() {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    BIO* private_bio = BIO_new(BIO_s_mem());
    BIO* public_bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(private_bio, key, nullptr, nullptr, 0, nullptr, nullptr);
    PEM_write_bio_PUBKEY(public_bio, key);
    EVP_PKEY_free(key);
    private_pem_ = drain(private_bio);
    public_pem_ = drain(public_bio);
}

std::string TokenKeys::token(rpc::Role role, const std::string& subject,
                             const std::string& account_id, const Clock& clock) const {
    rpc::TokenClaims claims;
    claims.identity = {subject, role, account_id};
    claims.expire_time = clock.now() + std::chrono::hours(1);
    return rpc::sign_token(claims, private_pem_, clock.now()).value();
}

}  // namespace prepay::test
