#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>
#include <future>
#include <limits>
#include <map>
#include <sstream>

#include "raw_client.h"
#include "world.h"

using namespace prepay;
using namespace prepay::test;

namespace {

constexpr const char* kPassword = "correct horse";

struct LogInWorld : World {
    LogInWorld() { add_user("li", kPassword, rpc::Role::kCashier); }

    HttpAnswer log_in(const std::string& password) { return log_in_as("li", password); }
    HttpAnswer log_in_as(const std::string& name, const std::string& password) {
        return auth("LogIn", {{"userName", name}, {"password", password}});
    }
    /// The whole answer to a client at another address.
    std::string log_in_from(const std::string& address, const std::string& name,
                            const std::string& password) const {
        RawClient client(port(), address);
        client.send(post_text("/prepay.console.v1.AuthService/LogIn",
                              "Content-Type: application/json\r\nConnection: close\r\n",
                              nlohmann::json({{"userName", name}, {"password", password}}).dump()));
        return client.read_to_end();
    }
    HttpAnswer refresh(const std::string& refresh_token) {
        return auth("Refresh", {{"refreshToken", refresh_token}});
    }
};

/// What this process writes to standard error while it lives.
class StandardErrorFile {
public:
    StandardErrorFile() : file_(std::tmpfile()), saved_(::dup(STDERR_FILENO)) {
        REQUIRE(file_ != nullptr);
        ::dup2(::fileno(file_), STDERR_FILENO);
    }
    ~StandardErrorFile() {
        ::dup2(saved_, STDERR_FILENO);
        ::close(saved_);
        std::fclose(file_);
    }
    StandardErrorFile(const StandardErrorFile&) = delete;
    StandardErrorFile& operator=(const StandardErrorFile&) = delete;

    [[nodiscard]] std::string text() const {
        std::string all(1 << 20, ' ');
        const ssize_t size = ::pread(::fileno(file_), all.data(), all.size(), 0);
        return all.substr(0, static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
    }
    /// The log records with this message.
    [[nodiscard]] std::vector<nlohmann::json> lines(const std::string& message) const {
        std::vector<nlohmann::json> found;
        std::istringstream stream(text());
        for (std::string line; std::getline(stream, line);) {
            const auto record = nlohmann::json::parse(line, nullptr, false);
            if (record.is_object() && record.value("message", "") == message) {
                found.push_back(record);
            }
        }
        return found;
    }

private:
    std::FILE* file_;
    int saved_;
};

// A line of /proc/self/status.
std::int64_t memory_kib(const std::string& name) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.rfind(name + ":", 0) == 0) {
            return std::stoll(line.substr(name.size() + 1));
        }
    }
    return 0;
}

std::string access_of(const HttpAnswer& answer) { return answer.json()["accessToken"]; }
std::string refresh_of(const HttpAnswer& answer) { return answer.json()["refreshToken"]; }

}  // namespace

TEST_CASE("S-21: while nobody knows the time no session goes on and no link is made") {
    SKIP_WITHOUT_POSTGRES();
    LogInWorld world;
    const std::string refresh_token = world.log_in(kPassword).json()["refreshToken"];
    world.machine.step(std::chrono::hours(24));
    const HttpAnswer refused = world.refresh(refresh_token);
    CHECK(refused.status == 503);
    CHECK(refused.reason() == "CLOCK_IN_DOUBT");
    const std::string cashier = world.token(rpc::Role::kCashier);
    const nlohmann::json link = {{"requestId", "link-in-doubt"}, {"accountId", "account-1"}};
    CHECK(world.auth("CreateTenantLink", link, cashier).reason() == "CLOCK_IN_DOUBT");
    CHECK(world.log_in(kPassword).status == 200);  // People get in to see what is wrong.
    world.machine.step(std::chrono::hours(-24));
    CHECK(world.anchored.check(std::nullopt) == ClockVerdict::kRight);
    CHECK(world.refresh(refresh_token).status == 200);
    CHECK(world.auth("CreateTenantLink", link, cashier).reason() != "CLOCK_IN_DOUBT");
}

