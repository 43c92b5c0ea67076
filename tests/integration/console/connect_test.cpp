#include <catch2/catch.hpp>

#include "raw_client.h"
#include "world.h"

using namespace prepay;
using namespace prepay::test;

namespace {

constexpr const char* kJson = "application/json";
constexpr const char* kProto = "application/proto";

httplib::Headers bearer(const std::string& token) { return {{"authorization", "Bearer " + token}}; }

// Answers ListSites with one site.
void answer_sites(World& world) {
    world.services.answer("ListSites", [](const auto&, google::protobuf::Message& response) {
        auto* site = static_cast<account::v1::ListSitesResponse&>(response).add_sites();
        site->set_site_id("s-1");
        site->set_display_name("北园");
        return absl::OkStatus();
    });
}

}  // namespace

TEST_CASE("a unary call goes through in JSON and in binary with the caller's own token") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    answer_sites(world);
    const std::string token = world.token(rpc::Role::kViewer);
    const HttpAnswer json = world.call(kListSites, nlohmann::json::object(), token);
    CHECK(json.status == 200);
    CHECK(json.header("Content-Type") == kJson);
    CHECK(json.json()["sites"][0]["siteId"] == "s-1");
    CHECK(json.json()["sites"][0]["displayName"] == "北园");

    account::v1::GetRoomRequest request;
    request.set_room_id("r-7");
    const HttpAnswer room = world.post("/prepay.account.v1.AccountService/GetRoom",
                                       request.SerializeAsString(), kProto, bearer(token));
    CHECK(room.status == 200);
    const HttpAnswer binary = world.post("/" + std::string(kListSites), "", kProto, bearer(token));
    CHECK(binary.header("Content-Type") == kProto);
    account::v1::ListSitesResponse sites;
    REQUIRE(sites.ParseFromString(binary.body));
    CHECK(sites.sites(0).display_name() == "北园");

    const auto calls = world.services.calls();
    REQUIRE(calls.size() == 3);
    CHECK(calls[1].request == request.SerializeAsString());
    CHECK(calls[1].subject == "user:viewer");
}

TEST_CASE("an error of a service keeps its code, reason and values") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    world.services.answer("GetRoom", [](const auto&, const auto&) {
        return failed_precondition("ROOM_CLOSED", "the room is closed", {{"room_id", "r-7"}});
    });
    const HttpAnswer answer = world.call("prepay.account.v1.AccountService/GetRoom",
                                         {{"roomId", "r-7"}}, world.token(rpc::Role::kViewer));
    CHECK(answer.status == 400);
    CHECK(answer.code() == "failed_precondition");
    CHECK(answer.reason() == "ROOM_CLOSED");
    CHECK(answer.json()["message"] == "the room is closed");
    CHECK(answer.json()["details"][0]["debug"]["metadata"]["room_id"] == "r-7");
    CHECK(answer.json()["details"][0]["type"] == "prepay.common.v1.ErrorDetail");
}

TEST_CASE("a service that is away is told without its address") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    const std::string token = world.token(rpc::Role::kViewer);
    world.stop_grpc();
    const HttpAnswer answer = world.call(kListSites, nlohmann::json::object(), token);
    CHECK(answer.status == 503);
    CHECK(answer.reason() == "PEER_ERROR");
    CHECK(answer.json()["message"] == "an internal service does not answer; try again in a moment");
}

TEST_CASE("a database that is away is told without its address") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    for (const char* reason : {"DATABASE_UNAVAILABLE", "COMMIT_IN_DOUBT"}) {
        world.services.answer("GetRoom", [reason](const auto&, const auto&) {
            return unavailable(reason, "connection to server at \"10.1.2.3\", port 5432 failed");
        });
        const HttpAnswer answer = world.call("prepay.account.v1.AccountService/GetRoom",
                                             {{"roomId", "r-7"}}, world.token(rpc::Role::kViewer));
        CHECK(answer.status == 503);
        CHECK(answer.reason() == reason);
        CHECK(answer.body.find("10.1.2.3") == std::string::npos);
    }
}

