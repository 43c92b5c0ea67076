// The real binary between a mock broker, a database and a client.

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>

#include "kafka/kafka.h"
#include "prepay/reporting/v1/reporting.grpc.pb.h"
#include "reporting_fixture.h"
#include "rpc/client.h"
#include "support/child_process.h"
#include "support/mock_broker.h"
#include "support/paths.h"
#include "support/token_keys.h"
#include "support/topology.h"

using namespace prepay;
using namespace prepay::reporting;
using namespace prepay::reporting::test;
using prepay::test::ChildProcess;
namespace fs = std::filesystem;

namespace {

constexpr int kPartitions = 2;

struct Process {
    Process() {
        folder = fs::temp_directory_path() / ("prepay-reporting-" + std::to_string(getpid()));
        fs::create_directories(folder);
        std::ofstream(folder / "key.pem") << keys.public_pem();
        std::ofstream(folder / "token") << token;
        for (const std::string& topic : prepay::test::topology().service("reporting").reads) {
            broker.create_topic(topic, kPartitions);
        }
        const std::string url = files.options().url;
        std::ofstream(folder / "reporting.yaml")
            << "listen: {grpc: '127.0.0.1:" << port << "', http: '127.0.0.1:" << http_port << "'}\n"
            << "database: {url: '" << url << "', pool_size: 4}\n"
            << "kafka: {brokers: '" << broker.brokers() << "', partition_count: " << kPartitions
            << "}\n"
            << "auth: {public_key_file: " << (folder / "key.pem").string()
            << ", service_token_file: " << (folder / "token").string() << "}\n"
            << "peers: {account: '127.0.0.1:1', metering: '127.0.0.1:1', console: '127.0.0.1:1'}\n";
        kafka::ProducerOptions options;
        options.brokers = broker.brokers();
        producer = kafka::Producer::create(options).value();
        start();
    }
    ~Process() {
        child.reset();
        fs::remove_all(folder);
    }

    void start() {
        child = std::make_unique<ChildProcess>(
            std::vector<std::string>{
                std::string(prepay::test::binary_dir()) + "/bin/prepay-reporting", "--config",
                (folder / "reporting.yaml").string()},
            (folder / "log").string());
    }

    void publish(std::vector<kafka::Message> messages) {
        for (kafka::Message& one : messages) {
            one.producer = "prepay-account";
            one.sequence = ++sequences[{one.topic, one.partition}];
        }
        REQUIRE(producer->produce_all(messages).ok());
    }

    rpc::Client client() const {
        rpc::ClientOptions options;
        options.address = "127.0.0.1:" + std::to_string(port);
        options.token = token;
        return rpc::Client(options);
    }

    // Reads a stream until the answer says so.
    template <typename Done>
    std::vector<v1::WatchWallResponse> watch_until(Done done) {
        const rpc::Client connection = client();
        const auto stub = v1::ReportingService::NewStub(connection.channel());
        grpc::ClientContext context;
        context.set_wait_for_ready(true);
        connection.prepare_stream(context, std::chrono::seconds(30));
        v1::WatchWallRequest request;
        request.set_site_id("park");
        const auto reader = stub->WatchWall(&context, request);
        std::vector<v1::WatchWallResponse> all;
        v1::WatchWallResponse response;
        bool is_done = false;
        while (!is_done && reader->Read(&response)) {
            all.push_back(response);
            is_done = done(response);
        }
        context.TryCancel();
        reader->Finish();
        REQUIRE(is_done);
        return all;
    }

    Result<v1::GetTotalsResponse> totals() {
        const rpc::Client connection = client();
        const auto stub = v1::ReportingService::NewStub(connection.channel());
        return connection.call(*stub, &v1::ReportingService::StubInterface::GetTotals,
                               v1::GetTotalsRequest());
    }

    prepay::test::TestDatabase files{"reporting", reporting_migrations()};
    prepay::test::MockBroker broker;
    int port = prepay::test::free_port();
    int http_port = prepay::test::free_port();
    const prepay::test::TokenKeys keys;
    const std::string token = keys.token(rpc::Role::kViewer, "user:test");
    fs::path folder;
    std::map<std::pair<std::string, int>, std::int64_t> sequences;
    std::unique_ptr<kafka::Producer> producer;
    std::unique_ptr<ChildProcess> child;
};

bool shows_energy(const v1::WatchWallResponse& response, std::int64_t wh) {
    for (const v1::WallRoom& room : response.rooms()) {
        if (room.room_id() == "r1" && room.energy_today_wh() == wh) {
            return true;
        }
    }
    return false;
}

// A charge of a moment ago, so that it is of today.
kafka::Message charge_now(std::int64_t wh, const std::string& event_id) {
    const std::string now = format_time(SystemClock().now());
    return charges({charge("r1", now, now, wh, wh * 10)}, event_id);
}

}  // namespace

TEST_CASE("From the topics to the wall and the totals, kill -9 in between") {
    SKIP_WITHOUT_POSTGRES();
    Process process;
    process.publish({charge_now(5, "c1"), site_and_rooms(3)});
    process.watch_until([](const auto& response) { return shows_energy(response, 5); });

    process.child->kill();
    process.publish({charge_now(7, "c2"), charge_now(11, "c3")});
    process.start();
    process.watch_until([](const auto& response) { return shows_energy(response, 23); });
    const auto totals = process.totals();
    REQUIRE(totals.ok());
    CHECK(totals->charge_micros() == 230);
    CHECK(totals->charge_count() == 3);

    // A stream that is open sees a change, and hears a heartbeat within 10 s.
    auto change = std::async(std::launch::async, [&] {
        return process.watch_until([](const auto& response) {
            return !response.snapshot() && shows_energy(response, 123);
        });
    });
    process.publish({charge_now(100, "c4")});
    const auto messages = change.get();
    CHECK(messages.front().snapshot());

    process.child->signal(SIGTERM);
    CHECK(process.child->wait(std::chrono::seconds(11)) == 0);
}
