#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "payments/providers/wechat/wechat_crypto.h"
#include "payments/providers/wechat/wechat_pay.h"
#include "support/paths.h"

namespace prepay::account::wechat {
namespace {

std::optional<nlohmann::json> vectors() {
    std::ifstream file(std::string(prepay::test::source_dir()) +
                       "/../shared/data/payment_vectors.json");
    if (!file) {
        WARN("SKIPPED: no ../shared/data");
        return std::nullopt;
    }
    return nlohmann::json::parse(file).at("wechat");
}

std::string text(const nlohmann::json& json, const char* key) {
    return json.at(key).get<std::string>();
}

}  // namespace

TEST_CASE("signatures equal the public vector") {
    const auto wechat = vectors();
    if (!wechat) {
        return;
    }
    const auto& vector = wechat->at("rsa_sha256_sign");
    const auto key = RsaKey::private_from_pem(text(vector, "private_key_pem"));
    REQUIRE(key.ok());
    CHECK(*key->sign(text(vector, "message")) == text(vector, "signature_b64"));
}

TEST_CASE("decryptions equal the public vectors, and every changed byte is noticed") {
    const auto wechat = vectors();
    if (!wechat) {
        return;
    }
    for (const auto& vector : wechat->at("aes_gcm")) {
        const std::string sealed = text(vector, "ciphertext_b64");
        const auto plain =
            decrypt_gcm(text(vector, "key"), text(vector, "nonce"), text(vector, "aad"), sealed);
        REQUIRE(plain.ok());
        CHECK(*plain == text(vector, "plaintext"));
        CHECK_FALSE(decrypt_gcm(text(vector, "key"), text(vector, "nonce"), "other", sealed).ok());
        for (std::size_t i = 0; i < sealed.size(); ++i) {
            std::string changed = sealed;
            changed[i] = changed[i] == 'A' ? 'B' : 'A';
            if (changed != sealed) {
                CHECK_FALSE(decrypt_gcm(text(vector, "key"), text(vector, "nonce"),
                                        text(vector, "aad"), changed)
                                .ok());
            }
        }
    }
}

TEST_CASE("a whole public callback verifies by its certificate and decrypts") {
    const auto wechat = vectors();
    if (!wechat) {
        return;
    }
    const auto& callback = wechat->at("notify_callback");
    const auto& headers = callback.at("headers");
    const auto folder =
        std::filesystem::temp_directory_path() / ("prepay-vector-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder);
    const std::string serial = text(headers, "Wechatpay-Serial");
    std::ofstream(folder / (serial + ".pem")) << text(callback, "certificate_pem");
    const SystemClock clock;
    const auto keys = PlatformKeys::load(folder.string(), clock);
    REQUIRE(keys.ok());
    const std::string timestamp = text(headers, "Wechatpay-Timestamp");
    const std::string nonce = text(headers, "Wechatpay-Nonce");
    const std::string signature = text(headers, "Wechatpay-Signature");
    std::string body = text(callback, "body");
    CHECK((*keys)->verify(serial, timestamp, nonce, body, signature).ok());
    CHECK(error_reason((*keys)->verify("00", timestamp, nonce, body, signature)) ==
          "NOTICE_SERIAL_UNKNOWN");
    CHECK_FALSE((*keys)->verify(serial, timestamp + "0", nonce, body, signature).ok());
    body[10] ^= 1;
    CHECK(error_reason((*keys)->verify(serial, timestamp, nonce, body, signature)) ==
          "NOTICE_SIGNATURE_INVALID");
    const auto resource = nlohmann::json::parse(text(callback, "body")).at("resource");
    const auto plain = decrypt_gcm(text(callback, "apiv3_key"), text(resource, "nonce"),
                                   text(resource, "associated_data"), text(resource, "ciphertext"));
    REQUIRE(plain.ok());
    CHECK(*plain == text(callback, "expected_plaintext"));
    std::filesystem::remove_all(folder);
}

TEST_CASE("the text to sign of a request equals the public vectors") {
    const auto wechat = vectors();
    if (!wechat) {
        return;
    }
    for (const auto& vector : wechat->at("authorization_header")) {
        CHECK(request_text(text(vector, "method"), text(vector, "url"),
                           std::to_string(vector.at("timestamp").get<std::int64_t>()),
                           text(vector, "nonce"),
                           text(vector, "body")) == text(vector, "message_to_sign"));
    }
}

TEST_CASE("base64 is read strictly") {
    CHECK(*decode_base64("TWE=") == "Ma");
    for (const char* bad :
         {"", "TWE", "TW=E", "T===", "TWE=\n", "TW E", "T\xC3\xA9==", "====", "TWE=TWE="}) {
        INFO(bad);
        CHECK_FALSE(decode_base64(bad).ok());
    }
}

TEST_CASE("keys that are no strong RSA keys are refused") {
    CHECK_FALSE(RsaKey::private_from_pem("").ok());
    CHECK_FALSE(
        RsaKey::public_from_pem("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----").ok());
    const SystemClock clock;
    CHECK(error_reason(PlatformKeys::load("/nonexistent", clock).status()) == "KEYS_MISSING");
}

}  // namespace prepay::account::wechat
