#include "adapters/http_post.h"

#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>

namespace prepay::alarm {
namespace {

struct Connecting {
    const TargetRules& rules;
    std::string host;
    bool is_refused = false;
};

// Called by libcurl with each resolved address it is about to connect to: what is checked is what
// is used, so a name that resolves differently a moment later gains nothing.
curl_socket_t open_checked(void* context, curlsocktype, curl_sockaddr* address) {
    auto& connecting = *static_cast<Connecting*>(context);
    if (!connecting.rules.allows(connecting.host, address->addr)) {
        connecting.is_refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

std::size_t discard(char*, std::size_t size, std::size_t count, void*) { return size * count; }

using Headers = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

Headers headers_of(const HttpPost& post) {
    curl_slist* list = curl_slist_append(nullptr, "Expect:");
    for (const std::string& line : post.headers) {
        list = curl_slist_append(list, line.c_str());
    }
    return {list, &curl_slist_free_all};
}

}  // namespace

DeliveryReport http_post(const HttpPost& post, const TargetRules& rules, Duration timeout) {
    const Result<std::string> host = host_of(post.url);
    const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(),
                                                                   &curl_easy_cleanup);
    if (!host.ok() || !curl) {
        return {Delivery::kRefused, "BAD_TARGET"};
    }
    Connecting connecting{rules, *host};
    const Headers headers = headers_of(post);
    const auto timeout_ms = static_cast<long>(timeout.count() / 1000);
    CURL* easy = curl.get();
    curl_easy_setopt(easy, CURLOPT_URL, post.url.c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(easy, CURLOPT_USERAGENT, "OpenPrepay-Alarm/1");
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout_ms);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(post.body.size()));
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, post.body.c_str());
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &discard);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &open_checked);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &connecting);
    const CURLcode code = curl_easy_perform(easy);

    long status = 0;
    long request_bytes = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy, CURLINFO_REQUEST_SIZE, &request_bytes);
    HttpEvidence evidence;
    evidence.status = static_cast<int>(status);
    evidence.request_started = request_bytes > 0;
    evidence.target_refused =
        connecting.is_refused && code != CURLE_OK && !evidence.request_started;
    return classify(evidence);
}

}  // namespace prepay::alarm
