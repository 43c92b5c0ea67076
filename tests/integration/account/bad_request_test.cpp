#include <catch2/catch.hpp>

#include "books/convert.h"
#include "integration/account/server.h"

// Every way to ask wrongly: a stable reason, and not a byte of the database changes.
namespace prepay::account::test {
namespace {

/// A park with an open, a second and a closed account, an empty room and a room without meters.
struct Park : Office {
    std::string open;
    std::string other;
    std::string closed;

    Park() {
        open = world.make_account("r1", 20 * kYuan);
        other = world.make_account("r2", 30 * kYuan);
        closed = world.make_account("r3", 10 * kYuan);
        world.make_room("r4");
        world.make_room("r5", 0);
        v1::CloseAccountRequest request;
        request.set_request_id("close-the-third");
        request.set_account_id(closed);
        REQUIRE(server.call(server.admin, &Desk::CloseAccount, request).ok());
    }

    template <typename Interface, typename Request, typename Response>
    void refuses(const std::string& token,
                 grpc::Status (Interface::*method)(grpc::ClientContext*, const Request&, Response*),
                 const Request& request, const std::string& reason,
                 absl::StatusCode code = absl::StatusCode::kInvalidArgument) {
        INFO(request.GetTypeName() << " " << request.ShortDebugString());
        const std::string before = world.checksum();
        const auto answer = server.call(token, method, request);
        CHECK(error_reason(answer.status()) == reason);
        CHECK(answer.status().code() == code);
        CHECK(world.checksum() == before);
    }

