#include <catch2/catch.hpp>
#include <regex>

#include "raw_client.h"
#include "world.h"

using namespace prepay;
using namespace prepay::test;

namespace {

/// A form that another server on the way may read differently than we do, and how it is answered:
/// by exactly one answer, after which nothing more is read ("close"), or as what it is ("stay").
struct Form {
    std::string name;
    std::string bytes;
    int status = 400;
    bool stays = false;
};

constexpr const char* kPath = "/callbacks/wechat";
const std::string kSecond = "GET /client-config.json HTTP/1.1\r\nHost: c\r\n\r\n";

std::string head(const std::string& fields, const std::string& first = "") {
    return (first.empty() ? std::string("POST ") + kPath + " HTTP/1.1" : first) +
           "\r\nHost: c\r\n" + fields + "\r\n";
}

std::string get(const std::string& fields, const std::string& first = "GET /icon.svg HTTP/1.1") {
    return first + "\r\n" + fields + "\r\n";
}

// Each is followed by a second request, which must not be answered where the first is refused.
std::vector<Form> refused_forms() {
    const std::string body = "GET /icon.svg HTTP/1.1\r\nHost: c\r\nX: 123456789\r\n\r\n";
    const std::string te = "Transfer-Encoding: chunked\r\n";
    const std::string cl47 = "Content-Length: 47\r\n";
    std::vector<Form> forms = {
        {"space before the colon of a length", head("Content-Length : 47\r\n") + body},
        {"tab before the colon of a length", head("Content-Length\t: 47\r\n") + body},
        {"length 0 beside a spaced one",
         head("Content-Length: 0\r\nContent-Length : 47\r\n") + body},
        {"space before the colon of a coding",
         head("Transfer-Encoding : chunked\r\n") + "0\r\n\r\n"},
        {"space before a name", head(" Content-Length: 47\r\n") + body},
        {"folded length", head("Content-Length:\r\n 47\r\n") + body},
        {"folded coding", head("Transfer-Encoding:\r\n chunked\r\n") + "0\r\n\r\n"},
        {"folded header", head("X-Folded: a\r\n\tb\r\n")},
        {"folded first header", "GET / HTTP/1.1\r\n X: y\r\nHost: c\r\n\r\n"},
        {"length and chunked", head("Content-Length: 4\r\n" + te) + "0\r\n\r\n"},
        {"chunked and length", head(te + "Content-Length: 4\r\n") + "0\r\n\r\n"},
        {"two codings", head(te + "Transfer-Encoding: identity\r\n") + "0\r\n\r\n"},
        {"identity, then chunked", head("Transfer-Encoding: identity\r\n" + te) + "0\r\n\r\n"},
        {"chunked twice", head("Transfer-Encoding: chunked, chunked\r\n") + "0\r\n\r\n"},
        {"chunked not last", head("Transfer-Encoding: chunked, gzip\r\n") + "0\r\n\r\n"},
        {"gzip, chunked", head("Transfer-Encoding: gzip, chunked\r\n") + "0\r\n\r\n"},
        {"xchunked", head("Transfer-Encoding: xchunked\r\n") + "0\r\n\r\n"},
        {"chunked;q", head("Transfer-Encoding: chunked;q=1\r\n") + "0\r\n\r\n"},
        {"quoted chunked", head("Transfer-Encoding: \"chunked\"\r\n") + "0\r\n\r\n"},
        {"empty coding", head("Transfer-Encoding:\r\n") + "0\r\n\r\n"},
        {"coding with a control character", head("Transfer-Encoding: \x0b"
                                                 "chunked\r\n")},
        {"two lengths", head("Content-Length: 47\r\nContent-Length: 4\r\n") + body},
        {"two equal lengths", head(cl47 + cl47) + body},
        {"list of lengths", head("Content-Length: 47, 47\r\n") + body},
        {"signed length", head("Content-Length: +47\r\n") + body},
        {"negative length", head("Content-Length: -1\r\n")},
        {"hexadecimal length", head("Content-Length: 0x2f\r\n") + body},
        {"length with a rest", head("Content-Length: 47abc\r\n") + body},
        {"length in two parts", head("Content-Length: 4 7\r\n") + body},
        {"fraction", head("Content-Length: 4.0\r\n") + body},
        {"empty length", head("Content-Length:\r\n") + body},
        {"length over 64 bits", head("Content-Length: 99999999999999999999\r\n")},
        {"length in full-width digits", head("Content-Length: \xEF\xBC\x94\r\n")},
        {"body on GET", get("Host: c\r\n" + cl47) + body},
        {"chunks on GET", get("Host: c\r\n" + te) + "0\r\n\r\n"},
        {"body on HEAD", get("Host: c\r\n" + cl47, "HEAD / HTTP/1.1") + body},
        {"chunk size that is none", head(te) + "xyz\r\nabc\r\n0\r\n\r\n"},
        {"chunk size with a rest", head(te) + "3 x\r\nabc\r\n0\r\n\r\n"},
        {"signed chunk size", head(te) + "+3\r\nabc\r\n0\r\n\r\n"},
        {"negative chunk size", head(te) + "-3\r\nabc\r\n0\r\n\r\n"},
        {"chunk size 0x3", head(te) + "0x3\r\nabc\r\n0\r\n\r\n"},
        {"space before a chunk size", head(te) + " 3\r\nabc\r\n0\r\n\r\n"},
        {"chunk size over 64 bits", head(te) + "10000000000000003\r\nabc\r\n0\r\n\r\n"},
        {"empty chunk size", head(te) + "\r\nabc\r\n0\r\n\r\n"},
        {"chunk longer than its size", head(te) + "3\r\nabcd\r\n0\r\n\r\n"},
        {"no CRLF after a chunk", head(te) + "3\r\nabc0\r\n\r\n"},
        {"bare CR in a chunk line", head(te) + "3\rabc\r\n0\r\n\r\n"},
        {"LF in a chunk extension", head(te) + "3;a=\"\n\"\r\nabc\r\n0\r\n\r\n"},
        {"NUL in a chunk extension", head(te) + std::string("3;a=\"\0\"\r\nabc\r\n0\r\n\r\n", 24)},
        {"broken chunk extension", head(te) + "3;=\r\nabc\r\n0\r\n\r\n"},
        {"broken trailer", head(te) + "0\r\nX : y\r\n\r\n"},
        {"length as a trailer", head(te) + "0\r\nContent-Length: 3\r\n\r\n"},
        {"coding as a trailer", head(te) + "0\r\nTransfer-Encoding: chunked\r\n\r\n"},
        {"bare LF", "GET /icon.svg HTTP/1.1\nHost: c\n\n"},
        {"bare LF after a header", "GET /icon.svg HTTP/1.1\r\nHost: c\nX: y\r\n\r\n"},
        {"bare CR after a header", "GET /icon.svg HTTP/1.1\r\nHost: c\rX: y\r\n\r\n"},
        {"bare CR in a value", get("Host: c\r\nX: a\rb\r\n")},
        {"NUL in a value", get(std::string("Host: c\r\nX: a\0b\r\n", 16))},
        {"NUL in a name", get(std::string("Host: c\r\nX\0: a\r\n", 15))},
        {"space in a method", get("Host: c\r\n", "GE T /icon.svg HTTP/1.1")},
        {"two spaces", get("Host: c\r\n", "GET  /icon.svg HTTP/1.1")},
        {"tab for a space", get("Host: c\r\n", "GET\t/icon.svg\tHTTP/1.1")},
        {"space in a target", get("Host: c\r\n", "GET /icon.svg x HTTP/1.1")},
        {"space after the version", get("Host: c\r\n", "GET /icon.svg HTTP/1.1 ")},
        {"no target", get("Host: c\r\n", "GET HTTP/1.1")},
        {"relative target", get("Host: c\r\n", "GET icon.svg HTTP/1.1")},
        {"target of another host", get("Host: c\r\n", "GET http://d/icon.svg HTTP/1.1")},
        {"target with a user", get("Host: c\r\n", "GET http://c@d/icon.svg HTTP/1.1")},
        {"authority as target", get("Host: c\r\n", "GET c:80 HTTP/1.1")},
        {"asterisk", get("Host: c\r\n", "GET * HTTP/1.1")},
        {"fragment", get("Host: c\r\n", "GET /icon.svg#a HTTP/1.1")},
        {"8 bits in a target", get("Host: c\r\n", "GET /\xC3\xBC HTTP/1.1")},
        {"broken escape", get("Host: c\r\n", "GET /icon%2.svg HTTP/1.1")},
        {"no host", get("X: y\r\n")},
        {"two hosts", get("Host: c\r\nHost: c\r\n")},
        {"empty host", get("Host:\r\n")},
        {"host that is none", get("Host: c/d\r\n")},
        {"two lines of authorization", get("Host: c\r\nAuthorization: a\r\nAuthorization: b\r\n")},
        {"no colon", get("Host: c\r\nnonsense\r\n")},
        {"no name", get("Host: c\r\n: y\r\n")},
        {"name with a parenthesis", get("Host: c\r\nX(y): z\r\n")},
        {"name with 8 bits", get("Host: c\r\nX\xC3\xBC: z\r\n")},
        {"HTTP/0.9", "GET /icon.svg\r\n\r\n"},
        {"lower-case version", get("Host: c\r\n", "GET /icon.svg http/1.1")},
        {"version of three digits", get("Host: c\r\n", "GET /icon.svg HTTP/1.10")},
        {"chunks in HTTP/1.0",
         head("Connection: keep-alive\r\n" + te, "POST /callbacks/wechat HTTP/1.0") + "0\r\n\r\n"},
    };
    const std::vector<Form> others = {
        {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
        {"HTTP/1.2", get("Host: c\r\n", "GET /icon.svg HTTP/1.2"), 505},
        {"HTTP/3.0", get("Host: c\r\n", "GET /icon.svg HTTP/3.0"), 505},
        {"method that nobody knows", get("Host: c\r\n", "BREW /icon.svg HTTP/1.1"), 501},
        {"method in lower case", get("Host: c\r\n", "get /icon.svg HTTP/1.1"), 501},
        {"another expectation", head("Expect: more\r\nContent-Length: 2\r\n") + "{}", 417},
        {"length that is huge", head("Content-Length: 99999999999\r\n"), 413},
        {"chunk that is huge", head(te) + "ffffffff\r\nabc", 413},
        {"first line that is long",
         get("Host: c\r\n", "GET /" + std::string(9000, 'x') + " HTTP/1.1"), 414},
        {"header that is large", get("Host: c\r\nX: " + std::string(70'000, 'x') + "\r\n"), 431},
    };
    forms.insert(forms.end(), others.begin(), others.end());
    return forms;
}

// Taken as RFC 9110 and 9112 have it; what follows is a second request.
std::vector<Form> taken_forms() {
    const std::string te = "Transfer-Encoding: chunked\r\n";
    return {
        {"plain", get("Host: c\r\n"), 200, true},
        {"length", head("Content-Length: 2\r\n") + "{}", 204, true},
        {"length with zeros and white space", head("Content-Length: \t002 \r\n") + "{}", 204, true},
        {"chunks", head(te) + "2\r\n{}\r\n0\r\n\r\n", 204, true},
        {"Chunked", head("transfer-encoding: Chunked\r\n") + "2\r\n{}\r\n0\r\n\r\n", 204, true},
        {"chunk sizes with zeros", head(te) + "0002\r\n{}\r\n000\r\n\r\n", 204, true},
        {"chunk extensions", head(te) + "2;a=b;c=\"d e\"\r\n{}\r\n0;z\r\n\r\n", 204, true},
        {"trailers", head(te) + "2\r\n{}\r\n0\r\nX-Sum: 1\r\nHost: d\r\n\r\n", 204, true},
        {"no body", head("Content-Length: 0\r\n"), 204, true},
        {"empty line before", "\r\n" + get("Host: c\r\n"), 200, true},
        {"absolute target", get("Host: c\r\n", "GET http://c/icon.svg HTTP/1.1"), 200, true},
        {"absolute target, other case", get("Host: c\r\n", "GET HTTP://C/icon.svg HTTP/1.1"), 200,
         true},
        {"8 bits in a value", get("Host: c\r\nX: \xC3\xBC\r\n"), 200, true},
        {"upgrade", get("Host: c\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"), 200, true},
        {"HTTP/1.0", get("", "GET /icon.svg HTTP/1.0"), 200},
        {"HTTP/1.0 kept", get("Connection: keep-alive\r\n", "GET /icon.svg HTTP/1.0"), 200, true},
        {"close", get("Host: c\r\nConnection: close\r\n"), 200},
        {"TRACE", get("Host: c\r\n", "TRACE / HTTP/1.1"), 405, true},
        {"CONNECT", get("Host: c\r\n", "CONNECT c:443 HTTP/1.1"), 405, true},
        {"OPTIONS *", get("Host: c\r\n", "OPTIONS * HTTP/1.1"), 405, true},
        {"HEAD", get("Host: c\r\n", "HEAD /icon.svg HTTP/1.1"), 200, true},
        {"range", get("Host: c\r\nRange: bytes=1-2\r\n"), 200, true},
    };
}

std::vector<int> statuses(const std::string& bytes) {
    static const std::regex line("HTTP/1\\.[01] ([0-9]{3}) ");
    std::vector<int> found;
    for (std::sregex_iterator at(bytes.begin(), bytes.end(), line), end; at != end; ++at) {
        found.push_back(std::stoi((*at)[1]));
    }
    return found;
}

}  // namespace

TEST_CASE("a request that could be read in two ways has one answer, and nothing after it") {
    SKIP_WITHOUT_POSTGRES()
    Bounds bounds;
    bounds.receive_time = std::chrono::milliseconds(1500);
    World world(bounds);
    const std::vector<Form> forms = refused_forms();
    CHECK(forms.size() >= 90);
    for (const Form& form : forms) {
        CAPTURE(form.name);
        RawClient client(world.port());
        client.send(form.bytes + kSecond);
        const std::string answer = client.read_to_end();
        CAPTURE(answer.substr(0, 1000));
        CHECK(statuses(answer) == std::vector<int>{form.status});
        CHECK(answer.find("Connection: close\r\n") != std::string::npos);
    }
    CHECK(world.services.calls().empty());
    CHECK(world.get("/").status == 200);
}

TEST_CASE("bytes that never become a request have one answer when their time is over") {
    SKIP_WITHOUT_POSTGRES()
    Bounds bounds;
    bounds.receive_time = std::chrono::milliseconds(300);
    World world(bounds);
    const std::string chunked = head("Transfer-Encoding: chunked\r\n");
    for (const std::string& bytes :
         {std::string("GET / HTTP/1.1\r\nHost: c\r\nX: y"), std::string("G"), std::string("\r\n\r"),
          chunked + "3\nabc\n0\n\n", chunked + "2\r\n{}\r\n0\r\n", chunked + "2\r\n{}",
          head("Content-Length: 10\r\n") + "123"}) {
        CAPTURE(bytes);
        RawClient client(world.port());
        client.send(bytes);
        const std::string answer = client.read_to_end();
        CHECK(statuses(answer) == std::vector<int>{408});
    }
    CHECK(world.services.calls().empty());
}

TEST_CASE("what RFC 9112 allows is taken, and the next request on the connection is the next one") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    for (const Form& form : taken_forms()) {
        CAPTURE(form.name);
        RawClient client(world.port());
        client.send(form.bytes +
                    "GET /client-config.json HTTP/1.1\r\nHost: c\r\n"
                    "Connection: close\r\n\r\n");
        const std::string answer = client.read_to_end();
        CAPTURE(answer);
        CHECK(statuses(answer) ==
              (form.stays ? std::vector<int>{form.status, 200} : std::vector<int>{form.status}));
    }
}

TEST_CASE("who asks before sending a body is told to go on, or why not") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    RawClient client(world.port());
    client.send(head("Expect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n"));
    CHECK(client.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("{}");
    CHECK(statuses(client.read_to_end()) == std::vector<int>{204});

    RawClient refused(world.port());
    refused.send(head("Expect: 100-continue\r\nContent-Length: 200000\r\n"));
    CHECK(statuses(refused.read_to_end()) == std::vector<int>{413});
}

TEST_CASE("the head of a page is what its GET says, without the page") {
    SKIP_WITHOUT_POSTGRES()
    World world;
    for (const char* path : {"/icon.svg", "/assets/app-1a2b.js", "/", "/none.txt"}) {
        CAPTURE(path);
        const auto ask = [&](const std::string& method) {
            RawClient client(world.port());
            client.send(method + " " + path + " HTTP/1.1\r\nHost: c\r\nConnection: close\r\n\r\n");
            return client.read_to_end();
        };
        const std::string got = ask("GET");
        const std::string headers = got.substr(0, got.find("\r\n\r\n") + 4);
        CHECK(ask("HEAD") == headers);
        CHECK(headers.find("Content-Length: ") != std::string::npos);
    }
    RawClient client(world.port());
    client.send(
        "HEAD /export/room-days.csv?site_id=s HTTP/1.1\r\nHost: c\r\nConnection: close\r\n"
        "authorization: Bearer " +
        world.token(rpc::Role::kViewer) + "\r\n\r\n");
    const std::string export_head = client.read_to_end();
    CHECK(export_head.rfind("HTTP/1.1 200", 0) == 0);
    CHECK(export_head.find("3-201") == std::string::npos);
}
