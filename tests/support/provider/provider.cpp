#include "support/provider/provider.h"

#include <httplib.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <regex>

namespace prepay::provider {
namespace {

constexpr std::size_t kLogMax = 10'000;
constexpr std::size_t kNoncesMax = 10'000;
constexpr int kWorkerCount = 8;
constexpr std::int64_t kAgeMaxSeconds = 300;

std::int64_t unix_seconds() {
    return std::chrono::duration_cast<std::chrono::seconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

std::int64_t steady_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

std::string china_time(std::int64_t seconds) {
    const std::time_t shifted = static_cast<std::time_t>(seconds + 8 * 3600);
    std::tm parts{};
    gmtime_r(&shifted, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S+08:00", &parts);
    return text;
}

/// RFC 3339 to seconds; 0 = not readable.
std::int64_t parse_time(const std::string& text) {
    static const std::regex pattern(
        R"((\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?(Z|([+-])(\d\d):(\d\d)))");
    std::smatch match;
    if (!std::regex_match(text, match, pattern)) {
        return 0;
    }
    std::tm parts{};
    parts.tm_year = std::stoi(match[1]) - 1900;
    parts.tm_mon = std::stoi(match[2]) - 1;
    parts.tm_mday = std::stoi(match[3]);
    parts.tm_hour = std::stoi(match[4]);
    parts.tm_min = std::stoi(match[5]);
    parts.tm_sec = std::stoi(match[6]);
    std::int64_t seconds = timegm(&parts);
    if (match[7] != "Z") {
        const int offset = std::stoi(match[9]) * 3600 + std::stoi(match[10]) * 60;
        seconds -= match[8] == "-" ? -offset : offset;
    }
    return seconds;
}

Reply refuse(int status, const std::string& code, const std::string& message) {
    return {status, {{"code", code}, {"message", message}}};
}

Reply pay_failure(const std::string& code) {
    return {400, {{"err_msg", "get_brand_wcpay_request:fail"}, {"code", code}}};
}

template <typename T>
void take(const Json& json, const char* key, T& value) {
    if (json.contains(key)) {
        value = json.at(key).get<T>();
    }
}

std::string text_of(const Json& json, const char* key) {
    return json.is_object() && json.contains(key) && json.at(key).is_string()
               ? json.at(key).get<std::string>()
               : "";
}

/// What a corrupted notice changes after it was signed.
void corrupt(SignedMessage& notice, const std::string& how) {
    if (how == "signature") {
        std::string bytes = decode_base64(notice.signature);
        bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
        notice.signature = encode_base64(bytes);
    } else if (how == "serial") {
        notice.serial = "PUB_KEY_ID_0000000000000000000000000000";
    } else if (how == "body") {
        notice.body.insert(notice.body.size() - 1, " ");
    } else if (how == "sign_test") {
        notice.signature = "WECHATPAY/SIGNTEST/" + notice.signature;
    }
}

}  // namespace

struct Provider::Order {
    std::string no;
    std::string prepay_id;
    std::string trade_state = "NOTPAY";
    std::string transaction_id;
    std::string openid;
    std::string notify_url;
    std::string request_body;
    std::int64_t total = 0;
    std::int64_t paid_total = 0;
    std::int64_t expire_seconds = 0;
    std::int64_t success_seconds = 0;
    int notify_count = 0;
    bool notify_accepted = false;

    [[nodiscard]] Json to_json() const {
        return {{"no", no},
                {"prepay_id", prepay_id},
                {"trade_state", trade_state},
                {"transaction_id", transaction_id},
                {"openid", openid},
                {"notify_url", notify_url},
                {"request_body", request_body},
                {"total", total},
                {"paid_total", paid_total},
                {"expire_seconds", expire_seconds},
                {"success_seconds", success_seconds},
                {"notify_count", notify_count},
                {"notify_accepted", notify_accepted}};
    }
};

Faults Faults::from_json(const Json& json) {
    if (!json.is_object()) {
        throw std::runtime_error("faults must be a JSON object");
    }
    const Json known = Faults().to_json();
    for (const auto& [key, value] : json.items()) {
        if (!known.contains(key)) {
            throw std::runtime_error("unknown fault " + key);
        }
    }
    Faults faults;
    take(json, "drop_notices", faults.drop_notices);
    take(json, "repeat_notices", faults.repeat_notices);
    take(json, "notice_delay_ms", faults.notice_delay_ms);
    take(json, "hold_notices", faults.hold_notices);
    take(json, "reorder", faults.reorder);
    take(json, "corrupt_notice", faults.corrupt_notice);
    take(json, "lie", faults.lie);
    take(json, "use_certificate", faults.use_certificate);
    take(json, "answer_status", faults.answer_status);
    take(json, "answer_delay_ms", faults.answer_delay_ms);
    take(json, "answer_bad_signature", faults.answer_bad_signature);
    take(json, "answer_trade_state", faults.answer_trade_state);
    take(json, "event_type", faults.event_type);
    return faults;
}

Json Faults::to_json() const {
    return {{"drop_notices", drop_notices},
            {"repeat_notices", repeat_notices},
            {"notice_delay_ms", notice_delay_ms},
            {"hold_notices", hold_notices},
            {"reorder", reorder},
            {"corrupt_notice", corrupt_notice},
            {"lie", lie},
            {"use_certificate", use_certificate},
            {"answer_status", answer_status},
            {"answer_delay_ms", answer_delay_ms},
            {"answer_bad_signature", answer_bad_signature},
            {"answer_trade_state", answer_trade_state},
            {"event_type", event_type}};
}

Provider::Provider(Keys keys, ProviderOptions options)
    : keys_(std::move(keys)), options_(std::move(options)) {
    load();
    for (int i = 0; i < kWorkerCount; ++i) {
        workers_.emplace_back([this](const std::stop_token& stop) { deliver_loop(stop); });
    }
}

Provider::~Provider() = default;

std::string Provider::check_authorization(const std::string& value, const std::string& method,
                                          const std::string& path, const std::string& body) {
    const std::string scheme = "WECHATPAY2-SHA256-RSA2048 ";
    if (!value.starts_with(scheme)) {
        return "Authorization is missing or of another scheme";
    }
    std::map<std::string, std::string> parts;
    static const std::regex pattern(R"re((\w+)="([^"]*)")re");
    for (std::sregex_iterator it(value.begin() + static_cast<std::ptrdiff_t>(scheme.size()),
                                 value.end(), pattern);
         it != std::sregex_iterator(); ++it) {
        parts[(*it)[1]] = (*it)[2];
    }
    if (parts["mchid"] != keys_.mchid || parts["serial_no"] != keys_.merchant_serial) {
        return "unknown mchid or serial_no";
    }
    const std::int64_t time = std::atoll(parts["timestamp"].c_str());
    if (std::abs(unix_seconds() - time) > kAgeMaxSeconds) {
        return "timestamp is off";
    }
    const std::string text = method + "\n" + path + "\n" + parts["timestamp"] + "\n" +
                             parts["nonce_str"] + "\n" + body + "\n";
    if (!keys_.merchant.verify_base64(text, parts["signature"])) {
        return "the signature does not verify";
    }
    const std::lock_guard lock(mutex_);
    if (std::find(nonces_.begin(), nonces_.end(), parts["nonce_str"]) != nonces_.end()) {
        return "nonce_str was used before";
    }
    nonces_.push_back(parts["nonce_str"]);
    if (nonces_.size() > kNoncesMax) {
        nonces_.pop_front();
    }
    return {};
}

Reply Provider::create_prepay(const Json& request) {
    const std::string no = text_of(request, "out_trade_no");
    const Json amount = request.is_object() ? request.value("amount", Json()) : Json();
    const Json payer = request.is_object() ? request.value("payer", Json()) : Json();
    if (text_of(request, "appid") != keys_.appid || text_of(request, "mchid") != keys_.mchid) {
        return refuse(400, "APPID_MCHID_NOT_MATCH", "appid and mchid do not belong together");
    }
    static const std::regex number(R"([0-9A-Za-z_\-|*]{6,32})");
    if (!std::regex_match(no, number) || text_of(request, "description").empty() ||
        text_of(request, "notify_url").empty() || text_of(payer, "openid").empty() ||
        !amount.is_object() || !amount.contains("total") || !amount["total"].is_number_integer() ||
        amount["total"].get<std::int64_t>() <= 0 || amount.value("currency", "CNY") != "CNY") {
        return refuse(400, "PARAM_ERROR", "a required field is missing or wrong");
    }
    const std::string expire = text_of(request, "time_expire");
    if (!expire.empty() && parse_time(expire) <= unix_seconds()) {
        return refuse(400, "PARAM_ERROR", "time_expire is not a time to come");
    }
    const std::lock_guard lock(mutex_);
    const auto known = orders_.find(no);
    if (known != orders_.end()) {
        if (known->second.trade_state == "SUCCESS") {
            return refuse(400, "ORDERPAID", "the order is paid");
        }
        if (known->second.trade_state == "CLOSED") {
            return refuse(400, "ORDER_CLOSED", "the order is closed");
        }
        if (known->second.request_body != request.dump()) {
            return refuse(400, "INVALID_REQUEST", "out_trade_no was used for another order");
        }
        return {200, {{"prepay_id", known->second.prepay_id}}};
    }
    if (orders_.size() >= options_.orders_max) {
        return refuse(429, "FREQUENCY_LIMITED", "too many orders");
    }
    Order order;
    order.no = no;
    order.prepay_id = "wx" + random_text(34, "0123456789");
    order.openid = text_of(payer, "openid");
    order.notify_url = text_of(request, "notify_url");
    order.request_body = request.dump();
    order.total = amount["total"].get<std::int64_t>();
    order.expire_seconds = expire.empty() ? unix_seconds() + 7200 : parse_time(expire);
    prepay_ids_[order.prepay_id] = no;
    const Reply reply{200, {{"prepay_id", order.prepay_id}}};
    orders_[no] = std::move(order);
    save();
    return reply;
}

Json Provider::transaction_of(const Order& order) const {
    Json json = {{"appid", keys_.appid},
                 {"mchid", keys_.mchid},
                 {"out_trade_no", order.no},
                 {"trade_state", order.trade_state},
                 {"trade_state_desc", order.trade_state},
                 {"attach", ""}};
    if (order.trade_state == "SUCCESS") {
        json["transaction_id"] = order.transaction_id;
        json["trade_type"] = "JSAPI";
        json["bank_type"] = "OTHERS";
        json["success_time"] = china_time(order.success_seconds);
        json["payer"] = {{"openid", order.openid}};
        json["amount"] = {{"total", order.paid_total},
                          {"payer_total", order.paid_total},
                          {"currency", "CNY"},
                          {"payer_currency", "CNY"}};
    }
    return json;
}

Reply Provider::query(const std::string& order_no, const std::string& mchid) {
    if (mchid != keys_.mchid) {
        return refuse(400, "PARAM_ERROR", "mchid is missing or wrong");
    }
    const std::lock_guard lock(mutex_);
    const auto found = orders_.find(order_no);
    if (found == orders_.end()) {
        return refuse(404, "ORDER_NOT_EXIST", "no such order");
    }
    Json transaction = transaction_of(found->second);
    if (!faults_.answer_trade_state.empty()) {
        transaction["trade_state"] = faults_.answer_trade_state;
    }
    return {200, transaction};
}

Reply Provider::close(const std::string& order_no, const Json& request) {
    if (text_of(request, "mchid") != keys_.mchid) {
        return refuse(400, "PARAM_ERROR", "mchid is missing or wrong");
    }
    const std::lock_guard lock(mutex_);
    const auto found = orders_.find(order_no);
    if (found == orders_.end()) {
        return refuse(404, "ORDER_NOT_EXIST", "no such order");
    }
    if (found->second.trade_state == "SUCCESS") {
        return refuse(400, "ORDER_PAID", "the order is paid");
    }
    found->second.trade_state = "CLOSED";
    save();
    return {204, nullptr};
}

Reply Provider::mark_paid(Order& order, std::int64_t total) {
    if (order.trade_state != "SUCCESS") {
        order.trade_state = "SUCCESS";
        order.transaction_id = "4200" + random_text(24, "0123456789");
        order.paid_total = total;
        order.success_seconds = unix_seconds();
        save();
        schedule(order.no);
    }
    return {200,
            {{"err_msg", "get_brand_wcpay_request:ok"},
             {"out_trade_no", order.no},
             {"transaction_id", order.transaction_id}}};
}

Reply Provider::pay(const Json& client) {
    const std::string package = text_of(client, "package");
    const std::string text = text_of(client, "appId") + "\n" + text_of(client, "timeStamp") + "\n" +
                             text_of(client, "nonceStr") + "\n" + package + "\n";
    if (!package.starts_with("prepay_id=") || text_of(client, "signType") != "RSA") {
        return pay_failure("PARAM_ERROR");
    }
    if (text_of(client, "appId") != keys_.appid ||
        !keys_.merchant.verify_base64(text, text_of(client, "paySign"))) {
        return pay_failure("SIGN_ERROR");
    }
    const std::lock_guard lock(mutex_);
    const auto no = prepay_ids_.find(package.substr(10));
    if (no == prepay_ids_.end()) {
        return pay_failure("PREPAY_ID_UNKNOWN");
    }
    Order& order = orders_.at(no->second);
    if (order.trade_state == "CLOSED") {
        return pay_failure("ORDER_CLOSED");
    }
    if (order.trade_state != "SUCCESS" && order.expire_seconds <= unix_seconds()) {
        return pay_failure("ORDER_EXPIRED");
    }
    return mark_paid(order, order.total);
}

Reply Provider::pay_order(const std::string& order_no, const Json& request) {
    const std::lock_guard lock(mutex_);
    const auto found = orders_.find(order_no);
    if (found == orders_.end()) {
        return refuse(404, "ORDER_NOT_EXIST", "no such order");
    }
    const bool other = request.is_object() && request.contains("total");
    return mark_paid(found->second,
                     other ? request.at("total").get<std::int64_t>() : found->second.total);
}

Reply Provider::notify_again(const std::string& order_no) {
    const std::lock_guard lock(mutex_);
    if (!orders_.contains(order_no)) {
        return refuse(404, "ORDER_NOT_EXIST", "no such order");
    }
    schedule(order_no);
    return {200, {{"scheduled", true}}};
}

Reply Provider::order(const std::string& order_no) {
    const std::lock_guard lock(mutex_);
    const auto found = orders_.find(order_no);
    return found == orders_.end() ? refuse(404, "ORDER_NOT_EXIST", "no such order")
                                  : Reply{200, found->second.to_json()};
}

Reply Provider::orders() {
    const std::lock_guard lock(mutex_);
    Json list = Json::array();
    for (const auto& [no, order] : orders_) {
        list.push_back(order.to_json());
    }
    return {200, list};
}

void Provider::schedule(const std::string& order_no) {
    if (faults_.drop_notices) {
        return;
    }
    for (int i = 0; i < std::clamp(faults_.repeat_notices, 1, 1000); ++i) {
        const Delivery delivery{order_no, steady_ms() + faults_.notice_delay_ms, 0};
        (faults_.hold_notices ? held_ : due_).push_back(delivery);
    }
    changed_.notify_all();
}

void Provider::release() {
    const std::lock_guard lock(mutex_);
    if (faults_.reorder) {
        std::reverse(held_.begin(), held_.end());
    }
    for (const Delivery& delivery : held_) {
        due_.push_back(delivery);
    }
    held_.clear();
    changed_.notify_all();
}

void Provider::deliver_loop(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        Delivery next;
        {
            std::unique_lock lock(mutex_);
            const auto ready = [this] {
                return std::find_if(due_.begin(), due_.end(),
                                    [](const Delivery& d) { return d.due_ms <= steady_ms(); });
            };
            changed_.wait_for(lock, stop, std::chrono::milliseconds(due_.empty() ? 1000 : 20),
                              [&] { return ready() != due_.end(); });
            const auto place = ready();
            if (stop.stop_requested() || place == due_.end()) {
                continue;
            }
            next = *place;
            due_.erase(place);
        }
        deliver(std::move(next));
    }
}

void Provider::deliver(Delivery delivery) {
    std::string url;
    {
        const std::lock_guard lock(mutex_);
        url = orders_.at(delivery.order_no).notify_url;
    }
    static const std::regex pattern(R"((https?://[^/]+)(/.*)?)");
    std::smatch match;
    int status = 0;
    if (std::regex_match(url, match, pattern)) {
        const SignedMessage notice = make_notice(delivery.order_no);
        httplib::Client client(match[1].str());
        client.set_connection_timeout(2);
        client.set_read_timeout(5);
        const auto answer = client.Post(match[2].matched ? match[2].str() : std::string("/"),
                                        {{"Wechatpay-Timestamp", notice.timestamp},
                                         {"Wechatpay-Nonce", notice.nonce},
                                         {"Wechatpay-Signature", notice.signature},
                                         {"Wechatpay-Serial", notice.serial},
                                         {"Wechatpay-Signature-Type", "WECHATPAY2-SHA256-RSA2048"}},
                                        notice.body, "application/json");
        status = answer ? answer->status : 0;
    }
    const bool accepted = status == 200 || status == 204;
    note("notice", delivery.order_no, status, accepted ? "accepted" : "not accepted");
    const std::lock_guard lock(mutex_);
    Order& order = orders_.at(delivery.order_no);
    ++order.notify_count;
    order.notify_accepted = order.notify_accepted || accepted;
    if (!accepted && delivery.attempt < options_.retry_ms.size()) {
        delivery.due_ms = steady_ms() + options_.retry_ms[delivery.attempt];
        ++delivery.attempt;
        due_.push_back(delivery);
    }
    save();
}

SignedMessage Provider::sign(const std::string& body, const Faults& faults) {
    std::int64_t seconds = unix_seconds();
    seconds += faults.corrupt_notice == "timestamp_past"     ? -360
               : faults.corrupt_notice == "timestamp_future" ? 360
                                                             : 0;
    SignedMessage message;
    message.timestamp = std::to_string(seconds);
    message.nonce = random_text(32, kAlphanumeric);
    message.serial = faults.use_certificate ? keys_.certificate_serial : keys_.public_key_serial;
    message.body = body;
    const std::string text = message.timestamp + "\n" + message.nonce + "\n" + body + "\n";
    message.signature =
        (faults.use_certificate ? keys_.certificate : keys_.platform).sign_base64(text);
    return message;
}

SignedMessage Provider::sign_answer(const std::string& body) {
    Faults faults = this->faults();
    faults.corrupt_notice.clear();
    SignedMessage message = sign(body, faults);
    if (faults.answer_bad_signature) {
        corrupt(message, "signature");
    }
    return message;
}

SignedMessage Provider::make_notice(const std::string& order_no) {
    Json transaction;
    {
        const std::lock_guard lock(mutex_);
        transaction = transaction_of(orders_.at(order_no));
    }
    const Faults faults = this->faults();
    for (const auto& [key, value] : faults.lie.items()) {
        Json& owner = key == "total" || key == "currency" ? transaction["amount"] : transaction;
        if (value.is_null()) {
            owner.erase(key);
        } else {
            owner[key] = value;
        }
    }
    const std::string nonce = random_text(12, kAlphanumeric);
    std::string key = keys_.api_v3_key;
    if (faults.corrupt_notice == "key") {
        std::reverse(key.begin(), key.end());
    }
    std::string sealed = encrypt_gcm_base64(key, nonce, "transaction", transaction.dump());
    if (faults.corrupt_notice == "tag") {
        std::string bytes = decode_base64(sealed);
        bytes.back() = static_cast<char>(bytes.back() ^ 1);
        sealed = encode_base64(bytes);
    }
    const Json body = {
        {"id", random_text(36, "0123456789abcdef")},
        {"create_time", china_time(unix_seconds())},
        {"resource_type", "encrypt-resource"},
        {"event_type", faults.event_type.empty() ? "TRANSACTION.SUCCESS" : faults.event_type},
        {"summary", "payment succeeded"},
        {"resource",
         {{"original_type", "transaction"},
          {"algorithm", "AEAD_AES_256_GCM"},
          {"ciphertext", sealed},
          {"associated_data", "transaction"},
          {"nonce", nonce}}}};
    SignedMessage notice = sign(body.dump(), faults);
    corrupt(notice, faults.corrupt_notice);
    return notice;
}

Faults Provider::faults() {
    const std::lock_guard lock(mutex_);
    return faults_;
}

void Provider::set_faults(const Faults& faults) {
    const std::lock_guard lock(mutex_);
    faults_ = faults;
}

void Provider::note(const std::string& kind, const std::string& order_no, int status,
                    const std::string& detail) {
    const std::lock_guard lock(mutex_);
    log_.push_back({{"n", ++log_count_},
                    {"time", china_time(unix_seconds())},
                    {"kind", kind},
                    {"no", order_no},
                    {"status", status},
                    {"detail", detail}});
    if (log_.size() > kLogMax) {
        log_.pop_front();
    }
}

Json Provider::log(std::int64_t from) {
    const std::lock_guard lock(mutex_);
    Json list = Json::array();
    for (const Json& entry : log_) {
        if (entry["n"].get<std::int64_t>() >= from) {
            list.push_back(entry);
        }
    }
    return list;
}

void Provider::save() {
    if (options_.state_file.empty()) {
        return;
    }
    Json list = Json::array();
    for (const auto& [no, order] : orders_) {
        list.push_back(order.to_json());
    }
    write_file(options_.state_file, list.dump());
}

void Provider::load() {
    if (options_.state_file.empty() || !std::filesystem::exists(options_.state_file)) {
        return;
    }
    for (const Json& json : Json::parse(read_file(options_.state_file))) {
        Order order;
        order.no = json.at("no");
        order.prepay_id = json.at("prepay_id");
        order.trade_state = json.at("trade_state");
        order.transaction_id = json.at("transaction_id");
        order.openid = json.at("openid");
        order.notify_url = json.at("notify_url");
        order.request_body = json.at("request_body");
        order.total = json.at("total");
        order.paid_total = json.at("paid_total");
        order.expire_seconds = json.at("expire_seconds");
        order.success_seconds = json.at("success_seconds");
        order.notify_count = json.at("notify_count");
        order.notify_accepted = json.at("notify_accepted");
        prepay_ids_[order.prepay_id] = order.no;
        if (order.trade_state == "SUCCESS" && !order.notify_accepted) {
            due_.push_back({order.no, steady_ms(), 0});
        }
        orders_[order.no] = std::move(order);
    }
}

}  // namespace prepay::provider
