#include <openssl/evp.h>

#include "core/ids.h"
#include "integration/alarm/world.h"
#include "pg/row.h"
#include "prepay/alarm/v1/alarm.grpc.pb.h"
#include "rpc/client.h"
#include "rpc/server.h"
#include "support/token_keys.h"

namespace prepay::alarm::test {

using prepay::test::TestDatabase;

namespace {

rpc::CallContext call_of(World& world, rpc::Role role, const std::string& content = "x") {
    rpc::CallContext context;
    context.method = "prepay.alarm.v1.AlarmService/Test";
    context.request_id = new_id(world.clock);
    context.content_hash = content;
    context.identity = {"user:li", role, ""};
    return context;
}

v1::PutChannelRequest webhook_request(const std::string& url) {
    v1::PutChannelRequest request;
    request.mutable_channel()->set_kind(v1::CHANNEL_KIND_WEBHOOK);
    request.mutable_channel()->set_enabled(true);
    request.mutable_channel()->set_target(url);
    request.mutable_channel()->set_secret("secret-of-16-byte");
    return request;
}

/// The service's real server over a World, with the token of an admin.
class AlarmServer {
public:
    explicit AlarmServer(World& world) : server_(options(), registry_, clock_) {
        world.grpc.register_with(server_);
        REQUIRE(server_.start().ok());
    }
    ~AlarmServer() { server_.stop(std::chrono::milliseconds(1000)); }
    AlarmServer(const AlarmServer&) = delete;
    AlarmServer& operator=(const AlarmServer&) = delete;

    [[nodiscard]] Result<v1::PutChannelResponse> put(const v1::PutChannelRequest& request) const {
        rpc::ClientOptions options;
        options.address = "127.0.0.1:" + std::to_string(server_.port());
        options.token = keys_.token(rpc::Role::kAdmin, "user:li");
        const rpc::Client client(options);
        return client.call(*v1::AlarmService::NewStub(client.channel()),
                           &v1::AlarmService::StubInterface::PutChannel, request);
    }

private:
    rpc::ServerOptions options() {
        rpc::ServerOptions options;
        options.listen = "127.0.0.1:0";
        options.public_key_pem = keys_.public_pem();
        return options;
    }

    const prepay::test::TokenKeys keys_;
    const SystemClock clock_;
    telemetry::Metrics registry_;
    rpc::Server server_;
};

/// The stored answers as text, whatever field; bytes as they are.
std::string stored_answers(World& world) {
    return world.database
        ->read([](pqxx::work& tx) -> Result<std::string> {
            std::string text;
            for (const pg::Row row :
                 tx.exec("SELECT request_id || ' ' || method || ' ' || content_hash || ' ' ||"
                         " subject || ' ' || encode(answer, 'escape') AS stored"
                         " FROM request_answers ORDER BY request_id")) {
                text += row.text("stored") + "\n";
            }
            return text;
        })
        .value();
}

std::string stored_hash(World& world, const std::string& request_id) {
    return world.database
        ->read([&](pqxx::work& tx) -> Result<std::string> {
            return pg::only<std::string>(tx.exec_params1(
                "SELECT content_hash FROM request_answers WHERE request_id = $1", request_id));
        })
        .value();
}

std::string sha256_hex(const std::string& text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr);
    std::string hex;
    for (unsigned int i = 0; i < size; ++i) {
        hex += "0123456789abcdef"[digest[i] >> 4];
        hex += "0123456789abcdef"[digest[i] & 0xFU];
    }
    return hex;
}

}  // namespace