TEST_CASE("what is no JSON of the request is refused") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    const std::string path = "/prepay.account.v1.AccountService/ListRooms";
    const httplib::Headers headers = bearer(world.token(rpc::Role::kViewer));
    const std::string deep = std::string(5000, '[') + std::string(5000, ']');
    for (const std::string& body :
         {std::string("{"), std::string("[]"), std::string("nonsense"),
          std::string("{\"siteId\":7"), std::string(R"({"noSuchField":1})"),
          std::string(R"({"pageSize":"many"})"), std::string(R"({"pageSize":99999999999})"),
          std::string(R"({"siteId":{"a":1}})"), "{\"siteId\":" + deep + "}",
          std::string("{\"siteId\":\"\xC3\x28\"}")}) {
        CAPTURE(body.substr(0, 60));
        const HttpAnswer answer = world.post(path, body, kJson, headers);
        CHECK(answer.status == 400);
        CHECK(answer.code() == "invalid_argument");
        CHECK(answer.reason() == "BAD_REQUEST");
    }
    const HttpAnswer answer = world.post(path, "\xFF\xFF\xFF", kProto, headers);
    CHECK(answer.status == 400);
    CHECK(answer.reason() == "BAD_REQUEST");
    CHECK(world.services.calls().empty());
}

TEST_CASE("only the media types of the protocol are taken") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    const httplib::Headers headers = bearer(world.token(rpc::Role::kViewer));
    const std::string unary = "/" + std::string(kListSites);
    for (const char* type : {"text/plain", "application/x-www-form-urlencoded", "application/grpc",
                             "application/connect+json", "multipart/form-data; boundary=x", ""}) {
        CAPTURE(type);
        const HttpAnswer answer = world.post(unary, "{}", type, headers);
        CHECK(answer.status == 415);
        CHECK(answer.reason() == "CONTENT_TYPE");
    }
    CHECK(world.post(kWatchWall, "{}", kJson, headers).status == 415);
    CHECK(world.post(unary, "{}", "application/json; charset=utf-8", headers).status == 200);
    CHECK(world.post(unary, "{}", "Application/JSON", headers).status == 200);
}

TEST_CASE("what the edge does not offer is not found") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    const std::string token = world.token(rpc::Role::kService);
    for (const char* method :
         {"prepay.account.v1.AccountService/NoSuchMethod", "prepay.account.v1.NoSuchService/Get",
          "prepay.billing.v1.BillingService/ListTariffs", "prepay.account.v1.AccountService/",
          "prepay.account.v1/AccountService.ListSites", "prepay.x",
          "prepay.account.v1.AccountService/ListSites/more",
          // Internal ones, even for a service:
          "prepay.account.v1.AccountService/ClaimSwitchIntent",
          "prepay.account.v1.PaymentCallbackService/HandleWechatNotice",
          "prepay.common.v1.OutboxService/Replay"}) {
        CAPTURE(method);
        const HttpAnswer answer = world.call(method, nlohmann::json::object(), token);
        CHECK(answer.status == 404);
        CHECK(answer.code() == "unimplemented");
        CHECK(answer.reason() == "METHOD_UNKNOWN");
    }
    CHECK(world.services.calls().empty());
}

TEST_CASE("a call is a POST, a page is a GET, and nothing else is anything") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    const HttpAnswer got = world.get("/" + std::string(kListSites));
    CHECK(got.status == 405);
    CHECK(got.header("Allow") == "POST");
    CHECK(world.get("/callbacks/wechat").status == 405);
    const HttpAnswer posted = world.post("/index.html", "x=1", "text/plain");
    CHECK(posted.status == 405);
    CHECK(posted.header("Allow") == "GET, HEAD");
    for (const char* verb : {"PUT", "PATCH", "DELETE", "OPTIONS"}) {
        CAPTURE(verb);
        RawClient client(world.port());
        client.send(std::string(verb) + " /" + kListSites +
                    " HTTP/1.1\r\nHost: c\r\nContent-Length: 1000000000\r\n\r\n");
        const std::string answer = client.read_to_end();  // Not waiting for the body.
        CHECK(answer.rfind("HTTP/1.1 405", 0) == 0);
        CHECK(answer.find("Connection: close") != std::string::npos);
    }
}

