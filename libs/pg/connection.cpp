#include "pg/connection.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <string>
#include <utility>
#include <vector>

namespace prepay::pg {
namespace {

std::string percent_encode(const std::string& text) {
    std::string encoded;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) != 0) {
            encoded += c;
        } else {
            encoded += '%';
            encoded += "0123456789ABCDEF"[byte >> 4];
            encoded += "0123456789ABCDEF"[byte & 0xFU];
        }
    }
    return encoded;
}

using Settings = std::vector<std::pair<std::string, std::string>>;

std::string seconds(std::chrono::milliseconds duration) {
    const auto whole = std::chrono::ceil<std::chrono::seconds>(duration).count();
    return std::to_string(std::max<std::int64_t>(1, whole));
}

std::string milliseconds(std::chrono::milliseconds duration) {
    return std::to_string(duration.count());
}

// libpq and the server name them alike but for a "tcp_". The number of probes decides nothing:
// with a user timeout that one ends the connection.
Settings keepalive(std::chrono::milliseconds peer_timeout) {
    return {{"keepalives_idle", seconds(peer_timeout / 3)},
            {"keepalives_interval", seconds(peer_timeout / 6)},
            {"keepalives_count", "4"}};
}

std::string server_options(const DatabaseOptions& options) {
    Settings settings = {
        {"search_path", options.schema},
        {"timezone", "UTC"},
        {"jit", "off"},
        {"statement_timeout", milliseconds(options.statement_timeout)},
        {"lock_timeout", milliseconds(options.lock_timeout)},
        {"idle_in_transaction_session_timeout", milliseconds(options.idle_in_transaction_timeout)},
        {"tcp_user_timeout", milliseconds(options.peer_timeout)}};
    for (const auto& [key, value] : keepalive(options.peer_timeout)) {
        settings.emplace_back("tcp_" + key, value);
    }
    std::string text;
    for (const auto& [key, value] : settings) {
        text += (text.empty() ? "-c" : " -c") + key + "=" + value;
    }
    return text;
}

// Cuts the parameter `options` out of the URL and gives its value, still encoded.
std::string take_options(std::string& url) {
    const auto query = url.find('?');
    for (auto start = query; start != std::string::npos; start = url.find('&', start + 1)) {
        if (url.compare(start + 1, 8, "options=") == 0) {
            const auto end = std::min(url.find('&', start + 1), url.size());
            std::string value = url.substr(start + 9, end - start - 9);
            url.erase(start + 1, std::min(end + 1, url.size()) - start - 1);
            return value;
        }
    }
    return "";
}

}  // namespace

std::string connection_url(const DatabaseOptions& options) {
    std::string target = options.url;
    // The last one of two equal keys counts: the URL's own stand behind ours.
    const std::string own = take_options(target);
    if (target.find('?') == std::string::npos) {
        target += '?';
    } else if (target.back() != '?' && target.back() != '&') {
        target += '&';
    }
    target +=
        "options=" + percent_encode(server_options(options)) + (own.empty() ? "" : "%20" + own);
    Settings client = keepalive(options.peer_timeout);
    client.emplace_back("connect_timeout", seconds(options.connect_timeout));
    client.emplace_back("tcp_user_timeout", milliseconds(options.peer_timeout));
    for (const auto& [key, value] : client) {
        if (options.url.find("?" + key + "=") == std::string::npos &&
            options.url.find("&" + key + "=") == std::string::npos) {
            target += "&" + key + "=" + value;
        }
    }
    if (!options.password.empty()) {
        target += "&password=" + percent_encode(options.password);
    }
    return target;
}

std::unique_ptr<pqxx::connection> connect(const DatabaseOptions& options) {
    auto connection = std::make_unique<pqxx::connection>(connection_url(options));
    // Else it would wait for a new connection while it cleans up behind a broken one.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    connection->inhibit_reactivation(true);
#pragma GCC diagnostic pop
    return connection;
}

SilenceWatch::SilenceWatch(int socket, std::chrono::milliseconds silence_max)
    : socket_(::fcntl(socket, F_DUPFD_CLOEXEC, 0)),
      silence_max_(silence_max),
      since_(std::chrono::steady_clock::now()) {}

SilenceWatch::SilenceWatch(SilenceWatch&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      silence_max_(other.silence_max_),
      since_(other.since_) {}

SilenceWatch::~SilenceWatch() {
    if (socket_ >= 0) {
        ::close(socket_);
    }
}

void SilenceWatch::allow(std::chrono::milliseconds silence_max) { silence_max_ = silence_max; }

void SilenceWatch::check() {
    tcp_info info{};
    socklen_t size = sizeof info;
    if (::getsockopt(socket_, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) {
        return;  // A local socket: nothing can cut it.
    }
    const std::chrono::milliseconds silence{
        std::min(info.tcpi_last_data_sent, info.tcpi_last_data_recv)};
    // A connection fetched from the pool was silent before for good reasons.
    const auto used = std::chrono::steady_clock::now() - since_;
    if (silence > silence_max_ && used > silence_max_) {
        ::shutdown(socket_, SHUT_RDWR);
    }
}

}  // namespace prepay::pg
