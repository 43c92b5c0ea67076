#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rpc/client.h"
#include "rpc/token.h"
#include "support/chaos_proxy.h"
#include "support/child_process.h"
#include "support/pg_cluster.h"
#include "support/token_keys.h"

namespace prepay::e2e {

/// What a story needs beside the binaries; asked before a Stack is made.
bool can_run(std::string& why_not);

struct StackOptions {
    /// PostgreSQL and Kafka are reached through proxies that can cut connections.
    bool is_proxied = false;
    /// The services' clocks can be set (tests/support/clock_shim.cpp).
    bool has_fake_clock = false;
    /// A consumer asks for a missing tail after two seconds instead of ten.
    bool is_watchful = false;
};

/// The whole suite as operations would run it: a private PostgreSQL cluster, a real Kafka node, the
/// park and provider simulators and the seven services, each a process of its own in a folder of
/// its own. Every process can be killed and started again; data stay.
class Stack {
public:
    explicit Stack(StackOptions options = {});
    ~Stack();
    Stack(const Stack&) = delete;
    Stack& operator=(const Stack&) = delete;

    /// "postgres", "kafka", "park-simulator", "provider-simulator", "metering-gateway", "billing",
    /// "account", "alarm", "scheduler", "reporting", "console".
    void kill(const std::string& name);
    void start(const std::string& name);
    /// Until /readyz of every service answers 200; throws after the time given.
    void wait_ready(std::chrono::seconds timeout = std::chrono::seconds(90));
    /// What the services that are not ready say; empty = all are.
    [[nodiscard]] std::string unready() const;

    /// The process names of the seven services.
    static const std::vector<std::string>& services();
    void signal(const std::string& name, int number);
    /// Kills Kafka and starts one that knows nothing: empty topics.
    void wipe_kafka();
    /// From now on packets between a service and PostgreSQL vanish, nothing is closed; with "kafka"
    /// those between everybody and Kafka. Needs `is_proxied`.
    void cut(const std::string& name);
    /// New connections work again. Those that were cut stay dead.
    void heal(const std::string& name);
    /// Sets a service's wall clock so much ahead of the right time. Needs `has_fake_clock`.
    void set_clock(const std::string& name, Duration ahead);

    /// A client with a token of the role, to "metering", "billing", "account", "alarm",
    /// "scheduler", "reporting", "console" or "simulator".
    std::unique_ptr<rpc::Client> client(const std::string& service,
                                        rpc::Role role = rpc::Role::kAdmin,
                                        const std::string& account_id = "") const;
    [[nodiscard]] int port(const std::string& name) const { return ports_.at(name); }
    [[nodiscard]] const std::string& folder() const { return folder_; }
    [[nodiscard]] std::string log_of(const std::string& name) const;
    /// Runs one of our binaries to its end; its standard output, or throws.
    std::string run(const std::string& command) const;

private:
    void prepare_folder();
    void create_schemas() const;
    void init_kafka();
    void create_topics() const;
    void write_configs();
    [[nodiscard]] std::vector<std::string> command_of(const std::string& name) const;
    [[nodiscard]] std::map<std::string, std::string> environment_of(const std::string& name) const;
    [[nodiscard]] bool answers_ready(const std::string& schema, std::string& answer) const;
    /// Where a service finds PostgreSQL or Kafka.
    [[nodiscard]] int port_seen(const std::string& by, const std::string& server) const;
    void wait_port(const std::string& name, std::chrono::seconds timeout) const;

    StackOptions options_;
    std::string folder_;
    const test::TokenKeys keys_;
    std::map<std::string, std::unique_ptr<test::ChaosProxy>>
        proxies_;  ///< By service, and "kafka".
    std::unique_ptr<test::PgCluster> postgres_;
    std::map<std::string, int> ports_;
    std::map<std::string, std::unique_ptr<test::ChildProcess>> processes_;
};

/// Polls until the condition holds; throws with `what` after the time given.
void eventually(const std::string& what, const std::function<bool()>& condition,
                std::chrono::seconds timeout = std::chrono::seconds(30));

}  // namespace prepay::e2e