TEST_CASE("a deadline that is none is refused") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    httplib::Headers headers = bearer(world.token(rpc::Role::kViewer));
    const std::string path = "/" + std::string(kListSites);
    for (const char* value :
         {"0", "-1", "1.5", "abc", "1e3", "00000000000", "99999999999999999999", "0x10", "5 "}) {
        CAPTURE(value);
        httplib::Headers with = headers;
        with.emplace("connect-timeout-ms", value);
        const HttpAnswer answer = world.post(path, "{}", kJson, with);
        if (std::string(value) == "5 ") {
            CHECK(answer.reason() !=
                  "BAD_TIMEOUT");  // White space around a value is not part of it.
            continue;
        }
        CHECK(answer.status == 400);
        CHECK(answer.reason() == "BAD_TIMEOUT");
    }
    headers.emplace("connect-timeout-ms", "9999999999");
    CHECK(world.post(path, "{}", kJson, headers).status == 200);
}

TEST_CASE("a deadline that passes is told as one") {
    SKIP_WITHOUT_POSTGRES()
    std::mutex mutex;
    std::condition_variable changed;
    bool may_end = false;
    World world;
    world.services.answer("ListSites", [&](const auto&, const auto&) {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return may_end; });
        return absl::OkStatus();
    });
    httplib::Headers headers = bearer(world.token(rpc::Role::kViewer));
    headers.emplace("connect-timeout-ms", "50");
    const HttpAnswer answer = world.post("/" + std::string(kListSites), "{}", kJson, headers);
    CHECK(answer.status == 504);
    CHECK(answer.code() == "deadline_exceeded");
    const std::lock_guard lock(mutex);
    may_end = true;
    changed.notify_all();
}

TEST_CASE("a header that gRPC would die of is refused before it gets there") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    struct Row {
        std::string value;
        int status;
        std::string reason;
    };
    for (const auto& [value, status, reason] : std::vector<Row>{
             {"Bearer \xC3\xBC", 401, "TOKEN_INVALID"},
             {"Bearer a\tb", 401, "TOKEN_INVALID"},
             {"Bearer " + std::string(5000, 'a'), 401, "TOKEN_INVALID"},
             {"Bearer \x01", 400, "BAD_FRAMING"},
             {"Bearer \x7F", 400, "BAD_FRAMING"},
         }) {
        for (const char* method : {kListSites, "prepay.console.v1.AuthService/LogIn",
                                   "prepay.reporting.v1.ReportingService/WatchWall"}) {
            CAPTURE(value.substr(0, 40), method);
            const bool stream = std::string(method).find("Watch") != std::string::npos;
            const std::string body =
                stream ? console::envelope(0, "{}") : R"({"userName":"li","password":"x"})";
            RawClient client(world.port());
            client.send(post_text("/" + std::string(method),
                                  "authorization: " + value + "\r\nConnection: close\r\n" +
                                      "Content-Type: application/" +
                                      (stream ? "connect+json" : "json") + "\r\n",
                                  body));
            const std::string answer = client.read_to_end();
            const int expected = stream && status == 401 ? 200 : status;
            CHECK(answer.rfind("HTTP/1.1 " + std::to_string(expected), 0) == 0);
            CHECK(answer.find(reason) != std::string::npos);
        }
        RawClient client(world.port());
        client.send(
            "GET /export/room-days.csv?site_id=s HTTP/1.1\r\nHost: c\r\nConnection: close\r\n"
            "authorization: " +
            value + "\r\n\r\n");
        CHECK(client.read_to_end().rfind("HTTP/1.1 " + std::to_string(status), 0) == 0);
    }
    // What looks like an escape is none in a header.
    CHECK(world
              .post("/" + std::string(kListSites), "{}", kJson,
                    {{"authorization", "Bearer %0d%0aevil: 1"}})
              .reason() == "TOKEN_INVALID");
    CHECK(world.services.calls().empty());
    CHECK(world.get("/").status == 200);  // And the console lives.
}

