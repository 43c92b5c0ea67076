#include "adapters/asio_http_server.h"

#include <sys/resource.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "telemetry/log.h"

namespace prepay::console {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr int kThreads = 2;
constexpr rlim_t kOtherFiles = 256;  ///< Database, peers, logs, web files.
constexpr std::chrono::milliseconds kAcceptPause{100};
constexpr std::string_view kBusy =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n"
    "Content-Length: 0\r\n\r\n";

// Makes room for a descriptor a connection: the usual soft limit is 1,024.
bool raise_file_limit(rlim_t wanted) {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return false;
    }
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = std::min(wanted, limit.rlim_max);
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    return limit.rlim_cur >= wanted;
}

}  // namespace

struct HttpServer::State {
    State(HttpShared& server_shared, const Places::Limits& limits)
        : shared(server_shared),
          connection_max(limits.max),
          places(limits, server_shared.metrics, &ConsoleMetrics::add_open_connections),
          work(asio::make_work_guard(loop)),
          acceptor(asio::make_strand(loop)) {}

    Result<int> listen(const std::string& host, int port);
    asio::awaitable<void> accept();
    void take_in(tcp::socket socket);
    void forget(const std::shared_ptr<HttpConnection>& connection);

    HttpShared& shared;
    const int connection_max;
    Places places;
    asio::io_context loop;
    asio::executor_work_guard<asio::io_context::executor_type> work;
    tcp::acceptor acceptor;
    std::vector<std::thread> threads;
    std::mutex mutex;
    std::condition_variable changed;
    std::set<std::shared_ptr<HttpConnection>> connections;
    bool accepting = false;
};

Result<int> HttpServer::State::listen(const std::string& host, int port) {
    error_code error;
    tcp::resolver resolver(loop);
    const auto found = resolver.resolve(host, std::to_string(port), tcp::resolver::passive, error);
    const tcp::endpoint endpoint = error ? tcp::endpoint() : found.begin()->endpoint();
    if (!error) {
        acceptor.open(endpoint.protocol(), error);
    }
    if (!error) {
        acceptor.set_option(asio::socket_base::reuse_address(true), error);
    }
    if (!error) {
        acceptor.bind(endpoint, error);
    }
    if (!error) {
        acceptor.listen(connection_max, error);
    }
    if (error) {
        return unavailable("ADDRESS_IN_USE",
                           "cannot listen on " + host + ":" + std::to_string(port) +
                               " for the web pages (" + error.message() +
                               "); is another instance running? Change web.listen.");
    }
    return acceptor.local_endpoint().port();
}

void HttpServer::State::take_in(tcp::socket socket) {
    error_code error;
    const tcp::endpoint peer = socket.remote_endpoint(error);
    if (error) {
        return;
    }
    const asio::ip::address address = plain_address(peer.address());
    const std::string client =
        shared.addresses.is_proxy(address) ? std::string() : client_key(address);
    std::shared_ptr<void> place = places.take(client);
    if (!place) {
        socket.non_blocking(true, error);
        socket.write_some(asio::buffer(kBusy), error);
        return;
    }
    socket.set_option(tcp::no_delay(true), error);
    const asio::any_io_executor executor = socket.get_executor();
    const auto connection = std::make_shared<HttpConnection>(std::move(socket), shared);
    {
        const std::lock_guard lock(mutex);
        connections.insert(connection);
    }
    asio::co_spawn(executor, connection->serve(),
                   [this, connection, place](const std::exception_ptr& failure) mutable {
                       if (failure) {
                           telemetry::log_error("a connection failed");
                       }
                       place.reset();
                       forget(connection);
                   });
}

void HttpServer::State::forget(const std::shared_ptr<HttpConnection>& connection) {
    const std::lock_guard lock(mutex);
    connections.erase(connection);
    changed.notify_all();
}

asio::awaitable<void> HttpServer::State::accept() {
    asio::steady_timer timer(acceptor.get_executor());
    while (!shared.stopping) {
        error_code error;
        const asio::any_io_executor strand = asio::make_strand(loop);
        tcp::socket socket(strand);
        co_await acceptor.async_accept(socket, asio::redirect_error(asio::use_awaitable, error));
        if (!error) {
            take_in(std::move(socket));
        } else if (!shared.stopping) {  // No descriptors, most likely.
            telemetry::log_warning("no connection accepted", {{"error", error.message()}});
            timer.expires_after(kAcceptPause);
            co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
        }
    }
}

HttpServer::HttpServer(HttpShared& shared, const Places::Limits& connection_limits)
    : state_(std::make_unique<State>(shared, connection_limits)) {}

HttpServer::~HttpServer() { stop(); }

Result<int> HttpServer::start(const std::string& host, int port) {
    State& state = *state_;
    if (!raise_file_limit(static_cast<rlim_t>(state.connection_max) + kOtherFiles)) {
        return unavailable("TOO_FEW_FILES",
                           "the system allows too few open files for web.connection_max; raise "
                           "the limit (ulimit -n) or lower it");
    }
    const bool bracketed = host.size() > 2 && host.front() == '[';  // "[::]"
    PREPAY_ASSIGN_OR_RETURN(const int bound,
                            state.listen(bracketed ? host.substr(1, host.size() - 2) : host, port));
    state.accepting = true;
    asio::co_spawn(state.acceptor.get_executor(), state.accept(),
                   [&state](const std::exception_ptr& failure) {
                       if (failure) {
                           telemetry::log_error("connections are no longer accepted");
                       }
                       const std::lock_guard lock(state.mutex);
                       state.accepting = false;
                       state.changed.notify_all();
                   });
    for (int i = 0; i < kThreads; ++i) {
        state.threads.emplace_back([&state] { state.loop.run(); });
    }
    return bound;
}

void HttpServer::stop() {
    State& state = *state_;
    state.shared.stopping = true;
    if (state.threads.empty()) {
        return;
    }
    asio::post(state.acceptor.get_executor(), [&state] {
        error_code ignored;
        state.acceptor.close(ignored);
    });
    {
        std::unique_lock lock(state.mutex);
        state.changed.wait(lock, [&state] { return !state.accepting; });
        for (const auto& connection : state.connections) {
            connection->shut_down();
        }
        state.changed.wait(lock, [&state] { return state.connections.empty(); });
    }
    state.work.reset();
    for (std::thread& thread : state.threads) {
        thread.join();
    }
    state.threads.clear();
}

}  // namespace prepay::console
