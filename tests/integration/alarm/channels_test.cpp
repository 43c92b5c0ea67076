#include "core/ids.h"
#include "integration/alarm/world.h"

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
