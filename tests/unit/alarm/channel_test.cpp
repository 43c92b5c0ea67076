#include <catch2/catch.hpp>
#include <set>

#include "adapters/http_webhook_sender.h"
#include "adapters/smtp_sender.h"
#include "convert.h"
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

TEST_CASE("a test of a channel: the hook's own target, or the address that was asked for") {
    const auto reached = [](const Channel& channel, const char* wanted) {
        const auto recipient = test_recipient(channel, wanted);
        const auto* const problem = std::get_if<ChannelProblem>(&recipient);
        return problem == nullptr ? std::get<std::string>(recipient) : problem->reason;
    };
    Channel mail;
    CHECK(reached(webhook(), "li@example.com") == "https://example.com/hook");
    CHECK(reached(mail, "li@example.com") == "li@example.com");
    CHECK(reached(mail, "") == "BAD_RECIPIENT");
    mail.extra_recipients = {"desk@example.com", "li@example.com"};
    CHECK(reached(mail, "") == "desk@example.com");
    CHECK(reached(mail, "nonsense") == "BAD_RECIPIENT");
}

TEST_CASE("the customer's own link goes into the customer's own mail only") {
    CHECK(goes_to_customer(ChannelKind::kEmail, "li@example.com", "li@example.com"));
    CHECK_FALSE(goes_to_customer(ChannelKind::kEmail, "desk@example.com", "li@example.com"));
    CHECK_FALSE(goes_to_customer(ChannelKind::kWebhook, "li@example.com", "li@example.com"));
}

TEST_CASE("every kind of channel of the API is known, by one word in the database") {
    const auto* const kinds = v1::ChannelKind_descriptor();
    std::set<ChannelKind> known;
    for (int i = 0; i < kinds->value_count(); ++i) {
        const auto number = static_cast<v1::ChannelKind>(kinds->value(i)->number());
        if (number == v1::CHANNEL_KIND_UNSPECIFIED) {
            continue;
        }
        INFO(kinds->value(i)->name());
        v1::Channel proto;
        proto.set_kind(number);
        const Result<Channel> channel = channel_from_proto(proto);
        REQUIRE(channel.ok());
        CHECK(kind_to_proto(channel->kind) == number);
        CHECK(kinds->value(i)->name() == std::string("CHANNEL_KIND_") + kind_text(channel->kind));
        CHECK(kind_from_text(kind_text(channel->kind)) == channel->kind);
        known.insert(channel->kind);
    }
    CHECK(known == std::set<ChannelKind>(kChannelKinds.begin(), kChannelKinds.end()));
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
