#include <catch2/catch.hpp>

#include "runtime/outbox_rpc.h"
#include "support/test_database.h"
#include "support/token_keys.h"

namespace prepay::runtime {
namespace {

constexpr const char* kTopic = "prepay.owner.facts.v1";
constexpr int kMessageCount = 1300;

/// An owner's OutboxService on a real server, with published messages in one partition, and a
/// consumer that asks it over RPC.
struct Fixture {
    Fixture() {
        rpc::ServerOptions options;
        options.listen = "127.0.0.1:0";
        options.public_key_pem = keys.public_pem();
        server = std::make_unique<rpc::Server>(options, metrics, clock);
        service.add_snapshot(
            kTopic,
            [](pqxx::work& tx, const outbox::SnapshotRequest& request,
               const outbox::EmitEvent& emit) -> Status {
                for (const auto& row : tx.exec("SELECT generate_series(1, 1300)::text AS value")) {
                    PREPAY_RETURN_IF_ERROR(
                        emit({request.topic, "a", row["value"].as<std::string>()}));
                }
                return absl::OkStatus();
            });
        service.register_with(*server);
        REQUIRE(server->start().ok());
        rpc::ClientOptions to_owner;
        to_owner.address = "127.0.0.1:" + std::to_string(server->port());
        to_owner.token = keys.token(rpc::Role::kService, "prepay-reader");
        client = std::make_unique<rpc::Client>(to_owner);
        execute(*owner,
                "INSERT INTO outbox (topic, partition, message_key, payload, sequence)"
                " SELECT 'prepay.owner.facts.v1', 0, 'a', convert_to(n::text, 'UTF8'), n"
                " FROM generate_series(1, 1300) AS n");
        execute(*owner,
                "INSERT INTO outbox_positions VALUES ('prepay.owner.facts.v1', 0, 1301, 1300)");
        REQUIRE(subscriber->claim(kTopic, 0).ok());
    }

    static void execute(pg::Database& database, const std::string& sql) {
        REQUIRE(database
                    .transact([&](pqxx::work& tx) {
                        tx.exec(sql);
                        return absl::OkStatus();
                    })
                    .ok());
    }

    const test::TestDatabase source{"source"};
    const test::TestDatabase target{"target"};
    const std::unique_ptr<pg::Database> owner = source.open();
    const std::unique_ptr<pg::Database> reader = target.open();
    const outbox::Outbox box{1};
    const SystemClock clock;
    const test::TokenKeys keys;
    telemetry::Metrics metrics;
    OutboxRpc service{*owner, 1};
    std::unique_ptr<rpc::Server> server;
    std::unique_ptr<rpc::Client> client;
    outbox::OwnerCalls calls =
        owner_calls([this](const std::string&) -> const rpc::Client& { return *client; });
    std::vector<std::size_t> pieces;
    std::int64_t applied = 0;
    bool is_in_order = true;
    std::unique_ptr<outbox::Subscriber> subscriber = std::make_unique<outbox::Subscriber>(
        outbox::SubscriberOptions{}, *reader, box, calls,
        [this](pqxx::work&, const std::vector<kafka::Message>& messages) {
            for (const kafka::Message& message : messages) {
                is_in_order = is_in_order && message.payload == std::to_string(++applied);
            }
            pieces.push_back(messages.size());
            return absl::OkStatus();
        });
};

}  // namespace

TEST_CASE("a large gap is fetched and applied in bounded pieces") {
    SKIP_WITHOUT_POSTGRES();
    Fixture fixture;
    CHECK(fixture.calls.replay(kTopic, 0, 1, 0).value().size() == 500);
    REQUIRE(fixture.subscriber->catch_up(kTopic, 0, kMessageCount).ok());
    CHECK(fixture.applied == kMessageCount);
    CHECK(fixture.is_in_order);
    CHECK(fixture.pieces == std::vector<std::size_t>{500, 500, 300});
}

TEST_CASE("a snapshot is fetched and applied in bounded pieces, when Replay reaches no further") {
    SKIP_WITHOUT_POSTGRES();
    Fixture fixture;
    Fixture::execute(*fixture.owner, "DELETE FROM outbox WHERE sequence <= 1290");
    CHECK(error_reason(fixture.calls.replay(kTopic, 0, 1, 0).status()) == "REPLAY_TOO_OLD");
    Fixture::execute(*fixture.owner, "DELETE FROM outbox");
    CHECK(error_reason(fixture.calls.replay(kTopic, 0, 1, 0).status()) == "REPLAY_TOO_OLD");
    REQUIRE(fixture.subscriber->catch_up(kTopic, 0, kMessageCount).ok());
    CHECK(fixture.applied == kMessageCount);
    CHECK(fixture.is_in_order);
    CHECK(fixture.pieces == std::vector<std::size_t>{500, 500, 300});
    CHECK(fixture.subscriber->state().snapshot_count == 1);
}

TEST_CASE("an owner says how far it is, and what it cannot tell") {
    SKIP_WITHOUT_POSTGRES();
    const Fixture fixture;
    const std::vector<outbox::OutboxHead> heads = fixture.calls.ask_heads({kTopic});
    REQUIRE(heads.size() == 1);
    CHECK_FALSE(heads[0].stream_id.empty());
    REQUIRE(heads[0].partitions.size() == 1);
    CHECK(heads[0].partitions[0].numbered == kMessageCount);
    CHECK(heads[0].partitions[0].published == kMessageCount);
    const auto nothing = [](std::vector<kafka::Message>) { return absl::OkStatus(); };
    CHECK(error_reason(
              fixture.calls.fetch_snapshot("prepay.owner.others.v1", 0, 0, nothing).status()) ==
          "NO_SNAPSHOT");
    CHECK(error_reason(fixture.calls.fetch_snapshot(kTopic, 1, 0, nothing).status()) ==
          "PARTITION_UNKNOWN");
}

}  // namespace prepay::runtime