TEST_CASE("PutChannel: stored once a request, secret never shown, kept when left out") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("alarm", alarm_migrations());
    World world(scratch.open(), "");
    const auto context = call_of(world, rpc::Role::kAdmin);
    const auto request = webhook_request("https://example.com/hook?key=1");
    const auto first = world.grpc.put_channel(context, request);
    REQUIRE(first.ok());
    CHECK_FALSE(first->channel().channel_id().empty());
    CHECK(first->channel().secret().empty());
    // The answer lost and asked for again: the same channel, not another one.
    CHECK(world.grpc.put_channel(context, request)->channel().channel_id() ==
          first->channel().channel_id());
    CHECK(world.count("channels WHERE kind = 'WEBHOOK'") == 1);
    auto reused = context;
    reused.content_hash = "y";
    CHECK(error_reason(world.grpc.put_channel(reused, request).status()) == "REQUEST_ID_REUSED");

    auto other = request;
    other.mutable_channel()->set_secret("another-of-16-byte");
    CHECK(error_reason(world.grpc.put_channel(context, other).status()) == "REQUEST_ID_REUSED");
    CHECK(world.count("channels WHERE secret = 'secret-of-16-byte'") == 1);
    CHECK(world.count(
              "request_answers WHERE position('secret-of' in encode(answer, 'escape')) > 0") == 0);

    auto change = request;
    change.mutable_channel()->set_channel_id(first->channel().channel_id());
    change.mutable_channel()->clear_secret();
    change.mutable_channel()->add_levels(4);
    REQUIRE(world.grpc.put_channel(call_of(world, rpc::Role::kAdmin), change).ok());
    CHECK(world.count("channels WHERE secret = 'secret-of-16-byte' AND levels = '{4}'") == 1);
    change.mutable_channel()->set_kind(v1::CHANNEL_KIND_EMAIL);
    CHECK(
        error_reason(world.grpc.put_channel(call_of(world, rpc::Role::kAdmin), change).status()) ==
        "CHANNEL_KIND_FIXED");
    CHECK(error_reason(world.grpc
                           .put_channel(call_of(world, rpc::Role::kAdmin),
                                        webhook_request("http://169.254.169.254/latest"))
                           .status()) == "TARGET_REFUSED");
    CHECK(error_reason(
              world.grpc.put_channel(call_of(world, rpc::Role::kAdmin), v1::PutChannelRequest())
                  .status()) == "BAD_CHANNEL_KIND");
    CHECK(world.count("channels WHERE kind = 'WEBHOOK'") == 1);
}

TEST_CASE("a stored PutChannel holds its secret in no field, and no hash that it has a part in") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("alarm", alarm_migrations());
    World world(scratch.open(), "");
    const AlarmServer server(world);
    v1::PutChannelRequest request = webhook_request("https://example.com/hook?key=1");
    request.set_request_id("put-channel-1");
    request.mutable_channel()->set_channel_id("hook");
    // The same request but for the secret, each as if it were the first.
    const auto hash_with = [&](const std::string& secret) {
        wipe(scratch);
        request.mutable_channel()->set_secret(secret);
        const auto answer = server.put(request);
        REQUIRE(answer.ok());
        CHECK(answer->channel().secret().empty());
        CHECK(world.count("channels WHERE secret = '" + secret + "'") == 1);
        const std::string stored = stored_answers(world);
        CAPTURE(stored);
        CHECK(stored.find("hook?key=1") != std::string::npos);  // What is no secret is found.
        for (const std::string& text :
             {secret, sha256_hex(secret), sha256_hex(request.SerializeAsString()),
              sha256_hex(request.channel().SerializeAsString())}) {
            CHECK(stored.find(text) == std::string::npos);
        }
        return stored_hash(world, "put-channel-1");
    };
    const std::string hash = hash_with("secret-of-16-byte");
    CHECK(hash_with("another-of-16-byte") == hash);
    request.mutable_channel()->set_enabled(false);
    CHECK(hash_with("secret-of-16-byte") != hash);  // Everything else has a part in it.
    // And still the same id with another secret is another request.
    request.mutable_channel()->set_secret("another-of-16-byte");
    CHECK(error_reason(server.put(request).status()) == "REQUEST_ID_REUSED");
}

