#include <arpa/inet.h>

#include <netinet/in.h>
#include <catch2/catch.hpp>

#include "adapters/http_target.h"
#include "domain/delivery.h"

namespace prepay::alarm {
namespace {

std::string word(Delivery outcome) {
    switch (outcome) {
        case Delivery::kSent:
            return "sent";
        case Delivery::kNotAccepted:
            return "again";
        case Delivery::kRefused:
            return "failed";
        case Delivery::kUnknown:
            return "unknown";
    }
    return "";
}

bool is_allowed(const TargetRules& rules, const std::string& ip, const std::string& host = "x") {
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    if (inet_pton(AF_INET, ip.c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        return rules.allows(host, reinterpret_cast<const sockaddr&>(v4));
    }
    REQUIRE(inet_pton(AF_INET6, ip.c_str(), &v6.sin6_addr) == 1);
    v6.sin6_family = AF_INET6;
    return rules.allows(host, reinterpret_cast<const sockaddr&>(v6));
}

}  // namespace

TEST_CASE("I-16: what a mail hand-over showed decides whether it may be tried again") {
    struct Row {
        const char* what;
        SmtpEvidence evidence;
        const char* outcome;
        const char* reason;
    };
    const Row rows[] = {
        {"accepted", {true, true, false, 250}, "sent", ""},
        {"connection refused", {false, false, false, 0}, "again", "SMTP_UNAVAILABLE"},
        {"lost after MAIL", {false, false, false, 250}, "again", "SMTP_UNAVAILABLE"},
        {"lost in the middle of the text", {false, false, false, 354}, "again", "SMTP_UNAVAILABLE"},
        {"lost after the text", {false, true, false, 354}, "unknown", "ANSWER_LOST"},
        {"mailbox busy", {false, false, false, 450}, "again", "SMTP_450"},
        {"busy after the text", {false, true, false, 452}, "again", "SMTP_452"},
        {"no such mailbox", {false, false, false, 550}, "failed", "SMTP_550"},
        {"refused after the text", {false, true, false, 554}, "failed", "SMTP_554"},
        {"our password is wrong", {false, false, true, 535}, "again", "SMTP_LOG_IN_FAILED"},
    };
    for (const Row& row : rows) {
        INFO(row.what);
        CHECK(word(classify(row.evidence).outcome) == row.outcome);
        CHECK(classify(row.evidence).reason == row.reason);
    }
}

TEST_CASE("I-16: what a webhook call showed decides whether it may be tried again") {
    struct Row {
        const char* what;
        HttpEvidence evidence;
        const char* outcome;
        const char* reason;
    };
    const Row rows[] = {
        {"200", {false, true, 200}, "sent", ""},
        {"204", {false, true, 204}, "sent", ""},
        {"not connected", {false, false, 0}, "again", "TARGET_UNAVAILABLE"},
        {"time-out after the request", {false, true, 0}, "unknown", "ANSWER_LOST"},
        {"only 100 came", {false, true, 100}, "unknown", "ANSWER_LOST"},
        {"500", {false, true, 500}, "again", "HTTP_500"},
        {"503", {false, true, 503}, "again", "HTTP_503"},
        {"429", {false, true, 429}, "again", "HTTP_429"},
        {"400", {false, true, 400}, "failed", "HTTP_400"},
        {"redirect", {false, true, 302}, "failed", "HTTP_302"},
        {"internal address", {true, false, 0}, "failed", "TARGET_REFUSED"},
    };
    for (const Row& row : rows) {
        INFO(row.what);
        CHECK(word(classify(row.evidence).outcome) == row.outcome);
        CHECK(classify(row.evidence).reason == row.reason);
    }
}

TEST_CASE("retries back off, double, stay bounded and end") {
    using std::chrono::seconds;
    const RetryRule rule{4, seconds(10), seconds(25)};
    const DeliveryReport again{Delivery::kNotAccepted, "HTTP_500"};
    CHECK(next_step(again, {1}, rule).state == NotificationState::kWaiting);
    CHECK(next_step(again, {1}, rule).delay == seconds(10));
    CHECK(next_step(again, {2}, rule).delay == seconds(20));
    CHECK(next_step(again, {3}, rule).delay == seconds(25));
    CHECK(next_step(again, {4}, rule).state == NotificationState::kFailed);
    CHECK(next_step(again, {4}, rule).reason == "HTTP_500");
    CHECK(next_step({Delivery::kRefused, "HTTP_400"}, {1}, rule).state ==
          NotificationState::kFailed);
    CHECK(next_step({Delivery::kSent, ""}, {1}, rule).state == NotificationState::kSent);
}

TEST_CASE("I-16: what follows a lost answer") {
    struct Row {
        const char* what;
        Attempt attempt;
        int retry_after_s;  // Of the rule; 0 = never.
        NotificationState state;
        int delay_s;  // -1 = final.
    };
    using State = NotificationState;
    const Row rows[] = {
        // what                          tries retry? key?   rule  then            after
        {"a mail: shown, tried once more", {1, false, false}, 600, State::kUnknown, 600},
        {"a mail after a refused try", {3, false, false}, 600, State::kUnknown, 600},
        {"a mail, no second try wanted", {1, false, false}, 0, State::kUnknown, -1},
        {"a mail's second try", {2, true, false}, 600, State::kUnknown, -1},
        {"a webhook: as if not accepted", {1, false, true}, 600, State::kWaiting, 10},
        {"a webhook, again", {2, false, true}, 600, State::kWaiting, 20},
        {"a webhook, rule says never", {1, false, true}, 0, State::kWaiting, 10},
        {"a webhook, tries used up", {4, false, true}, 600, State::kUnknown, -1},
    };
    for (const Row& row : rows) {
        INFO(row.what);
        const RetryRule rule{4, std::chrono::seconds(10), std::chrono::seconds(25),
                             std::chrono::seconds(row.retry_after_s)};
        const NextStep step = next_step(abandoned(), row.attempt, rule);
        CHECK(step.state == row.state);
        CHECK(step.delay.has_value() == (row.delay_s >= 0));
        CHECK(step.delay.value_or(std::chrono::seconds(-1)) == std::chrono::seconds(row.delay_s));
        CHECK(step.reason == "ANSWER_LOST");
    }
}

TEST_CASE("S-16: internal addresses are refused however they are written") {
    const TargetRules none = TargetRules::parse({}).value();
    for (const char* ip : {"127.0.0.1",
                           "127.9.9.9",
                           "10.0.0.1",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.168.1.1",
                           "169.254.169.254",
                           "100.64.0.1",
                           "0.0.0.0",
                           "224.0.0.1",
                           "255.255.255.255",
                           "::1",
                           "::",
                           "fe80::1",
                           "fd00::1",
                           "fc00::1",
                           "ff02::1",
                           "::ffff:127.0.0.1",
                           "::ffff:10.0.0.1",
                           "64:ff9b::a00:1",
                           "2002:7f00:1::",
                           "::10.0.0.1",
                           "198.18.0.1"}) {
        INFO(ip);
        CHECK_FALSE(is_allowed(none, ip));
    }
    for (const char* ip : {"8.8.8.8", "172.32.0.1", "100.128.0.1", "192.167.1.1", "2606:4700::1111",
                           "::ffff:8.8.8.8", "64:ff9b::808:808"}) {
        INFO(ip);
        CHECK(is_allowed(none, ip));
    }
}

TEST_CASE("S-16: the allow-list takes blocks, addresses and names, and nothing else") {
    const TargetRules rules = TargetRules::parse({"10.1.0.0/16", "127.0.0.1", "Hooks.lan"}).value();
    CHECK(is_allowed(rules, "10.1.200.7"));
    CHECK_FALSE(is_allowed(rules, "10.2.0.1"));
    CHECK(is_allowed(rules, "127.0.0.1"));
    CHECK_FALSE(is_allowed(rules, "127.0.0.2"));
    CHECK(is_allowed(rules, "192.168.0.9", "hooks.lan"));
    CHECK_FALSE(is_allowed(rules, "192.168.0.9", "evil.lan"));
    CHECK(is_allowed(rules, "::ffff:10.1.0.1"));
    for (const char* bad : {"", "10.0.0.0/33", "10.0.0.0/x", "http://x", "a b"}) {
        INFO(bad);
        CHECK_FALSE(TargetRules::parse({bad}).ok());
    }
    CHECK(rules.refuses_literal("http://127.0.0.2/x").value());
    CHECK(rules.refuses_literal("http://[::1]:80/x").value());
    CHECK(rules.refuses_literal("http://2130706434/x").value());  // 127.0.0.2 as one number
    CHECK_FALSE(rules.refuses_literal("https://example.com/x").value());
    CHECK_FALSE(rules.refuses_literal("http://127.0.0.1:8080/x").value());
}

}  // namespace prepay::alarm
