#include "payments/providers/wechat/wechat_pay.h"

#include <nlohmann/json.hpp>

#include "payments/adapters/http_call.h"
#include "payments/adapters/provider_words.h"

namespace prepay::account::wechat {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kOpenidMax = 128;

Result<PaymentFact> parse_fact(const std::string& text) {
    const Status malformed =
        invalid_argument("NOTICE_MALFORMED", "the transaction lacks what it must name");
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object()) {
        return malformed;
    }
    PaymentFact fact;
    fact.appid = text_at(json, "appid");
    fact.mchid = text_at(json, "mchid");
    fact.order_id = text_at(json, "out_trade_no");
    fact.transaction_id = text_at(json, "transaction_id");
    fact.trade_state = trade_state_from(text_at(json, "trade_state"));
    const bool has_transaction =
        fact.trade_state == TradeState::kSuccess || fact.trade_state == TradeState::kRefund;
    if (!is_id(fact.order_id, 32) || (has_transaction && !is_id(fact.transaction_id, 64))) {
        return malformed;
    }
    if (fact.trade_state != TradeState::kSuccess) {
        return fact;
    }
    const auto amount = json.find("amount");
    if (amount == json.end() || !amount->is_object() || !amount->contains("total") ||
        !amount->at("total").is_number_integer() || amount->at("total").get<std::int64_t>() <= 0 ||
        !is_id(text_at(*amount, "currency"), 3)) {
        return malformed;
    }
    fact.total_fen = amount->at("total").get<std::int64_t>();
    fact.currency = text_at(*amount, "currency");
    return fact;
}

Status provider_error(long status, const std::string& body) {
    const Json json = Json::parse(body, nullptr, false);
    const std::string code = json.is_object() ? text_at(json, "code") : "";
    const std::string text = "the payment provider answered " + std::to_string(status) + " " + code;
    if (status == 404 && (code == "ORDER_NOT_EXIST" || code == "RESOURCE_NOT_EXISTS")) {
        return not_found("ORDER_UNKNOWN_AT_PROVIDER", text);
    }
    if (code == "ORDER_PAID" || code == "ORDERPAID") {
        return failed_precondition("ORDER_PAID", text);
    }
    return status >= 500 || status == 429 ? unavailable("PROVIDER_UNAVAILABLE", text)
                                          : failed_precondition("PROVIDER_REFUSED", text);
}

}  // namespace

TradeState trade_state_from(const std::string& word) {
    struct Word {
        const char* word;
        TradeState state;
    };
    static constexpr Word words[] = {
        {"SUCCESS", TradeState::kSuccess}, {"REFUND", TradeState::kRefund},
        {"NOTPAY", TradeState::kNotPay},   {"USERPAYING", TradeState::kUserPaying},
        {"ACCEPT", TradeState::kAccept},   {"CLOSED", TradeState::kClosed},
        {"REVOKED", TradeState::kRevoked}, {"PAYERROR", TradeState::kPayError},
    };
    for (const Word& known : words) {
        if (word == known.word) {
            return known.state;
        }
    }
    return TradeState::kUnknown;
}

std::string request_text(const std::string& method, const std::string& path,
                         const std::string& timestamp, const std::string& nonce,
                         const std::string& body) {
    return method + "\n" + path + "\n" + timestamp + "\n" + nonce + "\n" + body + "\n";
}

Result<std::unique_ptr<WechatPay>> WechatPay::create(WechatOptions options, const Clock& clock) {
    PREPAY_RETURN_IF_ERROR(prepare_http());
    if (options.api_v3_key.size() != 32) {
        return invalid_argument("BAD_API_V3_KEY", "the APIv3 key must have 32 characters");
    }
    PREPAY_ASSIGN_OR_RETURN(RsaKey key, RsaKey::private_from_pem(options.merchant_private_key_pem));
    PREPAY_ASSIGN_OR_RETURN(auto platform_keys,
                            PlatformKeys::load(options.platform_keys_dir, clock));
    return std::unique_ptr<WechatPay>(
        new WechatPay(std::move(options), clock, std::move(key), std::move(platform_keys)));
}

Result<std::string> WechatPay::authorization(const std::string& method, const std::string& path,
                                             const std::string& body) {
    const std::string timestamp = seconds_text(clock_.now());
    const std::string nonce = random_nonce();
    PREPAY_ASSIGN_OR_RETURN(const std::string signature,
                            key_.sign(request_text(method, path, timestamp, nonce, body)));
    return "WECHATPAY2-SHA256-RSA2048 mchid=\"" + options_.merchant.mchid + "\",nonce_str=\"" +
           nonce + "\",signature=\"" + signature + "\",timestamp=\"" + timestamp +
           "\",serial_no=\"" + options_.merchant_serial + "\"";
}

Status WechatPay::check_payer(const std::string& openid) const {
    return openid.empty() || openid.size() > kOpenidMax
               ? invalid_argument("BAD_OPENID", "openid must have 1 .. 128 characters")
               : absl::OkStatus();
}

