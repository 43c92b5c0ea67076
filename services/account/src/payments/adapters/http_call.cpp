#include "payments/adapters/http_call.h"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <memory>

namespace prepay::account {
namespace {

constexpr std::size_t kAnswerMax = 256 << 10;

struct Receiving {
    HttpReply reply;
    bool too_large = false;
};

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* receiving_pointer) {
    auto* const receiving = static_cast<Receiving*>(receiving_pointer);
    if (receiving->reply.body.size() + size * count > kAnswerMax) {
        receiving->too_large = true;
        return 0;
    }
    receiving->reply.body.append(data, size * count);
    return size * count;
}

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* receiving_pointer) {
    const std::string line(data, size * count);
    const std::size_t colon = line.find(':');
    if (colon != std::string::npos) {
        std::string name = line.substr(0, colon);
        std::transform(name.begin(), name.end(), name.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        const std::size_t start = line.find_first_not_of(' ', colon + 1);
        const std::size_t end = line.find_last_not_of("\r\n ");
        if (start != std::string::npos && end != std::string::npos && end >= start) {
            static_cast<Receiving*>(receiving_pointer)->reply.headers[name] =
                line.substr(start, end - start + 1);
        }
    }
    return size * count;
}

}  // namespace

Status prepare_http() {
    static const CURLcode initialized = curl_global_init(CURL_GLOBAL_DEFAULT);
    return initialized == CURLE_OK ? absl::OkStatus()
                                   : internal_error("CURL_FAILED", curl_easy_strerror(initialized));
}

Result<HttpReply> http_call(const HttpCall& call) {
    const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(),
                                                                   &curl_easy_cleanup);
    curl_slist* list = nullptr;
    for (const std::string& header : call.headers) {
        list = curl_slist_append(list, header.c_str());
    }
    const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(list,
                                                                              &curl_slist_free_all);
    Receiving receiving;
    curl_easy_setopt(curl.get(), CURLOPT_URL, call.url.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(call.timeout.count()));
    curl_easy_setopt(curl.get(), CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, &on_body);
    curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &receiving);
    curl_easy_setopt(curl.get(), CURLOPT_HEADERFUNCTION, &on_header);
    curl_easy_setopt(curl.get(), CURLOPT_HEADERDATA, &receiving);
    if (call.method == "POST") {
        curl_easy_setopt(curl.get(), CURLOPT_POST, 1L);
        curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, call.body.c_str());
        curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(call.body.size()));
    }
    const CURLcode code = curl_easy_perform(curl.get());
    if (receiving.too_large) {
        return unavailable("PROVIDER_ANSWER_INVALID", "the provider's answer is too large");
    }
    if (code != CURLE_OK) {
        return unavailable("PROVIDER_UNAVAILABLE",
                           std::string("payment provider: ") + curl_easy_strerror(code));
    }
    curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &receiving.reply.status);
    return std::move(receiving.reply);
}

}  // namespace prepay::account