TEST_CASE("S-23: recipients are masked for roles below admin") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("alarm", alarm_migrations());
    SmtpSink smtp;
    World world(scratch.open(), smtp.url());
    world.put_webhook("https://example.com/hook?key=1");
    REQUIRE(world.deliver({change_of(1, 40)}).ok());
    for (const rpc::Role role : {rpc::Role::kViewer, rpc::Role::kCashier, rpc::Role::kOperator,
                                 rpc::Role::kAdmin, rpc::Role::kService}) {
        const bool is_open = role == rpc::Role::kAdmin || role == rpc::Role::kService;
        const auto listed = world.grpc.list_notifications(call_of(world, role), {});
        REQUIRE(listed.ok());
        REQUIRE(listed->notifications_size() == 2);
        CHECK(listed->notifications(1).recipient() ==
              (is_open ? "chen@example.com" : "c***@example.com"));
        CHECK(listed->notifications(0).recipient() ==
              (is_open ? "https://example.com/hook?key=1" : "https://example.com/***"));
        const auto channels = world.grpc.list_channels(call_of(world, role), {});
        REQUIRE(channels.ok());
        REQUIRE(channels->channels_size() == 2);
        CHECK((channels->channels(1).target().find("key=1") != std::string::npos) == is_open);
        CHECK(channels->channels(1).secret().empty());
    }
}

TEST_CASE("lists go page by page, newest first, and refuse foreign tokens") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("alarm", alarm_migrations());
    World world(scratch.open(), "smtp://127.0.0.1:1");
    for (int i = 0; i < 5; ++i) {
        REQUIRE(world.deliver({change_of(1, 40, "a-" + std::to_string(i))}).ok());
    }
    REQUIRE(world.deliver({change_of(2, 80, "a-3")}).ok());
    const auto context = call_of(world, rpc::Role::kViewer);
    v1::ListEpisodesRequest request;
    request.set_page_size(2);
    std::string accounts;
    do {
        const auto page = world.grpc.list_episodes(context, request);
        REQUIRE(page.ok());
        for (const auto& episode : page->episodes()) {
            accounts += episode.account_id() + " ";
        }
        request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    CHECK(accounts == "a-4 a-3 a-2 a-1 a-0 ");
    request.Clear();
    request.set_open_only(true);
    CHECK(world.grpc.list_episodes(context, request)->episodes_size() == 4);
    request.set_account_id("a-2");
    CHECK(world.grpc.list_episodes(context, request)->episodes_size() == 1);
    request.set_site_id("other");
    CHECK(world.grpc.list_episodes(context, request)->episodes_size() == 0);
    request.set_page_token("abc");
    CHECK(error_reason(world.grpc.list_episodes(context, request).status()) == "BAD_PAGE_TOKEN");
}

TEST_CASE("TestChannel sends for real and answers with the outcome") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("alarm", alarm_migrations());
    SmtpSink smtp;
    HttpSink http;
    World world(scratch.open(), smtp.url());
    world.put_webhook(http.url());
    const auto context = call_of(world, rpc::Role::kAdmin);
    v1::TestChannelRequest request;
    request.set_channel_id("customer-mail");
    CHECK(error_reason(world.grpc.test_channel(context, request).status()) == "BAD_RECIPIENT");
    request.set_recipient("desk@example.com");
    const auto mail = world.grpc.test_channel(context, request);
    REQUIRE(mail.ok());
    CHECK(mail->notification().state() == v1::NOTIFICATION_STATE_SENT);
    REQUIRE(smtp.mails().size() == 1);
    CHECK(smtp.mails()[0].find("To: <desk@example.com>") != std::string::npos);
    request.set_channel_id("hook");
    http.set_status(500);
    const auto hook = world.grpc.test_channel(context, request);
    REQUIRE(hook.ok());
    CHECK(hook->notification().state() == v1::NOTIFICATION_STATE_FAILED);
    CHECK(hook->notification().failure_reason() == "HTTP_500");
    CHECK(http.requests()[0].body.find("prepay.alarm.test.v1") != std::string::npos);
    request.set_channel_id("none");
    CHECK(error_reason(world.grpc.test_channel(context, request).status()) == "CHANNEL_NOT_FOUND");
    CHECK(world.send_all() == 0);
}

}  // namespace prepay::alarm::test
