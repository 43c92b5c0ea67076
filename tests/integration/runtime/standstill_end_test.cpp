// A process that does not get on: what its pages say, and when it ends.

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

#include "core/pause.h"
#include "integration/runtime/program.h"
#include "kafka/kafka.h"
#include "outbox/outbox.h"
#include "support/child_process.h"
#include "support/crash.h"
#include "support/mock_broker.h"
#include "support/test_database.h"
#include "support/token_keys.h"

namespace prepay::test {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kPatience{60};
constexpr std::chrono::seconds kEndAfter{8};
constexpr const char* kTopic = "prepay.test.facts.v1";

/// The process of a service that publishes, with twenty messages to be published.
struct Publisher {
    explicit Publisher(const std::string& brokers) {
        fs::create_directories(folder);
        std::ofstream(folder / "key.pem") << keys.public_pem();
        std::ofstream(folder / "token") << keys.token(rpc::Role::kService, "prepay-test");
        std::ofstream(folder / "publisher.yaml")
            << "listen: {grpc: '127.0.0.1:" << free_port() << "', http: '127.0.0.1:" << http_port
            << "'}\n"
            << "database: {url: '" << scratch.options().url << "'}\n"
            << "kafka: {brokers: '" << brokers << "', partition_count: 2}\n"
            << "auth: {public_key_file: " << (folder / "key.pem").string()
            << ", service_token_file: " << (folder / "token").string() << "}\n"
            << "peers: {console: '127.0.0.1:1'}\n"
            << "progress: {ask_interval: 1s, grace: 1s, stalled_after: 5s, end_after: "
            << kEndAfter.count() << "s}\n";
        child = std::make_unique<ChildProcess>(
            std::vector<std::string>{"/proc/self/exe", "[.publisher]"}, (folder / "log").string(),
            std::map<std::string, std::string>{
                {"PUBLISHER_CONFIG", (folder / "publisher.yaml").string()}});
        const bool is_ready = until(kPatience, [&] { return page("/readyz").first == 200; });
        INFO(log());
        REQUIRE(is_ready);
        const auto database = scratch.open(1);
        const outbox::Outbox outbox(2);
        REQUIRE(database
                    ->transact([&](pqxx::work& tx) {
                        for (int i = 0; i < 20; ++i) {
                            outbox.append(tx, kTopic, std::to_string(i), "payload");
                        }
                        return absl::OkStatus();
                    })
                    .ok());
    }
    ~Publisher() {
        child.reset();
        fs::remove_all(folder);
    }

    /// Status and text of a page; 0 when nobody answers.
    std::pair<int, std::string> page(const std::string& path) const {
        return read_page(http_port, path);
    }

    std::string log() const {
        std::ifstream stream(folder / "log");
        return {std::istreambuf_iterator<char>(stream), {}};
    }

    const TestDatabase scratch{"publisher"};
    const TokenKeys keys;
    const int http_port = free_port();
    const fs::path folder =
        fs::temp_directory_path() / ("prepay-publisher-" + std::to_string(http_port));
    std::unique_ptr<ChildProcess> child;
};

}  // namespace

// Not a test: the process.
TEST_CASE("the process that publishes", "[.publisher]") {
    runtime::Program program;
    program.name = "publisher";
    program.schema = "publisher";
    program.wire = [](runtime::Service&) { return absl::OkStatus(); };
    REQUIRE(serve(program, "PUBLISHER_CONFIG") == 0);
}

TEST_CASE("I-28 a process whose outbox stands says not ready, and ends to be started anew") {
    SKIP_WITHOUT_POSTGRES();
    MockBroker broker;
    broker.create_topic(kTopic, 1);  // Half of the messages have no partition to go to.
    Publisher publisher(broker.brokers());
    std::pair<int, std::string> said;
    CHECK(until(kPatience, [&] {
        said = publisher.page("/readyz");
        return said.first != 200;
    }));
    CHECK(said.first == 503);
    CHECK(said.second.find("OUTBOX_STALLED") != std::string::npos);
    CHECK(until(kPatience, [&] {
        const std::string metrics = publisher.page("/metrics").second;
        return metrics.find("\nprepay_publisher_outbox_stalled 1\n") != std::string::npos;
    }));
    CHECK(publisher.child->wait(kPatience) == 1);
    const std::string log = publisher.log();
    INFO(log);
    CHECK(log.find("ending to be started anew") != std::string::npos);
    CHECK(log.find("OUTBOX_STALLED") != std::string::npos);
}

TEST_CASE(
    "a process says which message the broker refuses for its size, and publishes the others") {
    SKIP_WITHOUT_POSTGRES();
    MockBroker broker;
    broker.create_topic(kTopic, 2);
    Publisher publisher(broker.brokers());
    const auto shows = [&](const std::string& name, const std::string& value) {
        return publisher.page("/metrics")
                   .second.find("\nprepay_publisher_outbox_" + name + " " + value + "\n") !=
               std::string::npos;
    };
    CHECK(until(kPatience, [&] { return shows("unpublished_messages", "0"); }));
    CHECK(shows("set_aside_messages", "0"));
    const auto database = publisher.scratch.open(1);
    const outbox::Outbox outbox(2);
    REQUIRE(database
                ->transact([&](pqxx::work& tx) {
                    // Larger than append takes: as if written by one that knew no limit.
                    tx.exec_params(
                        "INSERT INTO outbox (topic, partition, message_key, payload) VALUES ($1, 1,"
                        " 'key', $2)",
                        kTopic, pqxx::binarystring(std::string(kafka::kMessageBytesMax + 1, 'x')));
                    for (int i = 0; i < 20; ++i) {
                        outbox.append(tx, kTopic, std::to_string(i), "behind it");
                    }
                    return absl::OkStatus();
                })
                .ok());
    CHECK(until(kPatience, [&] { return shows("set_aside_messages", "1"); }));
    CHECK(until(kPatience, [&] { return shows("unpublished_messages", "0"); }));
    CHECK(until(kPatience, [&] { return publisher.page("/readyz").first == 200; }));
    std::size_t published = 0;
    for (const auto& [place, sequences] : broker.sequences({kTopic}, 2)) {
        published += sequences.size();
    }
    CHECK(published == 40);
    const std::string log = publisher.log();
    INFO(log);
    const std::size_t said = log.find("the broker refuses a message for its size");
    REQUIRE(said != std::string::npos);
    const std::size_t begin = log.rfind('\n', said) + 1;  // The first line: npos + 1 = 0.
    const std::string line = log.substr(begin, log.find('\n', said) - begin);
    CHECK(line.find("\"error\"") != std::string::npos);
    CHECK(line.find(kTopic) != std::string::npos);
    CHECK(line.find(std::to_string(kafka::kMessageBytesMax + 4)) != std::string::npos);
}

TEST_CASE("I-28 a process whose broker is away goes on, and is ready") {
    SKIP_WITHOUT_POSTGRES();
    Publisher publisher("127.0.0.1:1");
    CHECK(publisher.child->wait(kEndAfter * 2) == -1);
    INFO(publisher.log());
    CHECK(publisher.child->is_running());
    CHECK(publisher.page("/readyz").first == 200);
}

}  // namespace prepay::test
