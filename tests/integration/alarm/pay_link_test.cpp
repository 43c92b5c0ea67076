#include <openssl/evp.h>

#include <map>

#include "adapters/grpc_pay_links.h"
#include "integration/alarm/world.h"
#include "rpc/server.h"
#include "support/token_keys.h"

namespace prepay::alarm::test {
namespace {

using prepay::test::TestDatabase;

/// The console as the alarm service sees it: checks tokens, keeps one link a request.
class FakeConsole {
public:
    FakeConsole() : server_(options(), metrics_, clock_) {
        const std::string service = "prepay.console.v1.SessionService/";
        server_.unary(service + "CreateMailLink", this, &FakeConsole::create);
        server_.unary(service + "ListEndedSessions", this, &FakeConsole::list);
        REQUIRE(server_.start().ok());
        rpc::ClientOptions client;
        client.address = "127.0.0.1:" + std::to_string(server_.port());
        client.token = keys_.token(rpc::Role::kService, "prepay-alarm");
        client.timeout = std::chrono::milliseconds(1'000);
        client_ = std::make_unique<rpc::Client>(client);
    }
    ~FakeConsole() { server_.stop(std::chrono::seconds(5)); }

    [[nodiscard]] const rpc::Client& client() const { return *client_; }
    void answer_with(Status status) { status_ = std::move(status); }
    void stop() { server_.stop(std::chrono::seconds(5)); }

    std::map<std::string, std::string> accounts;  ///< By request id.
    std::vector<std::string> callers;

private:
    rpc::ServerOptions options() {
        rpc::ServerOptions options;
        options.listen = "127.0.0.1:0";
        options.public_key_pem = keys_.public_pem();
        options.worker_count = 1;
        return options;
    }
    Result<console::v1::CreateMailLinkResponse> create(
        const rpc::CallContext& context, const console::v1::CreateMailLinkRequest& request) {
        PREPAY_RETURN_IF_ERROR(status_);
        callers.push_back(context.identity.subject);
        accounts.emplace(request.request_id(), request.account_id());
        console::v1::CreateMailLinkResponse response;
        response.set_token("token-" + std::to_string(accounts.size()));
        return response;
    }
    Result<console::v1::ListEndedSessionsResponse> list(
        const rpc::CallContext&, const console::v1::ListEndedSessionsRequest&) {
        return console::v1::ListEndedSessionsResponse();
    }

    const prepay::test::TokenKeys keys_;
    telemetry::Metrics metrics_;
    SystemClock clock_;
    Status status_ = absl::OkStatus();
    rpc::Server server_;
    std::unique_ptr<rpc::Client> client_;
};

/// Sends as the service does, with links of a console.
struct LinkedWorld {
    explicit LinkedWorld(const TestDatabase& scratch)
        : world(scratch.open(), smtp.url()),
          links(console.client(), world.config.pay_url, world.clock),
          sending(world.store, world.senders, links, world.config.pay_url, world.config.retry,
                  world.config.send_timeout, world.clock, world.metrics) {}

    int send_all() {
        int count = 0;
        while (sending.run_once().value()) {
            ++count;
        }
        return count;
    }
    /// The recipient and the text of each mail.
    std::vector<std::pair<std::string, std::string>> mails() {
        std::vector<std::pair<std::string, std::string>> found;
        for (const std::string& mail : smtp.mails()) {
            const auto to = mail.find("To: <") + 5;
            std::string text;
            std::string line;
            std::istringstream lines(mail.substr(mail.find("\r\n\r\n") + 4));
            while (std::getline(lines, line) && line.size() > 4) {
                line.erase(line.find_last_not_of("\r.") + 1);
                std::string bytes(3 * line.size() / 4, '\0');
                EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                reinterpret_cast<const unsigned char*>(line.data()),
                                static_cast<int>(line.size()));
                text += bytes;
            }
            found.emplace_back(mail.substr(to, mail.find('>', to) - to), text);
        }
        return found;
    }