TEST_CASE("the scheme of a token has no case") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    for (const char* scheme : {"bearer", "BEARER", "Bearer"}) {
        CHECK(world
                  .post("/" + std::string(kListSites), "{}", kJson,
                        {{"authorization",
                          std::string(scheme) + " " + world.token(rpc::Role::kViewer)}})
                  .status == 200);
    }
    CHECK(world
              .post("/" + std::string(kListSites), "{}", kJson,
                    {{"authorization", "Basic " + world.token(rpc::Role::kViewer)}})
              .reason() == "TOKEN_MISSING");
}

TEST_CASE("an error quotes nothing of a request that cannot be read") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    const std::string path = "/prepay.console.v1.AuthService/LogIn";
    for (const std::string& body :
         {std::string(R"({"userName":"li","password":"hunter2secret)"),
          std::string(R"({"userName":"li","password":hunter2secret})"),
          std::string(R"({"userName":"li","password":["hunter2secret"]})"),
          std::string(R"({"userName":"li","password":{"hunter2secret":1}})"),
          std::string(R"({"userName":"li","hunter2secret":"x"})"),
          std::string(R"({"userName":"li","hunter2secret":1,"hunter2secret":2})"),
          std::string(R"({"password":"hunter2secret","password":"hunter2secret"})")}) {
        CAPTURE(body);
        const HttpAnswer answer = world.post(path, body, kJson);
        CHECK(answer.reason() == "BAD_REQUEST");
        CHECK(answer.body.find("hunter2") == std::string::npos);
        CHECK(answer.header("Cache-Control") == "no-store");
    }
    const HttpAnswer unknown = world.post("/prepay.hunter2secret.v1/Get", "{}", kJson);
    CHECK(unknown.body.find("hunter2") == std::string::npos);
    const std::string wrong =
        world
            .post("/prepay.account.v1.AccountService/ListRooms", R"({"pageSize":"hunter2secret"})",
                  kJson, bearer(world.token(rpc::Role::kViewer)))
            .body;
    CHECK(wrong.find("pageSize has a value that does not fit") != std::string::npos);
    CHECK(wrong.find("hunter2") == std::string::npos);
}

