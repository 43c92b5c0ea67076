#include <set>
#include <thread>

#include "integration/alarm/world.h"

namespace prepay::alarm::test {

using prepay::test::TestDatabase;

TEST_CASE("I-16: mail servers that refuse, are busy, hang and drop") {
    SKIP_WITHOUT_POSTGRES();
    struct Row {
        const char* what;
        SmtpMode mode;
        const char* after_one_round;
        const char* at_the_end;  // With a server that accepts again.
        std::size_t texts_taken;
    };
    const Row rows[] = {
        {"accepts", SmtpMode::kAccept, "1 email sent 1\n", "1 email sent 1\n", 1},
        {"550", SmtpMode::kNoSuchMailbox, "1 email failed 1 SMTP_550\n",
         "1 email failed 1 SMTP_550\n", 0},
        {"450", SmtpMode::kBusy, "1 email waiting 1 SMTP_450\n", "1 email sent 2\n", 1},
        {"452 after the text", SmtpMode::kBusyAfterText, "1 email waiting 1 SMTP_452\n",
         "1 email sent 2\n", 2},
        {"554 after the text", SmtpMode::kRefuseAfterText, "1 email failed 1 SMTP_554\n",
         "1 email failed 1 SMTP_554\n", 1},
        {"silent after the text", SmtpMode::kSilentAfterText, "1 email unknown 1 ANSWER_LOST\n",
         "1 email unknown 1 ANSWER_LOST\n", 1},
        {"drops after the text", SmtpMode::kDropAfterText, "1 email unknown 1 ANSWER_LOST\n",
         "1 email unknown 1 ANSWER_LOST\n", 1},
        {"drops at once", SmtpMode::kDropAtGreeting, "1 email waiting 1 SMTP_UNAVAILABLE\n",
         "1 email sent 2\n", 1},
    };
    const TestDatabase scratch("alarm", alarm_migrations());
    for (const Row& row : rows) {
        INFO(row.what);
        wipe(scratch);
        SmtpSink smtp;
        World world(scratch.open(), smtp.url());
        smtp.set_mode(row.mode);
        REQUIRE(world.deliver({change_of(1, 40)}).ok());
        const auto start = std::chrono::steady_clock::now();
        CHECK(world.send_all() == 1);
        // The lease must outlive every send, also one to a server that says nothing any more.
        CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(10));
        CHECK(world.notifications() == row.after_one_round);
        smtp.set_mode(SmtpMode::kAccept);
        world.send_to_the_end();
        CHECK(world.notifications() == row.at_the_end);
        CHECK(smtp.mails().size() == row.texts_taken);
    }
}

TEST_CASE("I-16: webhooks that answer 500, refuse, hang and drop") {
    SKIP_WITHOUT_POSTGRES();
    struct Row {
        int status;
        const char* after_one_round;
        const char* at_the_end;
        std::size_t requests;
    };
    const Row rows[] = {
        {200, "1 webhook sent 1\n", "1 webhook sent 1\n", 1},
        {500, "1 webhook waiting 1 HTTP_500\n", "1 webhook sent 2\n", 2},
        {503, "1 webhook waiting 1 HTTP_503\n", "1 webhook sent 2\n", 2},
        {404, "1 webhook failed 1 HTTP_404\n", "1 webhook failed 1 HTTP_404\n", 1},
        {302, "1 webhook failed 1 HTTP_302\n", "1 webhook failed 1 HTTP_302\n", 1},
        // It may have been taken: the same key comes again.
        {0, "1 webhook waiting 1 ANSWER_LOST\n", "1 webhook sent 2\n", 2},
        {-1, "1 webhook waiting 1 ANSWER_LOST\n", "1 webhook sent 2\n", 2},
    };
    const TestDatabase scratch("alarm", alarm_migrations());
    for (const Row& row : rows) {
        INFO(row.status);
        wipe(scratch);
        HttpSink http;
        World world(scratch.open(), "");
        world.put_webhook(http.url());
        http.set_status(row.status);
        auto change = change_of(1, 40);
        change.mutable_customer()->clear_email();
        REQUIRE(world.deliver({change}).ok());
        CHECK(world.send_all() == 1);
        CHECK(world.notifications() == row.after_one_round);
        http.set_status(200);
        world.send_to_the_end();
        CHECK(world.notifications() == row.at_the_end);
        const auto requests = http.requests();
        REQUIRE(requests.size() == row.requests);
        // Every attempt carries the same idempotency key and a signature over what was sent.
        for (const HttpRequest& request : requests) {
            CHECK(request.header("Idempotency-Key") == requests[0].header("Idempotency-Key"));
            const std::string signature = request.header("Prepay-Signature");
            const auto seconds = std::stoll(signature.substr(2, signature.find(',') - 2));
            CHECK(signature == webhook_signature("secret-of-16-byte", seconds, request.body));
            CHECK(request.body.find("\"balance_micros\":\"40000000\"") != std::string::npos);
            CHECK(request.body.find("\"type\":\"prepay.alarm.low-balance.v1\"") !=
                  std::string::npos);
        }
    }
}

