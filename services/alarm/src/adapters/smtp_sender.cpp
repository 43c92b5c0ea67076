#include "adapters/smtp_sender.h"

#include <curl/curl.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>

namespace prepay::alarm {
namespace {

constexpr std::size_t kSubjectPartBytes = 42;  // 56 base64 characters: a word of at most 75.
constexpr std::size_t kBodyLineBytes = 57;     // 76 base64 characters a line.

std::string base64(std::string_view bytes) {
    std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
    const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                       reinterpret_cast<const unsigned char*>(bytes.data()),
                                       static_cast<int>(bytes.size()));
    text.resize(static_cast<std::size_t>(length));
    return text;
}

// RFC 2047 words; a character is never split over two of them.
std::string encoded_words(std::string_view text) {
    std::string words;
    while (!text.empty()) {
        std::size_t length = std::min(kSubjectPartBytes, text.size());
        while (length < text.size() && length > 1 && (text[length] & 0xC0) == 0x80) {
            --length;
        }
        words += (words.empty() ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?") +
                 base64(text.substr(0, length)) + "?=";
        text.remove_prefix(length);
    }
    return words;
}

std::string mail_date(Instant now) {
    static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const CivilTime civil = TimeZone::utc().to_civil(now);
    char text[64];
    std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d +0000",
                  kDays[weekday(civil.year, civil.month, civil.day)], civil.day,
                  kMonths[civil.month - 1], civil.year, civil.hour, civil.minute, civil.second);
    return text;
}

struct Upload {
    std::string_view rest;
    bool data_ended = false;
};

// libcurl asks for the text only after the server's 354, and ends the data once it got 0 bytes.
std::size_t read_upload(char* buffer, std::size_t size, std::size_t count, void* context) {
    auto& upload = *static_cast<Upload*>(context);
    const std::size_t length = std::min(size * count, upload.rest.size());
    std::memcpy(buffer, upload.rest.data(), length);
    upload.rest.remove_prefix(length);
    upload.data_ended = upload.data_ended || length == 0;
    return length;
}

long tls_mode(const std::string& tls) {
    if (tls == "none") {
        return CURLUSESSL_NONE;
    }
    return tls == "required" ? CURLUSESSL_ALL : CURLUSESSL_TRY;
}

}  // namespace

std::string mail_text(const OutgoingNotification& notification, const std::string& from,
                      Instant now) {
    std::string text = "Date: " + mail_date(now) + "\r\nFrom: <" + from + ">\r\nTo: <" +
                       notification.recipient + ">\r\nMessage-ID: <" +
                       notification.notification_id + from.substr(from.find('@')) +
                       ">\r\nSubject: " + encoded_words(notification.subject) +
                       "\r\nMIME-Version: 1.0\r\nAuto-Submitted: auto-generated\r\n"
                       "Content-Type: text/plain; charset=utf-8\r\n"
                       "Content-Transfer-Encoding: base64\r\n\r\n";
    // Lines of a text end with CRLF inside base64 too (RFC 2045, 6.8).
    std::string body;
    for (const char c : notification.body) {
        body += c == '\n' ? "\r\n" : std::string(1, c);
    }
    for (std::size_t i = 0; i < body.size(); i += kBodyLineBytes) {
        text += base64(std::string_view(body).substr(i, kBodyLineBytes)) + "\r\n";
    }
    return text;
}

SmtpSender::SmtpSender(SmtpConfig config, Duration timeout, const Clock& clock)
    : config_(std::move(config)), timeout_(timeout), clock_(clock) {}

DeliveryReport SmtpSender::send(const OutgoingNotification& notification) {
    const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(),
                                                                   &curl_easy_cleanup);
    if (config_.url.empty() || !curl) {
        return {Delivery::kRefused, "SMTP_NOT_CONFIGURED"};
    }
    if (!is_mail_address(notification.recipient)) {
        return {Delivery::kRefused, "BAD_RECIPIENT"};
    }
    const std::string text = mail_text(notification, config_.from, clock_.now());
    Upload upload{text};
    const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> recipients(
        curl_slist_append(nullptr, ("<" + notification.recipient + ">").c_str()),
        &curl_slist_free_all);
    const std::string from = "<" + config_.from + ">";
    CURL* easy = curl.get();
    curl_easy_setopt(easy, CURLOPT_URL, config_.url.c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout_.count() / 1000));
    // The time-out above does not cover the QUIT of a connection given up: libcurl would wait 120
    // s.
    const long answer_seconds = std::chrono::ceil<std::chrono::seconds>(timeout_).count();
    curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, answer_seconds);
    curl_easy_setopt(easy, CURLOPT_USE_SSL, tls_mode(config_.tls));
    if (!config_.user.empty()) {
        curl_easy_setopt(easy, CURLOPT_USERNAME, config_.user.c_str());
        curl_easy_setopt(easy, CURLOPT_PASSWORD, config_.password.c_str());
    }
    curl_easy_setopt(easy, CURLOPT_MAIL_FROM, from.c_str());
    curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, recipients.get());
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, &read_upload);
    curl_easy_setopt(easy, CURLOPT_READDATA, &upload);
    const CURLcode code = curl_easy_perform(easy);

    long last_code = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &last_code);
    SmtpEvidence evidence;
    evidence.completed = code == CURLE_OK;
    evidence.data_ended = upload.data_ended;
    evidence.log_in_failed = code == CURLE_LOGIN_DENIED;
    evidence.last_code = static_cast<int>(last_code);
    return classify(evidence);
}

}  // namespace prepay::alarm