    SmtpSink smtp;
    FakeConsole console;
    World world;
    GrpcPayLinks links;
    NotificationSending sending;
};

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

const char* const kOwn = "http://pay.example/m/#t=token-1";
const char* const kPlain = "http://pay.example/m/";

}  // namespace

TEST_CASE("a customer's mail carries the tenant's own link, copies and the database do not") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("alarm", alarm_migrations());
    LinkedWorld linked(scratch);
    REQUIRE(linked.world.database
                ->transact([](pqxx::work& tx) {
                    tx.exec("UPDATE channels SET extra_recipients = '{desk@park.example}'");
                    return absl::OkStatus();
                })
                .ok());
    REQUIRE(linked.world.deliver({change_of(1, 40)}).ok());
    CHECK(linked.send_all() == 2);
    const auto mails = linked.mails();
    REQUIRE(mails.size() == 2);
    for (const auto& [recipient, text] : mails) {
        INFO(recipient << ": " << text);
        CHECK(has(text, recipient == "chen@example.com" ? kOwn : kPlain));
        CHECK(has(text, "#t=") == (recipient == "chen@example.com"));
    }
    CHECK(linked.console.callers == std::vector<std::string>{"prepay-alarm"});
    REQUIRE(linked.console.accounts.size() == 1);
    CHECK(linked.console.accounts.begin()->second == "a-1");
    CHECK(linked.world.count("notifications n WHERE n::text LIKE '%token-%'") == 0);
    CHECK(linked.world.count("notifications WHERE to_customer") == 1);
}

TEST_CASE("one link an episode, however often its mail is tried") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("alarm", alarm_migrations());
    LinkedWorld linked(scratch);
    linked.smtp.set_mode(SmtpMode::kBusyAfterText);
    REQUIRE(linked.world.deliver({change_of(1, 40)}).ok());
    CHECK(linked.send_all() == 1);
    linked.smtp.set_mode(SmtpMode::kAccept);
    linked.world.clock.time += std::chrono::seconds(11);
    CHECK(linked.send_all() == 1);
    CHECK(linked.world.notifications() == "1 email sent 2\n");
    CHECK(linked.console.callers.size() == 2);
    REQUIRE(linked.console.accounts.size() == 1);
    const auto mails = linked.mails();
    REQUIRE(mails.size() == 2);
    CHECK(has(mails[0].second, kOwn));
    CHECK(has(mails[1].second, kOwn));
    // The next level is another episode.
    REQUIRE(linked.world.deliver({change_of(2, 15)}).ok());
    CHECK(linked.send_all() == 1);
    CHECK(linked.console.accounts.size() == 2);
}

TEST_CASE("a mail goes out with the plain page when the console is down, after one pause") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("alarm", alarm_migrations());
    LinkedWorld linked(scratch);
    linked.console.stop();
    REQUIRE(linked.world.deliver({change_of(1, 40)}).ok());
    CHECK(linked.send_all() == 1);
    CHECK(linked.mails().empty());
    CHECK(linked.world.notifications() == "1 email waiting 1 PAY_LINK_UNAVAILABLE\n");
    linked.world.clock.time += linked.world.config.retry.retry_min;
    CHECK(linked.send_all() == 1);
    CHECK(linked.world.notifications() == "1 email sent 2\n");
    const auto mails = linked.mails();
    REQUIRE(mails.size() == 1);
    CHECK(has(mails[0].second, kPlain));
    CHECK_FALSE(has(mails[0].second, "#t="));
}

TEST_CASE("a mail whose link the console refuses goes out at once with the plain page") {
    SKIP_WITHOUT_POSTGRES();
    const TestDatabase scratch("alarm", alarm_migrations());
    LinkedWorld linked(scratch);
    linked.console.answer_with(failed_precondition("LINK_OVER", "revoked"));
    REQUIRE(linked.world.deliver({change_of(1, 40)}).ok());
    CHECK(linked.send_all() == 1);
    CHECK(linked.world.notifications() == "1 email sent 1\n");
    const auto mails = linked.mails();
    REQUIRE(mails.size() == 1);
    CHECK_FALSE(has(mails[0].second, "#t="));
}

}  // namespace prepay::alarm::test
