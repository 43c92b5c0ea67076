#include <catch2/catch.hpp>

#include "core/text.h"
#include "prepay/account/v1/account.pb.h"
#include "prepay/alarm/v1/alarm.pb.h"
#include "prepay/console/v1/console.pb.h"
#include "rpc/client.h"
#include "rpc/request_rules.h"

namespace prepay::rpc {

TEST_CASE("page_size is 0 to 1,000 wherever a request has one") {
    account::v1::ListRoomsRequest request;
    for (const int good : {0, 1, 1000}) {
        request.set_page_size(good);
        CHECK(check_request(request).ok());
    }
    for (const int bad : {-1, 1001, INT32_MAX, INT32_MIN}) {
        request.set_page_size(bad);
        CHECK(error_reason(check_request(request)) == "BAD_PAGE_SIZE");
    }
    CHECK(check_request(account::v1::GetAccountRequest()).ok());
    CHECK(page_size_of(0) == 100);
    CHECK(page_size_of(7) == 7);
}

TEST_CASE("times of requests lie from 2000 to 2100, however deep") {
    account::v1::OpenAccountRequest request;
    CHECK(check_request(request).ok());
    for (const std::int64_t good : {946'684'800L, 1'795'000'000L, 4'102'444'799L}) {
        request.mutable_start_time()->set_seconds(good);
        CHECK(check_request(request).ok());
    }
    for (const std::int64_t bad : {0L, 946'684'799L, 4'102'444'800L, 18'447'244'073'709L,
                                   -62'135'596'801L, INT64_MAX, INT64_MIN}) {
        request.mutable_start_time()->set_seconds(bad);
        CHECK(error_reason(check_request(request)) == "BAD_TIME");
        CHECK(error_metadata(check_request(request)).at("field") == "start_time");
    }
    request.mutable_start_time()->set_seconds(1'795'000'000);
    for (const std::int32_t bad : {-1, 1'000'000'000}) {
        request.mutable_start_time()->set_nanos(bad);
        CHECK(error_reason(check_request(request)) == "BAD_TIME");
    }
}

TEST_CASE("texts of requests hold no control characters, however deep") {
    account::v1::CreateRoomsRequest request;
    account::v1::Room& room = *request.add_rooms();
    for (const char* good :
         {"3-201 \xe5\x9f\xba", "caf\xc3\xa9", "\xf0\x9f\x8f\xa0", "\xc2\xa0", "\xef\xbf\xbd"}) {
        room.set_display_name(good);
        CHECK(check_request(request).ok());
    }
    room.add_meter_ids("m-1");
    room.add_meter_ids(std::string("m\0-2", 4));
    CHECK(error_reason(check_request(request)) == "BAD_TEXT");
    room.clear_meter_ids();
    for (const std::string& bad :
         {std::string(1, '\0'), std::string("a\nb"), std::string("a\tb"), std::string("a\rb"),
          std::string("\x1b[31m"), std::string("\x7f"), std::string("\xc2\x85"),
          std::string("\xe2\x80\xa8"), std::string("\xe2\x80\xa9"), std::string("\xe2\x80\xae"),
          std::string("\xe2\x81\xa6"), std::string("\xed\xa0\x80"), std::string("\xff"),
          std::string("\xc0\x80"), std::string("\xe0\x80\x80"), std::string("\xf4\x90\x80\x80"),
          std::string("\xe5\x9f")}) {
        CAPTURE(bad);
        room.set_display_name(bad);
        CHECK(error_reason(check_request(request)) == "BAD_TEXT");
        CHECK(error_metadata(check_request(request)).at("field") == "display_name");
    }
}

TEST_CASE("a note may have lines, and nothing else that cannot be seen") {
    account::v1::RefundRequest request;
    request.set_note("paid out\r\n\tin coins");
    CHECK(check_request(request).ok());
    for (const char* bad : {"\x1b[31m", "\xe2\x80\xa8", "\xc2\x9b"}) {
        request.set_note(bad);
        CHECK(error_reason(check_request(request)) == "BAD_TEXT");
    }
}

TEST_CASE("a place that is no sequence is refused") {
    CHECK(*sequence_of("") == 0);
    CHECK(*sequence_of("42") == 42);
    for (const char* bad : {"0", "-1", "abc", "4 2", "42x", "99999999999999999999", "\n"}) {
        CHECK(error_reason(sequence_of(bad).status()) == "BAD_PAGE_TOKEN");
    }
}

TEST_CASE("secrets are emptied at any depth, the rest stays") {
    console::v1::CreateUserRequest user;
    user.set_request_id("make-user-1");
    user.mutable_user()->set_user_name("li");
    user.set_password("correct horse");
    clear_secrets(user);
    CHECK(user.password().empty());
    CHECK(user.request_id() == "make-user-1");
    CHECK(user.user().user_name() == "li");

    alarm::v1::PutChannelRequest channel;
    channel.mutable_channel()->set_target("https://example.com/hook");
    channel.mutable_channel()->set_secret("secret-of-16-byte");
    clear_secrets(channel);
    CHECK(channel.channel().secret().empty());
    CHECK(channel.channel().target() == "https://example.com/hook");
}

TEST_CASE("a reason of spaces is none") {
    CHECK(is_blank(""));
    CHECK(is_blank(" \t\n"));
    CHECK_FALSE(is_blank(" fire "));
}

TEST_CASE("an error that echoes a long text still fits into the headers it travels in") {
    const std::string id = "\u7535" + std::string(5000, 'y');
    const grpc::Status status =
        rpc::to_grpc(make_error(absl::StatusCode::kNotFound, "ACCOUNT_NOT_FOUND",
                                "there is no account " + id, {{"account_id", id}}));
    CHECK(status.error_message().size() < 1100);
    CHECK(status.error_details().size() < 4000);
    CHECK(error_reason(rpc::from_grpc(status)) == "ACCOUNT_NOT_FOUND");
    // Not cut in the middle of a character.
    std::string wide;
    for (int i = 0; i < 1000; ++i) {
        wide += "\u7535";
    }
    const std::string cut = rpc::to_grpc(not_found("NOT_THERE", wide)).error_message();
    CHECK(cut.size() == 999 + std::string("\u2026").size());
}

}  // namespace prepay::rpc