TEST_CASE("a log-in gives tokens that work until they expire") {
    SKIP_WITHOUT_POSTGRES()
    LogInWorld world;
    const HttpAnswer answer = world.log_in(kPassword);
    REQUIRE(answer.status == 200);
    CHECK(answer.json()["user"]["role"] == "ROLE_CASHIER");
    const std::string token = access_of(answer);
    const HttpAnswer me = world.auth("GetMe", nlohmann::json::object(), token);
    CHECK(me.json()["user"]["userName"] == "li");
    CHECK(world.call(kListSites, nlohmann::json::object(), token).status == 200);

    world.clock.advance(std::chrono::minutes(10));
    const HttpAnswer late = world.call(kListSites, nlohmann::json::object(), token);
    CHECK(late.status == 401);
    CHECK(late.reason() == "TOKEN_EXPIRED");
}

TEST_CASE("a wrong password and an unknown name look the same") {
    SKIP_WITHOUT_POSTGRES()
    LogInWorld world;
    const HttpAnswer wrong = world.log_in("wrong");
    const HttpAnswer unknown =
        world.auth("LogIn", {{"userName", "nobody"}, {"password", kPassword}});
    CHECK(wrong.status == 401);
    CHECK(wrong.reason() == "WRONG_PASSWORD");
    CHECK(unknown.status == wrong.status);
    CHECK(unknown.body == wrong.body);
    CHECK(world.auth("LogIn", {{"userName", "li' OR '1'='1"}, {"password", "x"}}).reason() ==
          "WRONG_PASSWORD");
    CHECK(world.auth("LogIn", nlohmann::json::object()).reason() == "WRONG_PASSWORD");
    CHECK(world.auth("LogIn", {{"userName", "li"}, {"password", std::string(60'000, 'x')}})
              .reason() == "WRONG_PASSWORD");
}

TEST_CASE("after five wrong passwords the next one waits, longer each time") {
    SKIP_WITHOUT_POSTGRES()
    LogInWorld world;
    for (int i = 0; i < 5; ++i) {
        CHECK(world.log_in("wrong").reason() == "WRONG_PASSWORD");
    }
    const HttpAnswer paused = world.log_in(kPassword);
    CHECK(paused.status == 429);
    CHECK(paused.code() == "resource_exhausted");
    CHECK(paused.reason() == "TOO_MANY_ATTEMPTS");
    CHECK(paused.json()["details"][0]["debug"]["metadata"]["wait_s"] == "2");
    // A name that nobody has is told the same.
    for (int i = 0; i < 5; ++i) {
        CHECK(world.log_in_as("nobody", kPassword).reason() == "WRONG_PASSWORD");
    }
    CHECK(world.log_in_as("nobody", kPassword).body == paused.body);
    world.clock.advance(std::chrono::seconds(2));
    CHECK(world.log_in("wrong").reason() == "WRONG_PASSWORD");
    CHECK(world.log_in(kPassword).json()["details"][0]["debug"]["metadata"]["wait_s"] == "4");
    world.clock.advance(std::chrono::seconds(4));
    CHECK(world.log_in(kPassword).status == 200);
    CHECK(world.log_in(kPassword).status == 200);
}

TEST_CASE("a stranger who hammers a name keeps its owner out from nowhere but his own address") {
    SKIP_WITHOUT_POSTGRES()
    LogInWorld world;
    for (int i = 0; i < 12; ++i) {
        world.log_in("wrong");
    }
    CHECK(world.log_in(kPassword).reason() == "TOO_MANY_ATTEMPTS");
    CHECK(world.log_in_from("127.0.0.9", "li", kPassword).find("accessToken") != std::string::npos);
    CHECK(world.log_in(kPassword).reason() == "TOO_MANY_ATTEMPTS");
    // Not even by saying that he is somebody else.
    CHECK(world
              .post("/prepay.console.v1.AuthService/LogIn",
                    R"({"userName":"li","password":"correct horse"})", "application/json",
                    {{"X-Forwarded-For", "10.0.0.1"}, {"prepay-client-address", "10.0.0.1"}})
              .reason() == "TOO_MANY_ATTEMPTS");
}

TEST_CASE("an address that sprays names is stopped, counted and named in the log") {
    SKIP_WITHOUT_POSTGRES()
    LogInWorld world;
    const StandardErrorFile log;
    std::map<std::string, int> reasons;
    for (int i = 0; i < 30; ++i) {
        ++reasons[world.log_in_as("name-" + std::to_string(i), "hunter2secret").reason()];
    }
    CHECK(reasons == std::map<std::string, int>{{"WRONG_PASSWORD", 20}, {"TOO_MANY_ATTEMPTS", 10}});
    CHECK(world.log_in(kPassword).reason() == "TOO_MANY_ATTEMPTS");
    world.log_in_from("127.0.0.9", "li", "wrong");
    const auto counted = [&](const std::string& outcome) {
        return world.metric("prepay_console_log_ins_total{outcome=\"" + outcome + "\"}");
    };
    CHECK(counted("unknown_name") == 20);
    CHECK(counted("paused") == 11);
    CHECK(counted("wrong_password") == 1);
    world.clock.advance(std::chrono::minutes(1));
    world.tidy_log_ins();
    std::int64_t logged = 0;
    std::int64_t from_here = 0;
    for (const nlohmann::json& line : log.lines("log-in refused")) {
        logged += std::stoll(line["count"].get<std::string>());
        from_here +=
            line["client"] == "127.0.0.1" ? std::stoll(line["count"].get<std::string>()) : 0;
    }
    CHECK(from_here == 31);
    CHECK(logged == 32);
    CHECK(log.lines("log-in refused").size() == 3);
    CHECK(log.text().find("name-3") == std::string::npos);
    CHECK(log.text().find("hunter2") == std::string::npos);
}

TEST_CASE("a caller of the gRPC port is counted by its own address, whatever it says") {
    SKIP_WITHOUT_POSTGRES()
    LogInWorld world;
    const StandardErrorFile log;
    console::GrpcBridge bridge({{"prepay.console.v1", world.grpc_address()}}, "a-guess");
    const auto* method = console::find_method("/prepay.console.v1.AuthService/LogIn");
    console::v1::LogInRequest request;
    request.set_user_name("li");
    request.set_password("wrong");
    const auto reason = [&](const std::string& says) {
        console::CallHeaders headers;
        headers.client_address = says;
        std::promise<std::string> told;
        bridge.call(*method, request.SerializeAsString(), headers,
                    [&told](const Result<std::string>& answer) {
                        told.set_value(error_reason(answer.status()));
                    });
        return told.get_future().get();
    };
    for (int i = 0; i < 5; ++i) {
        CHECK(reason("10.0.0." + std::to_string(i)) == "WRONG_PASSWORD");
    }
    CHECK(reason("10.0.0.77") == "TOO_MANY_ATTEMPTS");
    REQUIRE_FALSE(log.lines("log-in refused").empty());
    CHECK(log.lines("log-in refused")[0]["client"] == "127.0.0.1");
}

TEST_CASE("wrong passwords that come at once are no more than those that come one by one") {
    SKIP_WITHOUT_POSTGRES()
    LogInWorld world;
    std::vector<std::future<std::string>> answers;
    for (int i = 0; i < 24; ++i) {
        answers.push_back(
            std::async(std::launch::async, [&world] { return world.log_in("wrong").reason(); }));
    }
    std::map<std::string, int> reasons;
    for (auto& answer : answers) {
        ++reasons[answer.get()];
    }
    CHECK(reasons["WRONG_PASSWORD"] == 5);
    CHECK(reasons["TOO_MANY_ATTEMPTS"] == 19);
}

TEST_CASE("the pauses outlive the console, and an administrator ends them") {
    SKIP_WITHOUT_POSTGRES()
    LogInWorld world;
    for (int i = 0; i < 5; ++i) {
        world.log_in("wrong");
    }
    telemetry::Metrics metrics;
    const console::ConsoleMetrics console_metrics(metrics);
    const auto pool = world.database.open();
    console::GrpcAuthService restarted(world.config, *pool, console_metrics, world.clock);
    rpc::CallContext context;
    context.peer_address = "127.0.0.1";
    console::v1::LogInRequest request;
    request.set_user_name("li");
    request.set_password(kPassword);
    CHECK(error_reason(restarted.log_in(context, request).status()) == "TOO_MANY_ATTEMPTS");

    const nlohmann::json unlock = {{"requestId", "unlock-li-1"}, {"userName", "li"}};
    CHECK(world.auth("UnlockUser", unlock, world.token(rpc::Role::kOperator)).status == 403);
    const std::string admin = world.token(rpc::Role::kAdmin);
    CHECK(world.auth("UnlockUser", {{"requestId", "unlock-li-2"}, {"userName", "Li!"}}, admin)
              .reason() == "BAD_USER_NAME");
    CHECK(world.auth("UnlockUser", unlock, admin).status == 200);
    CHECK(world.log_in(kPassword).status == 200);

    for (int i = 0; i < 30; ++i) {
        world.log_in_as("n" + std::to_string(i), "wrong");
    }
    CHECK(world.log_in(kPassword).reason() == "TOO_MANY_ATTEMPTS");
    CHECK(
        world
            .auth(
                "UnlockUser",
                {{"requestId", "unlock-li-3"}, {"userName", "li"}, {"clientAddress", "127.0.0.1"}},
                admin)
            .status == 200);
    CHECK(world.log_in(kPassword).status == 200);
}

TEST_CASE("an administrator sees which users have to wait, from where, and lets them in") {
    SKIP_WITHOUT_POSTGRES()
    LogInWorld world;
    const std::string admin = world.token(rpc::Role::kAdmin);
    const auto pauses = [&] {
        return world.auth("ListLogInPauses", nlohmann::json::object(), admin)
            .json()
            .value("pauses", nlohmann::json::array());
    };
    CHECK(world.auth("ListLogInPauses", nlohmann::json::object(), world.token(rpc::Role::kOperator))
              .status == 403);
    for (int i = 0; i < 4; ++i) {
        world.log_in("wrong");
    }
    CHECK(pauses().empty());
    world.log_in("wrong");
    for (int i = 0; i < 6; ++i) {
        world.log_in_as("no-such-user", "wrong");  // Perhaps somebody's password.
    }
    const nlohmann::json seen = pauses();
    REQUIRE(seen.size() == 1);
    CHECK(seen[0]["user"]["userName"] == "li");
    CHECK(seen[0]["failureCount"] == 5);
    CHECK(seen[0].contains("lastFailureTime"));
    CHECK(seen[0].contains("pauseEndTime"));
    REQUIRE(seen[0]["addresses"].size() == 1);
    CHECK(seen[0]["addresses"][0]["clientAddress"] == "127.0.0.1");
    CHECK(seen[0]["addresses"][0]["failureCount"] == 5);
    CHECK(seen[0]["addresses"][0]["addressFailureCount"] == 10);
    CHECK_FALSE(seen[0]["addresses"][0].contains("addressPauseEndTime"));
    CHECK(seen.dump().find("no-such-user") == std::string::npos);

    SECTION("the wait is over, the user is shown until it is forgotten") {
        world.clock.advance(std::chrono::seconds(3));
        REQUIRE(pauses().size() == 1);
        CHECK_FALSE(pauses()[0].contains("pauseEndTime"));
        world.clock.advance(std::chrono::hours(1));
        CHECK(
            world.auth("ListLogInPauses", nlohmann::json::object(), world.token(rpc::Role::kAdmin))
                .json()
                .value("pauses", nlohmann::json::array())
                .empty());
    }
    SECTION("unlocked") {
        CHECK(world
                  .auth("UnlockUser",
                        {{"requestId", "unlock-li-9"},
                         {"userName", "li"},
                         {"clientAddress", seen[0]["addresses"][0]["clientAddress"]}},
                        admin)
                  .status == 200);
        CHECK(pauses().empty());
        CHECK(world.log_in(kPassword).status == 200);
    }
    SECTION("a paused address shows with the users who came from it") {
        for (int i = 0; i < 20; ++i) {
            world.log_in_as("n" + std::to_string(i), "wrong");
        }
        REQUIRE(pauses().size() == 1);
        CHECK(pauses()[0]["addresses"][0].contains("addressPauseEndTime"));
    }
}

TEST_CASE("what is stored of wrong passwords is forgotten and bounded") {
    SKIP_WITHOUT_POSTGRES()
    LogInWorld world;
    const auto rows = [&world] {
        pqxx::connection connection(world.database.admin_url());
        return pqxx::nontransaction(connection)
            .exec1("SELECT count(*) AS n FROM console.log_in_failures")["n"]
            .as<std::int64_t>();
    };
    for (int i = 0; i < 25; ++i) {
        world.log_in_as("name-" + std::to_string(i), "wrong");
    }
    CHECK(rows() == 41);  // The address, and 20 names with it: what had to wait left nothing.
    world.execute(
        "INSERT INTO console.log_in_failures SELECT 'name', 'n' || i, 1, now() + interval '1 "
        "minute'"
        " FROM generate_series(1, 100000) i");
    world.tidy_log_ins();
    CHECK(rows() == 100'000);
    world.clock.advance(std::chrono::hours(2));
    world.tidy_log_ins();
    CHECK(rows() == 0);
}

TEST_CASE("a log-in takes its time whatever is wrong with it") {
    SKIP_WITHOUT_POSTGRES()
    LogInWorld world;
    world.add_user("wang", kPassword, rpc::Role::kViewer);
    world.execute("UPDATE console.users SET enabled = false WHERE user_name = 'wang'");
    struct Tried {
        const char* name;
        const char* password;
        double shortest = std::numeric_limits<double>::max();
    };
    Tried tried[] = {{"li", "wrong"},
                     {"nobody", kPassword},
                     {"wang", kPassword},
                     {"wang", "wrong"},
                     {"Not A Name!", "wrong"}};
    const auto agree = [&] {
        return std::all_of(std::begin(tried), std::end(tried), [&](const Tried& other) {
            return other.shortest > tried[0].shortest * 0.6 &&
                   other.shortest < tried[0].shortest * 1.7;
        });
    };
    // In turn, and the shortest of each: what else the machine does only adds to a time.
    for (int round = 0; round < 60 && (round < 6 || !agree()); ++round) {
        for (Tried& one : tried) {
            world.execute("DELETE FROM console.log_in_failures");
            const auto start = std::chrono::steady_clock::now();
            CHECK(world.log_in_as(one.name, one.password).reason() == "WRONG_PASSWORD");
            const std::chrono::duration<double, std::milli> took =
                std::chrono::steady_clock::now() - start;
            one.shortest = std::min(one.shortest, took.count());
        }
    }
    CAPTURE(tried[0].shortest, tried[1].shortest, tried[2].shortest, tried[3].shortest,
            tried[4].shortest);
    CHECK(tried[0].shortest > 5);  // A password was hashed.
    CHECK(agree());
}

TEST_CASE("many log-ins at once hash a few at a time, and the memory is given back") {
    SKIP_WITHOUT_POSTGRES()
    Bounds bounds;
    bounds.hash_at_once = 2;
    bounds.hash_waiting_max = 1;  // Below what the threads for people can bring at once.
    World world(bounds);
    world.add_user("li", kPassword, rpc::Role::kCashier);
    CHECK(world.auth("LogIn", {{"userName", "li"}, {"password", kPassword}}).status == 200);
    std::ofstream("/proc/self/clear_refs") << "5";  // The peak starts here.
    const std::int64_t before = memory_kib("VmRSS");
    const auto storm = [&world] {
        std::vector<std::future<std::string>> answers;
        for (int i = 0; i < 48; ++i) {
            answers.push_back(std::async(std::launch::async, [&world, i] {
                return world
                    .auth("LogIn", {{"userName", "n" + std::to_string(i)}, {"password", "wrong"}})
                    .reason();
            }));
        }
        std::map<std::string, int> reasons;
        for (auto& answer : answers) {
            ++reasons[answer.get()];
        }
        return reasons;
    };
    for (int round = 0; round < 3; ++round) {
        std::map<std::string, int> reasons = storm();
        CHECK(reasons["WRONG_PASSWORD"] + reasons["LOG_IN_BUSY"] + reasons["TOO_MANY_ATTEMPTS"] ==
              48);
        if (round == 0) {
            CHECK(reasons["WRONG_PASSWORD"] > 0);
            CHECK(reasons["LOG_IN_BUSY"] > 0);
        }
        world.clock.advance(std::chrono::hours(2));
    }
    const std::int64_t peak = memory_kib("VmHWM") - before;
    const std::int64_t after = memory_kib("VmRSS") - before;
    CAPTURE(before, peak, after);
    CHECK(peak < 2 * 20 * 1024 + 48 * 1024);  // Two hashes, and what 48 clients and calls need.
    CHECK(after < 32 * 1024);
    CHECK(world.auth("LogIn", {{"userName", "li"}, {"password", kPassword}}).status == 200);
}

TEST_CASE("a good log-in forgets the wrong ones before it") {
    SKIP_WITHOUT_POSTGRES()
    LogInWorld world;
    for (int round = 0; round < 2; ++round) {
        for (int i = 0; i < 4; ++i) {
            CHECK(world.log_in("wrong").reason() == "WRONG_PASSWORD");
        }
        CHECK(world.log_in(kPassword).status == 200);
    }
}

TEST_CASE("a disabled user neither logs in nor refreshes") {
    SKIP_WITHOUT_POSTGRES()
    LogInWorld world;
    const std::string refresh = refresh_of(world.log_in(kPassword));
    world.execute("UPDATE console.users SET enabled = false WHERE user_name = 'li'");
    const HttpAnswer answer = world.log_in(kPassword);
    CHECK(answer.status == 401);
    CHECK(answer.reason() == "WRONG_PASSWORD");
    CHECK(world.log_in("wrong").body == answer.body);
    CHECK(world.refresh(refresh).reason() == "TOKEN_INVALID");
}

TEST_CASE("a refresh token works once, and its second use ends the session") {
    SKIP_WITHOUT_POSTGRES()
    LogInWorld world;
    const std::string first = refresh_of(world.log_in(kPassword));
    const HttpAnswer second = world.refresh(first);
    REQUIRE(second.status == 200);
    CHECK(world.auth("GetMe", nlohmann::json::object(), access_of(second)).status == 200);
    const HttpAnswer third = world.refresh(refresh_of(second));
    REQUIRE(third.status == 200);

    const HttpAnswer reused = world.refresh(first);
    CHECK(reused.status == 401);
    CHECK(reused.reason() == "TOKEN_REUSED");
    CHECK(world.refresh(refresh_of(third)).reason() == "TOKEN_INVALID");

    CHECK(world.refresh("").reason() == "TOKEN_INVALID");
    CHECK(world.refresh("made-up").reason() == "TOKEN_INVALID");
}

TEST_CASE("a refresh token used twice at the same moment ends the session as well") {
    SKIP_WITHOUT_POSTGRES()
    LogInWorld world;
    for (int round = 0; round < 10; ++round) {
        const std::string token = refresh_of(world.log_in(kPassword));
        auto other = std::async(std::launch::async, [&] { return world.refresh(token); });
        const HttpAnswer mine = world.refresh(token);
        const HttpAnswer theirs = other.get();
        const HttpAnswer& winner = mine.status == 200 ? mine : theirs;
        const HttpAnswer& loser = mine.status == 200 ? theirs : mine;
        REQUIRE(winner.status == 200);
        CHECK(loser.reason() == "TOKEN_REUSED");
        CHECK(world.refresh(refresh_of(winner)).reason() == "TOKEN_INVALID");
    }
}

TEST_CASE("the reuse of one session's token leaves the others alone") {
    SKIP_WITHOUT_POSTGRES()
    LogInWorld world;
    const std::string one = refresh_of(world.log_in(kPassword));
    const std::string other = refresh_of(world.log_in(kPassword));
    CHECK(world.refresh(one).status == 200);
    CHECK(world.refresh(one).reason() == "TOKEN_REUSED");
    CHECK(world.refresh(other).status == 200);
}

TEST_CASE("a refresh token ends with its session's time and at log-out") {
    SKIP_WITHOUT_POSTGRES()
    LogInWorld world;
    const std::string old = refresh_of(world.log_in(kPassword));
    world.clock.advance(std::chrono::hours(12));
    CHECK(world.refresh(old).reason() == "TOKEN_INVALID");

    const std::string left = refresh_of(world.log_in(kPassword));
    CHECK(world.auth("LogOut", {{"refreshToken", left}}).status == 200);
    CHECK(world.refresh(left).reason() == "TOKEN_INVALID");
    CHECK(world.auth("LogOut", {{"refreshToken", left}}).status == 200);
}

TEST_CASE("S-13 a session's end ends its access tokens, others go on") {
    SKIP_WITHOUT_POSTGRES()
    LogInWorld world;
    world.add_user("wang", kPassword, rpc::Role::kViewer);
    const HttpAnswer first = world.log_in(kPassword);
    const HttpAnswer second = world.log_in(kPassword);
    const HttpAnswer wang = world.auth("LogIn", {{"userName", "wang"}, {"password", kPassword}});
    const auto reason = [&](const HttpAnswer& session) {
        world.look_for_ended_sessions();
        return world.call(kListSites, nlohmann::json::object(), access_of(session)).reason();
    };
    CHECK(reason(first).empty());

    SECTION("log-out, also with a refreshed token") {
        const HttpAnswer later = world.refresh(refresh_of(first));
        CHECK(world.auth("LogOut", {{"refreshToken", refresh_of(later)}}).status == 200);
        CHECK(reason(first) == "TOKEN_REVOKED");
        CHECK(reason(later) == "TOKEN_REVOKED");
        CHECK(reason(second).empty());
    }
    SECTION("a stolen refresh token that was used twice") {
        world.refresh(refresh_of(first));
        CHECK(world.refresh(refresh_of(first)).reason() == "TOKEN_REUSED");
        CHECK(reason(first) == "TOKEN_REVOKED");
        CHECK(reason(second).empty());
    }
    SECTION("another password, another role") {
        world.add_user("li", "battery staple", rpc::Role::kViewer);
        CHECK(reason(first) == "TOKEN_REVOKED");
        CHECK(reason(second) == "TOKEN_REVOKED");
    }
    SECTION("a disabled user") {
        world.execute("UPDATE console.users SET enabled = false WHERE user_name = 'li'");
        CHECK(reason(first) == "TOKEN_REVOKED");
    }
    CHECK(reason(wang).empty());
}

TEST_CASE("a new password needs the old one, ends the sessions and waits like a log-in") {
    SKIP_WITHOUT_POSTGRES()
    LogInWorld world;
    const HttpAnswer session = world.log_in(kPassword);
    const auto change = [&](const std::string& from, const std::string& to) {
        return world.auth("ChangePassword", {{"oldPassword", from}, {"newPassword", to}},
                          access_of(session));
    };
    CHECK(change("wrong", "battery staple").reason() == "WRONG_PASSWORD");
    CHECK(change(kPassword, "short").reason() == "BAD_PASSWORD");
    CHECK(change(kPassword, "battery staple").status == 200);
    CHECK(world.refresh(refresh_of(session)).reason() == "TOKEN_INVALID");
    CHECK(world.log_in(kPassword).reason() == "WRONG_PASSWORD");
    CHECK(world.log_in("battery staple").status == 200);
    for (int i = 0; i < 5; ++i) {
        CHECK(change("wrong", "third password").reason() == "WRONG_PASSWORD");
    }
    CHECK(change("battery staple", "third password").reason() == "TOO_MANY_ATTEMPTS");
    CHECK(world
              .auth("ChangePassword", {{"oldPassword", "x"}, {"newPassword", "third password"}},
                    world.token(rpc::Role::kService))
              .reason() == "USER_NOT_FOUND");
}

TEST_CASE("users are made once for one request and only by those who manage") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    const nlohmann::json request = {{"requestId", "make-user-1"},
                                    {"user", {{"userName", "wang"}, {"role", "ROLE_VIEWER"}}},
                                    {"password", "ten letters"}};
    CHECK(world.auth("CreateUser", request, world.token(rpc::Role::kOperator)).status == 403);
    const std::string admin = world.token(rpc::Role::kAdmin);
    const HttpAnswer made = world.auth("CreateUser", request, admin);
    CHECK(made.status == 200);
    CHECK(world.auth("CreateUser", request, admin).body == made.body);
    nlohmann::json other = request;
    other["password"] = "other letters";
    const HttpAnswer refused = world.auth("CreateUser", other, admin);
    CHECK(refused.reason() == "REQUEST_ID_REUSED");
    // Told apart by the user's Argon2id hash: the request's own hash knows no password.
    CHECK_THAT(refused.body, Catch::Contains("with another password"));
    nlohmann::json again = request;
    again["requestId"] = "make-user-2";
    CHECK(world.auth("CreateUser", again, admin).reason() == "USER_EXISTS");
    CHECK(world.auth("ListUsers", nlohmann::json::object(), admin).json()["users"].size() == 1);
    CHECK(world.auth("LogIn", {{"userName", "wang"}, {"password", "ten letters"}}).status == 200);
}
