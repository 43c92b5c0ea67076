#include "world.h"

#include <poll.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "console_migrations.h"
#include "core/pause.h"
#include "support/child_process.h"

namespace prepay::test {
namespace {

constexpr int kWorkers = 32;  // As in a service.
constexpr int kServiceStreamsMax = 2000;

HttpAnswer answer_of(const httplib::Result& result) {
    if (!result) {
        throw std::runtime_error("no answer: " + httplib::to_string(result.error()));
    }
    return {result->status, result->body, result->headers};
}

void write_file(const std::filesystem::path& path, const std::string& content) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
}

}  // namespace

nlohmann::json HttpAnswer::json() const { return nlohmann::json::parse(body, nullptr, false); }

std::string HttpAnswer::reason() const {
    const nlohmann::json document = json();
    return document.is_object() && document.contains("details")
               ? document["details"][0]["debug"]["reason"].get<std::string>()
               : "";
}

std::string HttpAnswer::code() const {
    const nlohmann::json document = json();
    return document.is_object() ? document.value("code", "") : "";
}

std::string HttpAnswer::header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
}

bool World::available() { return TestDatabase::available(); }

World::World(const Bounds& bounds) : database("console", console_migrations()) {
    make_pages();
    config.web_listen = "127.0.0.1:0";
    config.web_root = web_root;
    config.private_key_pem = keys.private_pem();
    config.access_token_time = std::chrono::minutes(10);
    config.refresh_token_time = std::chrono::hours(12);
    config.connection_max = bounds.connection_max;
    config.stream_max = bounds.stream_max;
    config.receive_time = bounds.receive_time;
    config.connection_max_per_client = bounds.connection_max_per_client;
    config.stream_max_per_client = bounds.stream_max_per_client;
    config.hash_at_once = bounds.hash_at_once;
    config.hash_waiting_max = bounds.hash_waiting_max;
    config.trusted_proxies = bounds.trusted_proxies;
    config.forwarded_header = bounds.forwarded_header;

    pool_ = database.open();
    grpc_address_ = "127.0.0.1:" + std::to_string(free_port());
    const std::string address = grpc_address_;
    rpc::ServerOptions options;
    options.listen = address;
    options.public_key_pem = keys.public_pem();
    options.worker_count = kWorkers;
    options.stream_max = kServiceStreamsMax;
    server_ = std::make_unique<rpc::Server>(options, metrics_, clock);
    services.register_on(*server_);
    rpc::ClientOptions client;
    client.address = address;
    client.token = token(rpc::Role::kService);
    account_ = std::make_unique<rpc::Client>(client);
    auth_ = std::make_unique<console::GrpcAuthService>(config, *pool_, console_metrics_, anchored);
    auth_->register_on(*server_);
    links_ = std::make_unique<console::GrpcTenantLinks>(config, *pool_, *account_, anchored);
    links_->register_on(*server_);
    access_ = std::make_unique<rpc::AccessControl>(keys.public_pem(), clock);
    ended_sessions_ =
        std::make_unique<console::EndedSessions>(config, *pool_, *access_, *server_, clock);
    sessions_ = std::make_unique<console::GrpcSessionService>(*ended_sessions_);
    sessions_->register_on(*server_);
    REQUIRE(server_->start().ok());

    bridge_ = std::make_unique<console::GrpcBridge>(
        std::map<std::string, std::string>{{"prepay.account.v1", address},
                                           {"prepay.reporting.v1", address},
                                           {"prepay.console.v1", address}},
        auth_->address_proof());
    edge_ = std::make_unique<console::HttpEdge>(config, *bridge_, *access_, *account_,
                                                console_metrics_);
    const Result<int> started = edge_->start();
    REQUIRE(started.ok());
    port_ = *started;
}

World::~World() {
    edge_->stop();
    server_->stop(std::chrono::seconds(5));
    std::filesystem::remove_all(web_root.parent_path());
}

void World::make_pages() {
    static std::atomic<int> counter{0};
    const auto folder =
        std::filesystem::temp_directory_path() /
        ("prepay-console-test-" + std::to_string(getpid()) + "-" + std::to_string(++counter));
    web_root = folder / "web";
    write_file(folder / "secret.txt", "outside the web root");
    write_file(web_root / "index.html", "<title>console</title>");
    write_file(web_root / "m" / "index.html", "<title>phone</title>");
    write_file(web_root / "icon.svg", "<svg/>");
    std::string script;
    for (int i = 0; script.size() < 500'000; ++i) {
        script += "const v" + std::to_string(i) + " = " + std::to_string(i * 7919 % 10007) + ";\n";
    }
    write_file(web_root / "assets" / "app-1a2b.js", script);
}

std::string World::token(rpc::Role role, const std::string& account_id) const {
    return keys.token(role, std::string("user:") + rpc::role_text(role), account_id, clock);
}

void World::run_ended_sessions(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        (void)ended_sessions_->look();
        pause(stop, console::EndedSessions::kInterval);
    }
}

void World::tidy_log_ins() { REQUIRE(auth_->tidy().ok()); }

void World::look_for_ended_sessions() { REQUIRE(ended_sessions_->look().ok()); }

void World::execute(const std::string& sql) const {
    pqxx::connection connection(database.admin_url());
    pqxx::nontransaction(connection).exec(sql);
}

void World::add_user(const std::string& name, const std::string& password, rpc::Role role) {
    REQUIRE(console::put_user(*pool_, clock, name, "", role, password).ok());
}

HttpAnswer World::get(const std::string& path, const httplib::Headers& headers) const {
    httplib::Client client("127.0.0.1", port_);
    client.set_read_timeout(30);
    return answer_of(client.Get(path, headers));
}

HttpAnswer World::post(const std::string& path, const std::string& body, const std::string& type,
                       const httplib::Headers& headers) const {
    httplib::Client client("127.0.0.1", port_);
    client.set_read_timeout(30);
    return answer_of(client.Post(path, headers, body, type));
}

HttpAnswer World::call(const std::string& method, const nlohmann::json& request,
                       const std::string& token) const {
    httplib::Headers headers;
    if (!token.empty()) {
        headers.emplace("authorization", "Bearer " + token);
    }
    return post("/" + method, request.dump(), "application/json", headers);
}

double World::metric(const std::string& line_start) const {
    std::istringstream lines(metrics_.render());
    for (std::string line; std::getline(lines, line);) {
        if (line.rfind(line_start, 0) == 0) {
            return std::stod(line.substr(line.rfind(' ') + 1));
        }
    }
    return 0;
}

void await(const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!condition()) {
        REQUIRE(std::chrono::steady_clock::now() < deadline);
        ::poll(nullptr, 0, 5);
    }
}

std::vector<std::pair<int, std::string>> open_envelopes(const std::string& body) {
    std::vector<std::pair<int, std::string>> messages;
    std::size_t at = 0;
    while (at + 5 <= body.size()) {
        std::size_t size = 0;
        for (std::size_t i = 1; i < 5; ++i) {
            size = (size << 8) | static_cast<unsigned char>(body[at + i]);
        }
        messages.emplace_back(body[at], body.substr(at + 5, size));
        at += 5 + size;
    }
    return messages;
}

}  // namespace prepay::test
