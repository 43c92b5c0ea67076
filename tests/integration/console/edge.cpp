#include "integration/console/edge.h"

#include <filesystem>

#include "adapters/http_edge.h"

namespace prepay::test {

struct Edge::State {
    State(const rpc::Client& account, const std::string& public_key_pem)
        : config(config_of()), access(public_key_pem, clock) {
        edge = std::make_unique<console::HttpEdge>(config, bridge, access, account, metrics);
        port = edge->start().value();
    }

    static console::ConsoleConfig config_of() {
        std::string pattern =
            (std::filesystem::temp_directory_path() / "prepay-edge-XXXXXX").string();
        console::ConsoleConfig config;
        config.web_root = mkdtemp(pattern.data());
        config.web_listen = "127.0.0.1:0";
        return config;
    }

    const SystemClock clock;
    const console::ConsoleConfig config;
    telemetry::Metrics registry;
    const console::ConsoleMetrics metrics{registry};
    console::GrpcBridge bridge{std::map<std::string, std::string>{}};
    rpc::AccessControl access;
    std::unique_ptr<console::HttpEdge> edge;
    int port = 0;
};

Edge::Edge(const rpc::Client& account, const std::string& public_key_pem)
    : state_(std::make_unique<State>(account, public_key_pem)) {}

Edge::~Edge() {
    state_->edge->stop();
    std::filesystem::remove_all(state_->config.web_root);
}

int Edge::port() const { return state_->port; }

}  // namespace prepay::test