TEST_CASE("I-16: provable failures are tried a bounded number of times") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("alarm", alarm_migrations());
    HttpSink http;
    http.set_status(500);
    World world(scratch.open(), "smtp://127.0.0.1:" + std::to_string(closed_port()));
    world.put_webhook(http.url());
    REQUIRE(world.deliver({change_of(1, 40)}).ok());
    world.send_to_the_end();
    CHECK(world.notifications() ==
          "1 email failed 4 SMTP_UNAVAILABLE\n1 webhook failed 4 HTTP_500\n");
    CHECK(http.requests().size() == 4);
}

TEST_CASE("S-16: a webhook to an internal address is refused after name resolution") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("alarm", alarm_migrations());
    HttpSink http;
    World world(scratch.open(), "");
    std::string url = http.url();
    url.replace(url.find("127.0.0.1"), 9, "localhost");
    world.put_webhook(url);  // A name: what it resolves to is seen when it is called.
    const WebhookSender strict(TargetRules::parse({}).value(), std::chrono::seconds(1),
                               world.clock);
    OutgoingNotification message;
    message.recipient = url;
    message.secret = "secret-of-16-byte";
    message.body = "{}";
    WebhookSender sender = strict;
    const DeliveryReport report = sender.send(message);
    CHECK(report.outcome == Delivery::kRefused);
    CHECK(report.reason == "TARGET_REFUSED");
    CHECK(http.requests().empty());
    WebhookSender open(TargetRules::parse({"localhost"}).value(), std::chrono::seconds(1),
                       world.clock);
    CHECK(open.send(message).outcome == Delivery::kSent);
    CHECK(http.requests().size() == 1);
}

TEST_CASE("I-16: several senders at once send each notification once") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("alarm", alarm_migrations());
    SmtpSink smtp;
    World world(scratch.open(8), smtp.url());
    std::vector<account::v1::BalanceChange> changes;
    for (int i = 0; i < 60; ++i) {
        changes.push_back(change_of(1, 40, "a-" + std::to_string(i)));
    }
    REQUIRE(world.deliver(changes).ok());
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&world] {
            NotificationSending sending(world.store, world.senders, world.links,
                                        world.config.pay_url, world.config.retry,
                                        std::chrono::seconds(10), world.clock, world.metrics);
            while (sending.run_once().value_or(0)) {
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    world.send_to_the_end();
    std::set<std::string> message_ids;
    for (const std::string& mail : smtp.mails()) {
        const auto start = mail.find("Message-ID: ");
        message_ids.insert(mail.substr(start, mail.find('\r', start) - start));
    }
    CHECK(world.count("notifications WHERE state IN ('SENT', 'UNKNOWN')") == 60);
    CHECK(smtp.mails().size() == message_ids.size());
    CHECK(message_ids.size() == 60);
}

}  // namespace prepay::alarm::test