Result<WechatPay::Answer> WechatPay::call(const std::string& method, const std::string& path,
                                          const std::string& body) {
    PREPAY_ASSIGN_OR_RETURN(const std::string signed_by_us, authorization(method, path, body));
    PREPAY_ASSIGN_OR_RETURN(
        HttpReply reply,
        http_call({method,
                   options_.base_url + path,
                   {"Authorization: " + signed_by_us, "Accept: application/json",
                    "Content-Type: application/json", "User-Agent: prepay-account"},
                   body,
                   options_.timeout}));
    Answer answer;
    answer.status = reply.status;
    if (answer.status >= 500 || answer.status == 429) {
        return provider_error(answer.status, reply.body);
    }
    const std::string timestamp = reply.headers["wechatpay-timestamp"];
    const Status genuine = platform_keys_->verify(reply.headers["wechatpay-serial"], timestamp,
                                                  reply.headers["wechatpay-nonce"], reply.body,
                                                  reply.headers["wechatpay-signature"]);
    if (!genuine.ok() || !is_recent(timestamp, clock_.now())) {
        return unavailable("PROVIDER_ANSWER_INVALID",
                           "the provider's answer is not signed as it must be");
    }
    answer.body = std::move(reply.body);
    return answer;
}

Result<std::string> WechatPay::create_prepay(const Order& order, const std::string& description) {
    const Json request = {
        {"appid", options_.merchant.appid},
        {"mchid", options_.merchant.mchid},
        {"description", description},
        {"out_trade_no", order.order_id},
        {"time_expire", format_time(*order.expire_time)},
        {"notify_url", options_.notify_url},
        {"amount", {{"total", order.amount.micros() / 10'000}, {"currency", "CNY"}}},
        {"payer", {{"openid", order.openid}}},
    };
    PREPAY_ASSIGN_OR_RETURN(const Answer answer,
                            call("POST", "/v3/pay/transactions/jsapi", request.dump()));
    if (answer.status != 200) {
        return provider_error(answer.status, answer.body);
    }
    const Json json = Json::parse(answer.body, nullptr, false);
    const std::string prepay_id = json.is_object() ? text_at(json, "prepay_id") : "";
    if (prepay_id.empty() || prepay_id.size() > 128) {
        return unavailable("PROVIDER_ANSWER_INVALID", "the provider's answer has no prepay_id");
    }
    return prepay_id;
}

Result<PaymentFact> WechatPay::query(const std::string& order_id) {
    PREPAY_ASSIGN_OR_RETURN(
        const Answer answer,
        call("GET",
             "/v3/pay/transactions/out-trade-no/" + order_id + "?mchid=" + options_.merchant.mchid,
             ""));
    if (answer.status != 200) {
        return provider_error(answer.status, answer.body);
    }
    Result<PaymentFact> fact = parse_fact(answer.body);
    if (!fact.ok() || fact->order_id != order_id) {
        return unavailable("PROVIDER_ANSWER_INVALID",
                           "the provider's answer is about another order");
    }
    return fact;
}

Status WechatPay::close(const std::string& order_id) {
    const Json request = {{"mchid", options_.merchant.mchid}};
    PREPAY_ASSIGN_OR_RETURN(
        const Answer answer,
        call("POST", "/v3/pay/transactions/out-trade-no/" + order_id + "/close", request.dump()));
    return answer.status == 204 || answer.status == 200
               ? absl::OkStatus()
               : provider_error(answer.status, answer.body);
}

Result<ClientParameters> WechatPay::client_parameters(const std::string& prepay_id) {
    WechatClientParameters client;
    client.app_id = options_.merchant.appid;
    client.time_stamp = seconds_text(clock_.now());
    client.nonce_str = random_nonce();
    client.package = "prepay_id=" + prepay_id;
    client.sign_type = "RSA";
    PREPAY_ASSIGN_OR_RETURN(client.pay_sign,
                            key_.sign(client.app_id + "\n" + client.time_stamp + "\n" +
                                      client.nonce_str + "\n" + client.package + "\n"));
    return client;
}

Result<PaymentFact> WechatPay::open_notice(const SignedNotice& notice) {
    if (notice.body.size() > kNoticeBytesMax) {
        return invalid_argument("NOTICE_TOO_LARGE", "a notice has at most 64 KiB");
    }
    if (notice.timestamp.empty() || notice.nonce.empty() || notice.signature.empty() ||
        notice.serial.empty()) {
        return invalid_argument("NOTICE_HEADER_MISSING",
                                "Wechatpay-Timestamp, -Nonce, -Signature and -Serial are required");
    }
    if (!is_recent(notice.timestamp, clock_.now())) {
        return invalid_argument("NOTICE_TOO_OLD", "the notice's time is more than 5 minutes off");
    }
    PREPAY_RETURN_IF_ERROR(platform_keys_->verify(notice.serial, notice.timestamp, notice.nonce,
                                                  notice.body, notice.signature));
    const Json json = Json::parse(notice.body, nullptr, false);
    const auto resource = json.is_object() ? json.find("resource") : json.end();
    if (!json.is_object() || resource == json.end() || !resource->is_object() ||
        text_at(*resource, "algorithm") != "AEAD_AES_256_GCM") {
        return invalid_argument("NOTICE_MALFORMED",
                                "a notice needs a resource encrypted by AEAD_AES_256_GCM");
    }
    if (text_at(json, "event_type") != "TRANSACTION.SUCCESS") {
        return invalid_argument("NOTICE_EVENT_UNKNOWN",
                                "only notices of payments (TRANSACTION.SUCCESS) are taken here");
    }
    PREPAY_ASSIGN_OR_RETURN(
        const std::string plain,
        decrypt_gcm(options_.api_v3_key, text_at(*resource, "nonce"),
                    text_at(*resource, "associated_data"), text_at(*resource, "ciphertext")));
    PREPAY_ASSIGN_OR_RETURN(PaymentFact fact, parse_fact(plain));
    if (fact.trade_state == TradeState::kUnknown) {
        return invalid_argument("NOTICE_MALFORMED", "the notice names no trade_state that we know");
    }
    return fact;
}

}  // namespace prepay::account::wechat