    /// Calls of the cashier that differ from a good one: `refuses(change, reason, code)`.
    template <typename Request, typename Response>
    auto refuser(grpc::Status (Desk::*method)(grpc::ClientContext*, const Request&, Response*),
                 const Request& good) {
        return [this, method, good](auto&& change, const char* reason,
                                    absl::StatusCode code = absl::StatusCode::kInvalidArgument) {
            Request request = good;
            change(request);
            refuses(server.cashier, method, request, reason, code);
        };
    }
};

constexpr absl::StatusCode kNotFound = absl::StatusCode::kNotFound;
constexpr absl::StatusCode kPrecondition = absl::StatusCode::kFailedPrecondition;

template <typename Request>
Request cash(const std::string& account_id, std::int64_t micros,
             const std::string& request_id = "request-1") {
    Request request;
    request.set_request_id(request_id);
    request.set_account_id(account_id);
    request.set_amount_micros(micros);
    return request;
}

/// What TopUp and Refund have in common.
template <typename Request, typename Method>
void check_cash(Park& park, Method method) {
    const std::string& desk = park.server.cashier;
    for (const std::int64_t micros : {std::int64_t{0}, -kYuan, std::int64_t{1}, kYuan + 5'000,
                                      100'000 * kYuan + 10'000, INT64_MAX, INT64_MIN}) {
        park.refuses(desk, method, cash<Request>(park.open, micros), "BAD_AMOUNT");
    }
    for (const char* nobody : {"", "nobody", "cash-park-1", "vacancy-park-1"}) {
        park.refuses(desk, method, cash<Request>(nobody, kYuan), "ACCOUNT_NOT_FOUND", kNotFound);
    }
    for (const char* id : {"", "short", "with a blank in it",
                           "longer-than-sixty-four-characters-longer-than-sixty-four-characters"}) {
        park.refuses(desk, method, cash<Request>(park.open, kYuan, id),
                     *id == '\0' ? "REQUEST_ID_REQUIRED" : "BAD_REQUEST_ID");
    }
    Request wordy = cash<Request>(park.open, kYuan);
    wordy.set_note(std::string(501, 'x'));
    park.refuses(desk, method, wordy, "BAD_NOTE");

    REQUIRE(park.server.call(desk, method, cash<Request>(park.open, kYuan, "used-once")).ok());
    const auto reused = absl::StatusCode::kAlreadyExists;
    park.refuses(desk, method, cash<Request>(park.open, 2 * kYuan, "used-once"),
                 "REQUEST_ID_REUSED", reused);
    park.refuses(desk, method, cash<Request>(park.other, kYuan, "used-once"), "REQUEST_ID_REUSED",
                 reused);
    // Somebody else's: not even with the same content.
    park.refuses(park.server.admin, method, cash<Request>(park.open, kYuan, "used-once"),
                 "REQUEST_ID_REUSED", reused);
}

}  // namespace

TEST_CASE("TopUp refuses with a reason and changes nothing") {
    SKIP_WITHOUT_POSTGRES();
    Park park;
    check_cash<v1::TopUpRequest>(park, &Desk::TopUp);
    park.refuses(park.server.cashier, &Desk::TopUp, cash<v1::TopUpRequest>(park.closed, kYuan),
                 "ACCOUNT_CLOSED", kPrecondition);
    park.refuses(park.server.cashier, &Desk::Refund,
                 cash<v1::RefundRequest>(park.open, kYuan, "used-once"), "REQUEST_ID_REUSED",
                 absl::StatusCode::kAlreadyExists);
}

TEST_CASE("Refund refuses with a reason and changes nothing") {
    SKIP_WITHOUT_POSTGRES();
    Park park;
    check_cash<v1::RefundRequest>(park, &Desk::Refund);
    park.refuses(park.server.cashier, &Desk::Refund,
                 cash<v1::RefundRequest>(park.open, 19 * kYuan + 10'000), "INSUFFICIENT_BALANCE",
                 kPrecondition);
    park.refuses(park.server.cashier, &Desk::Refund,
                 cash<v1::RefundRequest>(park.closed, 10 * kYuan + 10'000), "INSUFFICIENT_BALANCE",
                 kPrecondition);
}

TEST_CASE("OpenAccount refuses with a reason and changes nothing") {
    SKIP_WITHOUT_POSTGRES();
    Park park;
    v1::OpenAccountRequest good;
    good.set_request_id("request-1");
    good.set_room_id("r4");
    good.mutable_customer()->set_display_name("Li");
    const auto refuses = park.refuser(&Desk::OpenAccount, good);
    using Request = v1::OpenAccountRequest&;
    refuses([](Request r) { r.clear_request_id(); }, "REQUEST_ID_REQUIRED");
    refuses([](Request r) { r.set_room_id("nowhere"); }, "ROOM_NOT_FOUND", kNotFound);
    refuses([](Request r) { r.set_room_id("r1"); }, "ROOM_OCCUPIED", kPrecondition);
    refuses([](Request r) { r.set_room_id("r5"); }, "ROOM_WITHOUT_METERS", kPrecondition);
    refuses([](Request r) { r.clear_customer(); }, "BAD_CUSTOMER");
    for (const char* phone : {"abc", "12", "0755-1234 x5"}) {
        refuses([&](Request r) { r.mutable_customer()->set_phone(phone); }, "BAD_CUSTOMER");
    }
    refuses([](Request r) { r.mutable_customer()->set_phone("138\n0013"); }, "BAD_TEXT");
    refuses([](Request r) { r.mutable_customer()->set_display_name(std::string(201, 'x')); },
            "BAD_CUSTOMER");
    refuses([](Request r) { r.mutable_customer()->set_customer_id("nobody"); },
            "CUSTOMER_NOT_FOUND", kNotFound);
    refuses([](Request r) { r.mutable_alarm_levels()->set_level_1_micros(5); }, "BAD_ALARM_LEVELS");
    refuses(
        [](Request r) {
            auto& opening = *r.add_opening_registers();
            opening.set_meter_id("r1-m1");
        },
        "METER_NOT_IN_ROOM");
    refuses(
        [](Request r) {
            auto& opening = *r.add_opening_registers();
            opening.set_meter_id("r4-m1");
            opening.set_register_total(-2);
        },
        "BAD_REGISTER");
    refuses(
        [&](Request r) {
            *r.mutable_start_time() = to_proto(park.world.clock.now() + std::chrono::hours(1));
        },
        "TIME_IN_FUTURE");
    refuses([](Request r) { r.mutable_start_time()->set_seconds(1); }, "BAD_TIME");
    // The opening goes with its first top-up: neither happens.
    refuses([](Request r) { r.set_first_top_up_micros(-kYuan); }, "BAD_AMOUNT");
    refuses([](Request r) { r.set_first_top_up_micros(1); }, "BAD_AMOUNT");
    REQUIRE(park.server.call(park.server.cashier, &Desk::OpenAccount, good).ok());
    refuses([](Request r) { r.set_first_top_up_micros(kYuan); }, "REQUEST_ID_REUSED",
            absl::StatusCode::kAlreadyExists);
}

TEST_CASE("CloseAccount refuses with a reason and changes nothing") {
    SKIP_WITHOUT_POSTGRES();
    Park park;
    v1::CloseAccountRequest good;
    good.set_request_id("request-1");
    good.set_account_id(park.open);
    const auto refuses = park.refuser(&Desk::CloseAccount, good);
    using Request = v1::CloseAccountRequest&;
    refuses([](Request r) { r.clear_request_id(); }, "REQUEST_ID_REQUIRED");
    refuses([](Request r) { r.set_account_id("nobody"); }, "ACCOUNT_NOT_FOUND", kNotFound);
    refuses([](Request r) { r.set_account_id("cash-park-1"); }, "ACCOUNT_NOT_FOUND", kNotFound);
    refuses([&](Request r) { r.set_account_id(park.closed); }, "ACCOUNT_CLOSED", kPrecondition);
    refuses([](Request r) { r.add_closing_registers()->set_meter_id("r2-m1"); },
            "METER_NOT_IN_ROOM");
    refuses(
        [](Request r) {
            auto& closing = *r.add_closing_registers();
            closing.set_meter_id("r1-m1");
            closing.set_register_total(INT64_MAX);
        },
        "BAD_REGISTER");
    refuses(
        [&](Request r) {
            *r.mutable_end_time() = to_proto(park.world.clock.now() + std::chrono::hours(1));
        },
        "TIME_IN_FUTURE");
    refuses(
        [&](Request r) {
            *r.mutable_end_time() = to_proto(park.world.clock.now() - std::chrono::hours(24));
        },
        "TIME_OVERLAPS", kPrecondition);
}

TEST_CASE("SetAlarmLevels, SetKeepPower and ClaimSwitchIntent refuse and change nothing") {
    SKIP_WITHOUT_POSTGRES();
    Park park;
    const auto levels = [](const std::string& account_id, std::int64_t first, std::int64_t second,
                           std::int64_t third, std::int64_t floor) {
        v1::SetAlarmLevelsRequest request;
        request.set_request_id("request-1");
        request.set_account_id(account_id);
        request.mutable_alarm_levels()->set_level_1_micros(first);
        request.mutable_alarm_levels()->set_level_2_micros(second);
        request.mutable_alarm_levels()->set_level_3_micros(third);
        request.mutable_alarm_levels()->set_cut_floor_micros(floor);
        return request;
    };
    const auto set_levels = &Desk::SetAlarmLevels;
    const std::string& desk = park.server.cashier;
    park.refuses(desk, set_levels, levels(park.open, 3, 2, 2, 0), "BAD_ALARM_LEVELS");
    park.refuses(desk, set_levels, levels(park.open, 1, 2, 3, 4), "BAD_ALARM_LEVELS");
    park.refuses(desk, set_levels, levels(park.open, 0, 0, 0, 0), "BAD_ALARM_LEVELS");
    park.refuses(desk, set_levels, levels(park.open, INT64_MAX, 2, 1, INT64_MIN),
                 "BAD_ALARM_LEVELS");
    park.refuses(desk, set_levels, levels("nobody", 3 * kYuan, 2 * kYuan, kYuan, 0),
                 "ACCOUNT_NOT_FOUND", kNotFound);
    park.refuses(desk, set_levels, levels(park.closed, 3 * kYuan, 2 * kYuan, kYuan, 0),
                 "ACCOUNT_CLOSED", kPrecondition);
    constexpr auto kDenied = absl::StatusCode::kPermissionDenied;
    park.refuses(desk, set_levels, levels(park.open, 3 * kYuan, 2 * kYuan, kYuan, -1),
                 "CREDIT_NOT_ALLOWED", kDenied);
    const auto given = levels(park.open, 3 * kYuan, 2 * kYuan, kYuan, -kYuan);
    REQUIRE(park.server.call(park.server.admin, set_levels, given).ok());
    auto more = levels(park.open, 4 * kYuan, 2 * kYuan, kYuan, -kYuan - 1);
    more.set_request_id("request-10");
    park.refuses(desk, set_levels, more, "CREDIT_NOT_ALLOWED", kDenied);
    more.mutable_alarm_levels()->set_cut_floor_micros(-kYuan);  // What an operator has given stays.
    CHECK(park.server.call(desk, set_levels, more).ok());
    v1::SetAlarmLevelsRequest none;
    none.set_account_id(park.open);
    park.refuses(desk, set_levels, none, "REQUEST_ID_REQUIRED");

    v1::SetKeepPowerRequest keep;
    keep.set_keep_power(true);
    keep.set_account_id(park.open);
    park.refuses(park.server.admin, &Desk::SetKeepPower, keep, "REQUEST_ID_REQUIRED");
    keep.set_request_id("request-2");
    keep.set_account_id("nobody");
    park.refuses(park.server.admin, &Desk::SetKeepPower, keep, "ACCOUNT_NOT_FOUND", kNotFound);
    keep.set_account_id(park.closed);
    park.refuses(park.server.admin, &Desk::SetKeepPower, keep, "ACCOUNT_CLOSED", kPrecondition);

    v1::ClaimSwitchIntentRequest claim;
    claim.set_intent_id("no-such-intent");
    park.refuses(park.server.service, &Desk::ClaimSwitchIntent, claim, "BAD_ID");
    claim.set_claimant("gateway-1");
    park.refuses(park.server.service, &Desk::ClaimSwitchIntent, claim, "INTENT_NOT_FOUND",
                 kNotFound);
}

TEST_CASE("look-ups refuse what is not there") {
    SKIP_WITHOUT_POSTGRES();
    Park park;
    const std::string viewer = park.server.keys.token(rpc::Role::kViewer, "user:viewer");
    v1::GetAccountRequest account;
    account.set_account_id("nobody");
    park.refuses(viewer, &Desk::GetAccount, account, "ACCOUNT_NOT_FOUND", kNotFound);
    v1::GetRoomRequest room;
    room.set_room_id("nowhere");
    park.refuses(viewer, &Desk::GetRoom, room, "ROOM_NOT_FOUND", kNotFound);
    v1::ListPostingsRequest postings;
    postings.set_account_id("nobody");
    park.refuses(viewer, &Desk::ListPostings, postings, "ACCOUNT_NOT_FOUND", kNotFound);
    postings.set_account_id(park.open);
    postings.set_page_token("1; DROP TABLE entries");
    park.refuses(viewer, &Desk::ListPostings, postings, "BAD_PAGE_TOKEN");
    // What a row is called is no token, nor is one of another method.
    v1::ListRoomsRequest rooms;
    rooms.set_page_token("r1");
    park.refuses(viewer, &Desk::ListRooms, rooms, "BAD_PAGE_TOKEN");
    rooms.clear_page_token();
    rooms.set_page_size(1);
    const auto page = park.server.call(viewer, &Desk::ListRooms, rooms);
    REQUIRE(page.ok());
    REQUIRE(!page->next_page_token().empty());
    for (const std::string& bad : {park.open, page->next_page_token()}) {
        v1::ListAccountsRequest accounts;
        accounts.set_page_token(bad);
        park.refuses(viewer, &Desk::ListAccounts, accounts, "BAD_PAGE_TOKEN");
        v1::ListOrdersRequest orders;
        orders.set_page_token(bad);
        park.refuses(viewer, &Desk::ListOrders, orders, "BAD_PAGE_TOKEN");
        v1::ListSwitchIntentsRequest intents;
        intents.set_page_token(bad);
        park.refuses(viewer, &Desk::ListSwitchIntents, intents, "BAD_PAGE_TOKEN");
    }
}

TEST_CASE("S-4 a tenant reaches the token's account only; anything else is not there") {
    SKIP_WITHOUT_POSTGRES();
    Park park;
    const auto started = park.pay.start(park.other, 5 * kYuan);
    REQUIRE(started.ok());
    const std::string mine = park.server.tenant(park.open);
    v1::GetPaymentRequest payment;
    payment.set_order_id(started->order.order_id);
    park.refuses(mine, &Tenant::GetPayment, payment, "ORDER_NOT_FOUND", kNotFound);
    CHECK(park.server.call(park.server.tenant(park.other), &Tenant::GetPayment, payment).ok());
    payment.set_order_id("no-such-order");
    park.refuses(mine, &Tenant::GetPayment, payment, "ORDER_NOT_FOUND", kNotFound);
    // A token of an account that is not there, is the company's own, or is closed.
    const v1::GetOverviewRequest overview;
    const v1::ListHistoryRequest history;
    v1::GetDailyUseRequest use;
    use.set_day_count(63);
    v1::CreatePaymentRequest pay;
    pay.set_request_id("request-1");
    pay.set_amount_micros(kYuan);
    pay.set_openid("openid");
    for (const char* foreign : {"nobody", "cash-park-1"}) {
        const std::string token = park.server.tenant(foreign);
        park.refuses(token, &Tenant::GetOverview, overview, "ACCOUNT_NOT_FOUND", kNotFound);
        park.refuses(token, &Tenant::ListHistory, history, "ACCOUNT_NOT_FOUND", kNotFound);
        park.refuses(token, &Tenant::GetDailyUse, use, "ACCOUNT_NOT_FOUND", kNotFound);
        park.refuses(token, &Tenant::CreatePayment, pay, "ACCOUNT_NOT_FOUND", kNotFound);
    }
    const std::string gone = park.server.tenant(park.closed);
    park.refuses(gone, &Tenant::GetOverview, overview, "ACCOUNT_CLOSED", kPrecondition);
    park.refuses(gone, &Tenant::ListHistory, history, "ACCOUNT_CLOSED", kPrecondition);
    park.refuses(gone, &Tenant::GetDailyUse, use, "ACCOUNT_CLOSED", kPrecondition);
    park.refuses(mine, &Tenant::GetDailyUse, use, "BAD_COUNT");
    park.refuses(gone, &Tenant::CreatePayment, pay, "ACCOUNT_CLOSED", kPrecondition);
}

TEST_CASE("CreatePayment refuses with a reason and changes nothing") {
    SKIP_WITHOUT_POSTGRES();
    Park park;
    const std::string tenant = park.server.tenant(park.open);
    v1::CreatePaymentRequest good;
    good.set_request_id("request-1");
    good.set_amount_micros(kYuan);
    good.set_openid("openid");
    v1::CreatePaymentRequest bad = good;
    for (const std::int64_t micros : {std::int64_t{0}, -kYuan, kYuan - 10'000, kYuan + 1,
                                      5000 * kYuan + 10'000, INT64_MAX, INT64_MIN}) {
        bad.set_amount_micros(micros);
        park.refuses(tenant, &Tenant::CreatePayment, bad, "BAD_AMOUNT");
    }
    bad = good;
    bad.clear_openid();
    park.refuses(tenant, &Tenant::CreatePayment, bad, "BAD_OPENID");
    bad.set_openid(std::string(129, 'x'));
    park.refuses(tenant, &Tenant::CreatePayment, bad, "BAD_OPENID");
    bad = good;
    bad.clear_request_id();
    park.refuses(tenant, &Tenant::CreatePayment, bad, "REQUEST_ID_REQUIRED");
    REQUIRE(park.server.call(tenant, &Tenant::CreatePayment, good).ok());
    bad = good;
    bad.set_amount_micros(2 * kYuan);
    const auto reused = absl::StatusCode::kAlreadyExists;
    park.refuses(tenant, &Tenant::CreatePayment, bad, "REQUEST_ID_REUSED", reused);
    park.refuses(park.server.tenant(park.other), &Tenant::CreatePayment, good, "REQUEST_ID_REUSED",
                 reused);
}

}  // namespace prepay::account::test
