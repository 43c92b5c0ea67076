#include <catch2/catch.hpp>

#include "adapters/http_webhook_sender.h"
#include "adapters/smtp_sender.h"
#include "domain/channel.h"

namespace prepay::alarm {
namespace {

Channel webhook() {
    Channel channel;
    channel.channel_id = "hook";
    channel.kind = ChannelKind::kWebhook;
    channel.target = "https://example.com/hook";
    channel.secret = "0123456789abcdef";
    return channel;
}

std::string problem_of(const Channel& channel) {
    const auto problem = check_channel(channel);
    return problem ? problem->reason : "";
}

}  // namespace

TEST_CASE("mail addresses: nothing that could break a header or name a machine") {
    for (const char* good : {"li@example.com", "a.b+c@mail.example.co", "1@x.cn"}) {
        INFO(good);
        CHECK(is_mail_address(good));
    }
    for (const char* bad : {"", "li", "@x.cn", "li@", "li@x", "li@[127.0.0.1]", "li@127.0.0.1",
                            "li@x.cn\r\nBcc: a@b.cn", "li li@x.cn", "<li@x.cn>", "li@x..cn",
                            "li@.cn", "li@x.", "-li@x.cn", "li@@x.cn", "李@x.cn"}) {
        INFO(bad);
        CHECK_FALSE(is_mail_address(bad));
    }
}

TEST_CASE("channels are checked before they are stored") {
    CHECK(problem_of(webhook()).empty());
    Channel channel = webhook();
    channel.levels = {1, 5};
    CHECK(problem_of(channel) == "BAD_LEVEL");
    channel.levels = {1, 1};
    CHECK(problem_of(channel) == "BAD_LEVEL");
    channel = webhook();
    channel.target = "ftp://example.com";
    CHECK(problem_of(channel) == "BAD_TARGET");
    channel = webhook();
    channel.secret = "short";
    CHECK(problem_of(channel) == "BAD_SECRET");
    channel = webhook();
    channel.channel_id = "no spaces";
    CHECK(problem_of(channel) == "BAD_CHANNEL_ID");
    channel = {};
    channel.channel_id = "mail";
    channel.extra_recipients = {"li@example.com", "nonsense"};
    CHECK(problem_of(channel) == "BAD_RECIPIENT");
    channel.extra_recipients.assign(kExtraRecipientsMax + 1, "li@example.com");
    CHECK(problem_of(channel) == "TOO_MANY_RECIPIENTS");
}

TEST_CASE("a channel speaks for its site and levels only, while it is enabled") {
    Channel channel = webhook();
    CHECK(covers(channel, "park-1", 4));
    channel.site_id = "park-2";
    CHECK_FALSE(covers(channel, "park-1", 4));
    CHECK(covers(channel, "park-2", 4));
    channel.levels = {2, 3};
    CHECK_FALSE(covers(channel, "park-2", 4));
    CHECK(covers(channel, "park-2", 3));
    channel.enabled = false;
    CHECK_FALSE(covers(channel, "park-2", 3));
}

TEST_CASE("recipients: the customer and the extra ones, each once, valid ones only") {
    Channel channel;
    channel.extra_recipients = {"desk@example.com", "li@example.com"};
    CHECK(recipients_of(channel, "li@example.com") ==
          std::vector<std::string>{"li@example.com", "desk@example.com"});
    CHECK(recipients_of(channel, "no address").size() == 2);
    channel.extra_recipients.clear();
    CHECK(recipients_of(channel, "").empty());
    CHECK(recipients_of(webhook(), "li@example.com") ==
          std::vector<std::string>{"https://example.com/hook"});
}

TEST_CASE("S-23: recipients are masked") {
    CHECK(mask_recipient("li.ming@example.com") == "l***@example.com");
    CHECK(mask_recipient("https://u:p@example.com/hook?key=1") == "https://example.com/***");
    CHECK(mask_recipient("https://example.com") == "https://example.com/***");
    CHECK(mask_recipient("") == "");
    CHECK(mask_recipient("nonsense") == "***");
}

TEST_CASE("the webhook signature is HMAC-SHA256 of time stamp, dot and body") {
    // printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac secret-of-16-byte
    CHECK(webhook_signature("secret-of-16-byte", 1'700'000'000, "{\"a\":1}") ==
          "t=1700000000,v1=5c792e897581e08257d60b731042969738ea393b9edb4bd5fe0c9567fa0e7299");
}

TEST_CASE("mail text: encoded subject and body, CRLF, an id of its own, nothing injected") {
    OutgoingNotification message;
    message.notification_id = "0190-a";
    message.recipient = "li@example.com";
    message.subject = "余额提醒余额提醒余额提醒余额提醒余额提醒余额提醒\r\nBcc: x@y.cn";
    message.body = "您好\nline\n";
    const std::string text =
        mail_text(message, "energy@park.example", from_micros(1'767'571'200'000'000));
    INFO(text);
    CHECK(text.find("Date: Mon, 05 Jan 2026 00:00:00 +0000\r\n") == 0);
    CHECK(text.find("Message-ID: <0190-a@park.example>\r\n") != std::string::npos);
    CHECK(text.find("Bcc") == std::string::npos);
    CHECK(text.find("5oKo5aW9DQpsaW5lDQo=") != std::string::npos);
    for (std::size_t start = 0; start < text.size();) {
        const auto end = text.find("\r\n", start);
        REQUIRE(end != std::string::npos);
        CHECK(end - start <= 78);
        start = end + 2;
    }
}

}  // namespace prepay::alarm