TEST_CASE("a field that does not fit is named, by names of the proto only") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    const std::string rooms = "prepay.account.v1.AccountService/ListRooms";
    const std::string user = "prepay.console.v1.AuthService/CreateUser";
    const std::string close = "prepay.account.v1.AccountService/CloseAccount";
    const std::string create = "prepay.account.v1.AccountService/CreateRooms";
    const std::string rooms_has =
        "an unknown field; ListRoomsRequest has siteId, building, floor, query, pageSize, "
        "pageToken";
    const std::string user_has =
        "an unknown field; User has userId, userName, displayName, role, enabled, lastLogInTime";
    struct Row {
        std::string method;
        std::string body;
        std::string said;  ///< Behind "the request cannot be read: ".
    };
    for (const auto& [method, body, said] : std::vector<Row>{
             {rooms, R"({"hunter2secret":1})", rooms_has},
             {rooms, R"({"hunter2secret":null})", rooms_has},
             {rooms, R"({"siteId":"a","hunter2secret":{"siteId":1}})", rooms_has},
             {rooms, R"-({"hunter2(pageSize)":1})-", rooms_has},
             {rooms, R"({"siteId.hunter2":1})", rooms_has},
             {rooms, R"({"pageSize":"hunter2secret"})", "pageSize has a value that does not fit"},
             {rooms, R"({"page_size":"hunter2)("})", "pageSize has a value that does not fit"},
             {rooms, R"({"pageSize":99999999999})", "pageSize has a value that does not fit"},
             {rooms, R"({"siteId":["hunter2secret"]})", "siteId has a value that does not fit"},
             {rooms, R"({"siteId":{"hunter2secret":1}})", "a field has a value that does not fit"},
             {rooms, R"(["hunter2secret"])", "a field has a value that does not fit"},
             {user, R"({"user":{"hunter2secret":"x"}})", user_has},
             {user, R"({"user":{"role":"hunter2secret"}})",
              "user.role has a value that does not fit"},
             {user, R"({"user":"hunter2secret"})", "user has a value that does not fit"},
             {close, R"({"endTime":"hunter2secret"})", "endTime has a value that does not fit"},
             {close, R"({"endTime":{"hunter2secret":1}})", "endTime has a value that does not fit"},
             {create, R"({"rooms":[{},{"revision":"hunter2secret"}]})",
              "rooms.revision has a value that does not fit"},
             {"prepay.console.v1.AuthService/GetMe", R"({"hunter2secret":1})",
              "an unknown field; GetMeRequest has no fields"},
         }) {
        CAPTURE(method, body);
        const HttpAnswer answer =
            world.post("/" + method, body, kJson, bearer(world.token(rpc::Role::kAdmin)));
        CHECK(answer.status == 400);
        CHECK(answer.reason() == "BAD_REQUEST");
        CHECK(answer.json().value("message", "") == "the request cannot be read: " + said);
        CHECK(answer.body.find("hunter2") == std::string::npos);
    }
    CHECK(world.services.calls().empty());
}

TEST_CASE("a key that is there twice is refused, in either spelling and at any depth") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    const auto message = [&](const std::string& method, const std::string& body,
                             rpc::Role role = rpc::Role::kAdmin) {
        const HttpAnswer answer = world.post("/" + method, body, kJson, bearer(world.token(role)));
        CHECK(answer.reason() == "BAD_REQUEST");
        return answer.json().value("message", "");
    };
    const std::string rooms = "prepay.account.v1.AccountService/ListRooms";
    const std::string user = "prepay.console.v1.AuthService/CreateUser";
    CHECK_THAT(message(rooms, R"({"siteId":"a","siteId":"a"})"),
               Catch::Contains("siteId is there twice"));
    CHECK_THAT(message(rooms, R"({"siteId":"a","site_id":"b"})"),
               Catch::Contains("siteId is there twice"));
    CHECK_THAT(message(rooms, R"({"nobody":"a","nobody":"b"})"),
               Catch::Contains("a key is there twice"));
    CHECK_THAT(message(user, R"({"user":{"userName":"a","role":1,"user_name":"b"}})"),
               Catch::Contains("userName is there twice"));
    CHECK(world.services.calls().empty());
    // The same name in two objects is no repetition.
    CHECK(
        world.post("/" + rooms, R"({"siteId":"a"})", kJson, bearer(world.token(rpc::Role::kViewer)))
            .status == 200);
}

TEST_CASE("answers of calls and downloads are kept by nobody") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    const httplib::Headers viewer = bearer(world.token(rpc::Role::kViewer));
    for (const HttpAnswer& answer :
         {world.post("/" + std::string(kListSites), "{}", kJson, viewer),
          world.post("/" + std::string(kListSites), "{}", kJson),
          world.post("/" + std::string(kListSites), "", kProto, viewer),
          world.post(kWatchWall, console::envelope(0, R"({"siteId":"three"})"),
                     "application/connect+json", viewer),
          world.get("/export/room-days.csv?site_id=s", viewer),
          world.get("/export/room-days.csv?site_id=absent", viewer)}) {
        CHECK(answer.header("Cache-Control") == "no-store");
    }
}
