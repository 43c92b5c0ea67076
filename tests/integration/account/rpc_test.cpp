#include <grpcpp/impl/codegen/client_unary_call.h>
#include <catch2/catch.hpp>
#include <map>
#include <memory>

#include "books/convert.h"
#include "integration/account/server.h"
#include "rpc/personal.h"

// The service as its callers see it: effects, repetitions, and who may call what.
namespace prepay::account::test {
namespace {

struct Front : Office {
    Front() {
        world.make_room("r1");
        world.make_room("r2");
    }

    /// Calls twice; the second answer is the first one, and the second call has no effect.
    template <typename Request, typename Response>
    Response once(const std::string& token,
                  grpc::Status (Desk::*method)(grpc::ClientContext*, const Request&, Response*),
                  const Request& request) {
        INFO(request.GetTypeName());
        const auto first = server.call(token, method, request);
        INFO(error_reason(first.status()) << error_message(first.status()));
        REQUIRE(first.ok());
        const std::string after = world.checksum();
        const auto second = server.call(token, method, request);
        REQUIRE(second.ok());
        CHECK(second->SerializeAsString() == first->SerializeAsString());
        CHECK(world.checksum() == after);
        return *first;
    }

    v1::Account open(const std::string& room, std::int64_t first_top_up) {
        v1::OpenAccountRequest request;
        request.set_request_id("open-" + room + "-1");
        request.set_room_id(room);
        request.mutable_customer()->set_display_name("Li");
        request.mutable_customer()->set_phone("13800005678");
        request.mutable_customer()->set_email("li@example.com");
        request.set_first_top_up_micros(first_top_up);
        return once(server.cashier, &Desk::OpenAccount, request).account();
    }
};

/// A request of the type that names the account, the room and the site wherever it can.
std::string request_for(const google::protobuf::Descriptor& type, const std::string& account_id) {
    auto* factory = google::protobuf::MessageFactory::generated_factory();
    const std::unique_ptr<google::protobuf::Message> request(factory->GetPrototype(&type)->New());
    const std::map<std::string, std::string> known = {
        {"account_id", account_id}, {"room_id", "r1"}, {"site_id", "park-1"}};
    for (const auto& [name, value] : known) {
        if (const auto* field = type.FindFieldByName(name)) {
            request->GetReflection()->SetString(request.get(), field, value);
        }
    }
    return request->SerializeAsString();
}

/// The answer's bytes; the error when there is none.
Result<std::string> raw_call(const rpc::Client& client, const std::string& method,
                             const std::string& request) {
    grpc::ClientContext context;
    client.prepare(context);
    const grpc::internal::RpcMethod rpc(method.c_str(), grpc::internal::RpcMethod::NORMAL_RPC);
    const grpc::Slice slice(request);
    grpc::ByteBuffer response;
    const grpc::Status status = grpc::internal::BlockingUnaryCall(
        client.channel().get(), rpc, &context, grpc::ByteBuffer(&slice, 1), &response);
    std::vector<grpc::Slice> slices;
    std::string bytes;
    if (status.ok() && response.Valid() && response.Dump(&slices).ok()) {
        for (const grpc::Slice& part : slices) {
            bytes.append(reinterpret_cast<const char*>(part.begin()), part.size());
        }
    }
    if (!status.ok()) {
        return rpc::from_grpc(status);
    }
    return bytes;
}

/// The status of a call with an empty request.
grpc::StatusCode empty_call(const rpc::Client& client, const std::string& method) {
    grpc::ClientContext context;
    client.prepare(context);
    const grpc::internal::RpcMethod rpc(method.c_str(), grpc::internal::RpcMethod::NORMAL_RPC);
    grpc::ByteBuffer response;
    const grpc::Slice nothing;
    return grpc::internal::BlockingUnaryCall(client.channel().get(), rpc, &context,
                                             grpc::ByteBuffer(&nothing, 1), &response)
        .error_code();
}

}  // namespace

TEST_CASE("a tenant who opens with a first top-up gets the relay of a cut room closed at once") {
    SKIP_WITHOUT_POSTGRES();
    Front front;
    World& world = front.world;
    const std::string former = front.open("r1", kYuan).account_id();
    REQUIRE(world.charge({{1, former, 2 * kYuan, ""}}).ok());
    REQUIRE(world.intents(former).size() == 1);
    REQUIRE(world
                .command_result(world.intents(former).front().intent_id(), "r1-m1",
                                metering::v1::COMMAND_STATE_VERIFIED)
                .ok());
    v1::CloseAccountRequest out;
    out.set_request_id("close-former");
    out.set_account_id(former);
    front.once(front.server.cashier, &Desk::CloseAccount, out);
    v1::OpenAccountRequest in;
    in.set_request_id("open-r1-again");
    in.set_room_id("r1");
    in.mutable_customer()->set_display_name("Wang");
    in.set_first_top_up_micros(50 * kYuan);
    const v1::Account next = front.once(front.server.cashier, &Desk::OpenAccount, in).account();
    const auto intents = world.intents(next.account_id());
    REQUIRE(intents.size() == 1);
    CHECK(intents.front().action() == v1::SWITCH_ACTION_RESTORE);
}

TEST_CASE("open, top up, refund, levels, keep-power, close: each once, however often asked") {
    SKIP_WITHOUT_POSTGRES();
    Front front;
    AccountServer& server = front.server;
    const v1::Account opened = front.open("r1", 20 * kYuan);
    CHECK(opened.balance_micros() == 20 * kYuan);
    v1::TopUpRequest in;
    in.set_request_id("top-up-1");
    in.set_account_id(opened.account_id());
    in.set_amount_micros(5 * kYuan);
    const auto paid = front.once(server.cashier, &Desk::TopUp, in);
    CHECK(paid.account().balance_micros() == 25 * kYuan);
    CHECK(paid.order().create_user() == "user:cashier");
    v1::RefundRequest out;
    out.set_request_id("refund-1");
    out.set_account_id(opened.account_id());
    out.set_amount_micros(25 * kYuan);
    CHECK(front.once(server.cashier, &Desk::Refund, out).account().balance_micros() == 0);
    v1::SetAlarmLevelsRequest levels;
    levels.set_request_id("levels-1");
    levels.set_account_id(opened.account_id());
    levels.mutable_alarm_levels()->set_level_1_micros(9 * kYuan);
    levels.mutable_alarm_levels()->set_level_2_micros(8 * kYuan);
    levels.mutable_alarm_levels()->set_level_3_micros(7 * kYuan);
    levels.mutable_alarm_levels()->set_cut_floor_micros(-6 * kYuan);
    CHECK(front.once(server.admin, &Desk::SetAlarmLevels, levels)
              .account()
              .alarm_levels()
              .cut_floor_micros() == -6 * kYuan);
    v1::SetKeepPowerRequest keep;
    keep.set_request_id("keep-power-1");
    keep.set_account_id(opened.account_id());
    keep.set_keep_power(true);
    CHECK(front.once(server.admin, &Desk::SetKeepPower, keep).account().keep_power());
    v1::CloseAccountRequest close;
    close.set_request_id("close-once");
    close.set_account_id(opened.account_id());
    CHECK(front.once(server.cashier, &Desk::CloseAccount, close).account().state() ==
          v1::ACCOUNT_STATE_CLOSED);
    v1::ListOrdersRequest orders;
    orders.set_account_id(opened.account_id());
    const auto listed = server.call(server.cashier, &Desk::ListOrders, orders);
    REQUIRE(listed.ok());
    CHECK(listed->orders_size() == 3);
    CHECK(front.world.audit().empty());
}

TEST_CASE("a posting tells when what it pays for happened") {
    SKIP_WITHOUT_POSTGRES();
    Front front;
    const v1::Account opened = front.open("r1", 20 * kYuan);
    REQUIRE(front.world.charge({{77, opened.account_id(), kYuan, ""}}).ok());
    v1::ListPostingsRequest request;
    request.set_account_id(opened.account_id());
    const auto listed = front.server.call(front.server.cashier, &Desk::ListPostings, request);
    REQUIRE(listed.ok());
    REQUIRE(listed->postings_size() == 2);
    const v1::Posting& charge = listed->postings(0);  // Newest first.
    CHECK(charge.source_id() == "77");
    CHECK(charge.source_time().seconds() == 1'780'000'900 + 77);  // The end of its interval.
    CHECK(charge.post_time().seconds() != charge.source_time().seconds());
    v1::ListOrdersRequest orders;
    orders.set_account_id(opened.account_id());
    const auto order = front.server.call(front.server.cashier, &Desk::ListOrders, orders);
    REQUIRE(order.ok());
    CHECK(from_proto(listed->postings(1).source_time()) ==
          from_proto(order->orders(0).create_time()));
}

TEST_CASE("S-23 a viewer sees no phone number and no e-mail, a cashier does") {
    SKIP_WITHOUT_POSTGRES();
    Front front;
    const v1::Account opened = front.open("r1", 20 * kYuan);
    const auto seen = [&](const std::string& token) {
        v1::GetAccountRequest request;
        request.set_account_id(opened.account_id());
        const auto one = front.server.call(token, &Desk::GetAccount, request);
        const auto all = front.server.call(token, &Desk::ListAccounts,
                                           v1::ListAccountsRequest::default_instance());
        REQUIRE(one.ok());
        REQUIRE(all.ok());
        REQUIRE(all->accounts_size() == 1);
        CHECK(all->accounts(0).customer().phone() == one->account().customer().phone());
        CHECK(all->accounts(0).customer().email() == one->account().customer().email());
        return one->account().customer();
    };
    const std::string viewer = front.server.keys.token(rpc::Role::kViewer, "user:viewer");
    CHECK(seen(front.server.cashier).phone() == opened.customer().phone());
    REQUIRE_FALSE(opened.customer().phone().empty());
    CHECK(seen(viewer).phone() == rpc::mask_phone(opened.customer().phone()));
    CHECK(seen(viewer).email() == rpc::mask_email(opened.customer().email()));
    CHECK(seen(viewer).display_name() == opened.customer().display_name());
}

TEST_CASE("S-23 no answer that a viewer or a tenant can get holds a phone number or an e-mail") {
    SKIP_WITHOUT_POSTGRES();
    Front front;
    const v1::Account opened = front.open("r1", 20 * kYuan);
    const std::string viewer = front.server.keys.token(rpc::Role::kViewer, "user:viewer");
    int answers = 0;
    int with_name = 0;
    for (const auto& [token, role] :
         {std::pair(viewer, rpc::Role::kViewer),
          std::pair(front.server.tenant(opened.account_id()), rpc::Role::kTenant)}) {
        const auto* file = v1::Account::descriptor()->file();
        for (int i = 0; i < file->service_count(); ++i) {
            for (int j = 0; j < file->service(i)->method_count(); ++j) {
                const auto* method = file->service(i)->method(j);
                if (method->server_streaming() ||
                    !rpc::role_holds(role, rpc::required_permission(*method))) {
                    continue;
                }
                CAPTURE(method->full_name(), rpc::role_text(role));
                const Result<std::string> answer =
                    raw_call(front.server.client(token),
                             "/" + method->service()->full_name() + "/" + method->name(),
                             request_for(*method->input_type(), opened.account_id()));
                if (answer.ok()) {
                    ++answers;
                    with_name += answer->find("Li") != std::string::npos ? 1 : 0;
                    CHECK(answer->find("13800005678") == std::string::npos);
                    CHECK(answer->find("li@example.com") == std::string::npos);
                }
            }
        }
    }
    CHECK(answers > 8);
    CHECK(with_name >= 4);  // GetAccount, ListAccounts, GetRoom, GetOverview: it looked at people.
}

TEST_CASE("S-23 a viewer finds nobody by the digits of a phone number") {
    SKIP_WITHOUT_POSTGRES();
    Front front;
    front.open("r1", 20 * kYuan);
    const std::string viewer = front.server.keys.token(rpc::Role::kViewer, "user:viewer");
    const auto found = [&](const std::string& token, const std::string& query) {
        v1::ListAccountsRequest request;
        request.set_query(query);
        return front.server.call(token, &Desk::ListAccounts, request)->accounts_size();
    };
    for (const char* digits : {"138", "5678", "13800005678", "138%"}) {
        CAPTURE(digits);
        CHECK(found(front.server.cashier, digits) == 1);
        CHECK(found(viewer, digits) == 0);
    }
    CHECK(found(viewer, "Li") == 1);
}

TEST_CASE("a tenant sees the own account, masked, and pays into it") {
    SKIP_WITHOUT_POSTGRES();
    Front front;
    AccountServer& server = front.server;
    const v1::Account mine = front.open("r1", 20 * kYuan);
    front.open("r2", 30 * kYuan);
    const std::string token = server.tenant(mine.account_id());
    const auto overview =
        server.call(token, &Tenant::GetOverview, v1::GetOverviewRequest::default_instance());
    REQUIRE(overview.ok());
    CHECK(overview->account().account_id() == mine.account_id());
    CHECK(overview->account().customer().phone() != "13800005678");
    REQUIRE(overview->rooms_size() == 1);
    CHECK(overview->rooms(0).room_id() == "r1");
    v1::CreatePaymentRequest pay;
    pay.set_request_id("payment-1");
    pay.set_amount_micros(50 * kYuan);
    pay.set_openid("openid");
    const auto started = server.call(token, &Tenant::CreatePayment, pay);
    REQUIRE(started.ok());
    const auto again = server.call(token, &Tenant::CreatePayment, pay);
    REQUIRE(again.ok());
    CHECK(again->order().order_id() == started->order().order_id());
    const std::string order_id = started->order().order_id();
    REQUIRE(front.pay.provider->pay_order(order_id, nullptr).status == 200);
    REQUIRE(server.hand_over(front.pay.notice(order_id)).ok());
    v1::GetPaymentRequest look;
    look.set_order_id(order_id);
    const auto seen = server.call(token, &Tenant::GetPayment, look);
    REQUIRE(seen.ok());
    CHECK(seen->order().state() == v1::ORDER_STATE_CREDITED);
    CHECK(seen->account().balance_micros() == 70 * kYuan);
    const auto history =
        server.call(token, &Tenant::ListHistory, v1::ListHistoryRequest::default_instance());
    REQUIRE(history.ok());
    CHECK(history->postings_size() == 2);
    v1::CloseAccountRequest close;
    close.set_request_id("close-mine");
    close.set_account_id(mine.account_id());
    close.set_reason_text("moved out");
    REQUIRE(server.call(server.cashier, &Desk::CloseAccount, close).ok());
    CHECK(error_reason(
              server.call(token, &Tenant::GetOverview, v1::GetOverviewRequest::default_instance())
                  .status()) == "ACCOUNT_CLOSED");
    CHECK(server.call(token, &Tenant::GetPayment, look).ok());  // Whoever has paid may look.
}

TEST_CASE(
    "I-22 every method, every role: the permission decides, and a refused call has no effect") {
    SKIP_WITHOUT_POSTGRES();
    Front front;
    using rpc::Role;
    const std::map<common::v1::Permission, std::set<Role>> holders = {
        {common::v1::PERMISSION_READ,
         {Role::kViewer, Role::kCashier, Role::kOperator, Role::kAdmin, Role::kService}},
        {common::v1::PERMISSION_SELL,
         {Role::kCashier, Role::kOperator, Role::kAdmin, Role::kService}},
        {common::v1::PERMISSION_CONTROL, {Role::kOperator, Role::kAdmin, Role::kService}},
        {common::v1::PERMISSION_MANAGE, {Role::kAdmin, Role::kService}},
        {common::v1::PERMISSION_INTERNAL, {Role::kService}},
        {common::v1::PERMISSION_TENANT, {Role::kTenant}}};
    const std::string before = front.world.checksum();
    const auto* file = v1::Account::descriptor()->file();
    int calls = 0;
    for (int s = 0; s < file->service_count(); ++s) {
        for (int m = 0; m < file->service(s)->method_count(); ++m) {
            const auto& method = *file->service(s)->method(m);
            const std::string path = "/" + file->service(s)->full_name() + "/" + method.name();
            CAPTURE(path);
            const auto& allowed = holders.at(rpc::required_permission(method));
            for (const Role role : {Role::kTenant, Role::kViewer, Role::kCashier, Role::kOperator,
                                    Role::kAdmin, Role::kService}) {
                CAPTURE(rpc::role_text(role));
                const auto client =
                    front.server.client(front.server.keys.token(role, "someone", "nobody"));
                const auto code = empty_call(client, path);
                CHECK((code == grpc::StatusCode::PERMISSION_DENIED) == !allowed.contains(role));
                CHECK(code != grpc::StatusCode::UNAUTHENTICATED);
                ++calls;
            }
            for (const std::string& token :
                 {std::string(), std::string("x.y.z"),
                  prepay::test::TokenKeys().token(Role::kAdmin, "forger")}) {
                CHECK(empty_call(front.server.client(token), path) ==
                      grpc::StatusCode::UNAUTHENTICATED);
            }
        }
    }
    CHECK(calls == 28 * 6);
    CHECK(front.world.checksum() == before);
}

TEST_CASE("a tenant sees what each day cost, in whatever order its charges were posted") {
    SKIP_WITHOUT_POSTGRES();
    Office front;
    World& world = front.world;
    world.make_room("r1", 2);
    const std::string account = world.open("r1", 100 * kYuan);
    // Midnight of the site (Asia/Shanghai), days before today.
    const auto midnight = [&](int days_ago) {
        constexpr auto kDay = std::chrono::hours(24);
        const auto local = world.clock.now() + std::chrono::hours(8);
        return std::chrono::floor<std::chrono::days>(local) - days_ago * kDay -
               std::chrono::hours(8);
    };
    std::int64_t id = 0;
    const auto charge = [&](Instant end, std::int64_t micros) {
        kafka::Message message = World::charge_message({{++id, account, micros, ""}});
        billing::v1::ChargesRated event;
        event.ParseFromString(message.payload);
        *event.mutable_charges(0)->mutable_end_time() = to_proto(end);
        message.payload = event.SerializeAsString();
        REQUIRE(world.deliver(message).ok());
    };
    // The history of one meter, then that of the other.
    for (const int meter : {1, 2}) {
        for (int day = 3; day >= 0; --day) {
            charge(midnight(day), meter * 10);  // Ends the day before.
            charge(midnight(day) + std::chrono::milliseconds(1), meter * 1000);
        }
    }
    const std::string token = front.server.tenant(account);
    v1::GetDailyUseRequest request;
    request.set_day_count(3);
    const auto use = front.server.call(token, &Tenant::GetDailyUse, request);
    REQUIRE(use.ok());
    REQUIRE(use->days_size() == 3);
    CHECK(use->days(0).amount_micros() == 3030);
    CHECK(use->days(1).amount_micros() == 3030);
    CHECK(use->days(2).amount_micros() == 3000);
    CHECK(use->days(1).local_date() < use->days(2).local_date());
    request.set_day_count(0);
    CHECK(front.server.call(token, &Tenant::GetDailyUse, request)->days_size() == 14);
    v1::ListHistoryRequest history;
    history.set_without_charges(true);
    const auto paid = front.server.call(token, &Tenant::ListHistory, history);
    REQUIRE(paid.ok());
    REQUIRE(paid->postings_size() == 1);
    CHECK(paid->postings(0).kind() == "top-up");
}

TEST_CASE("a room takes no meter that the gateway does not know, unless it is told to") {
    SKIP_WITHOUT_POSTGRES();
    Office front;
    front.server.registry.missing = {"m-7", "m-9"};
    v1::CreateRoomsRequest rooms;
    rooms.set_request_id("rooms-with-unknown");
    auto& room = *rooms.add_rooms();
    room.set_room_id("r-new");
    room.set_site_id("park-1");
    room.set_building("9");
    room.set_floor("1");
    room.set_display_name("9-101");
    room.add_meter_ids("m-8");
    room.add_meter_ids("m-9");
    const std::string before = front.world.checksum();
    const auto refused = front.server.call(front.server.admin, &Desk::CreateRooms, rooms);
    CHECK(error_reason(refused.status()) == "UNKNOWN_METER");
    CHECK(error_message(refused.status()).find("m-9") != std::string::npos);
    CHECK(error_message(refused.status()).find("m-8") == std::string::npos);
    front.server.registry.is_away = true;
    CHECK(error_reason(front.server.call(front.server.admin, &Desk::CreateRooms, rooms).status()) ==
          "PEER_ERROR");
    CHECK(front.world.checksum() == before);
    rooms.set_allow_unknown_meters(true);
    const auto created = front.server.call(front.server.admin, &Desk::CreateRooms, rooms);
    INFO(error_message(created.status()));
    REQUIRE(created.ok());
    front.server.registry.is_away = false;
    v1::AttachMetersRequest attach;
    attach.set_request_id("attach-unknown");
    attach.set_room_id("r-new");
    attach.add_meter_ids("m-7");
    CHECK(
        error_reason(front.server.call(front.server.admin, &Desk::AttachMeters, attach).status()) ==
        "UNKNOWN_METER");
    front.server.registry.missing.clear();
    CHECK(front.server.call(front.server.admin, &Desk::AttachMeters, attach).ok());
}

TEST_CASE("a closed account pays out when it is billed to its end, or somebody answers for it") {
    SKIP_WITHOUT_POSTGRES();
    Office front;
    World& world = front.world;
    const std::string account = world.make_account("r1", 100 * kYuan);
    REQUIRE(world.charge({{1, account, 30 * kYuan, ""}}).ok());
    v1::CloseAccountRequest close;
    close.set_request_id("close-account");
    close.set_account_id(account);
    close.set_reason_text("moved out");
    REQUIRE(front.server.call(front.server.cashier, &Desk::CloseAccount, close).ok());
    int tries = 0;
    v1::RefundRequest refund;
    refund.set_account_id(account);
    refund.set_amount_micros(70 * kYuan);
    const auto pay_out = [&](const std::string& who) {
        refund.set_request_id("refund-of-rest-" + std::to_string(++tries));
        return front.server.call(who, &Desk::Refund, refund);
    };
    const auto refused = [&](const std::string& who) {
        const std::string before = world.checksum();
        const std::string reason = error_reason(pay_out(who).status());
        CHECK(world.checksum() == before);
        return reason;
    };
    // Whoever pays it out finds it by its last room.
    v1::ListAccountsRequest search;
    search.set_query("r1");
    search.set_include_closed(true);
    const auto found = front.server.call(front.server.cashier, &Desk::ListAccounts, search);
    REQUIRE(found.ok());
    REQUIRE(found->accounts_size() == 1);
    CHECK(found->accounts(0).room_ids(0) == "r1");
    BillProgress::Bill bill;
    SECTION("billing is away") {
        front.server.bills.answer = unavailable("PEER_ERROR", "no answer");
        CHECK(refused(front.server.cashier) == "PEER_ERROR");
    }
    SECTION("the meter is behind") {
        front.server.bills.answer = bill;
        CHECK(refused(front.server.cashier) == "NOT_BILLED_TO_END");
        bill.billed_until["r1-m1"] = world.clock.now() - std::chrono::hours(1);
        front.server.bills.answer = bill;
        CHECK(refused(front.server.cashier) == "NOT_BILLED_TO_END");
        refund.set_override_unbilled(true);
        CHECK(refused(front.server.cashier) == "OVERRIDE_NOT_ALLOWED");
        CHECK(refused(front.server.admin) == "REASON_REQUIRED");
        refund.set_note("  ");
        CHECK(refused(front.server.admin) == "REASON_REQUIRED");
        refund.set_note("meter burnt, register read by hand");
        const auto paid = pay_out(front.server.admin);
        REQUIRE(paid.ok());
        CHECK(paid->order().override_unbilled());
        CHECK(paid->account().balance_micros() == 0);
    }
    SECTION("the last charge is on its way") {
        bill.billed_until["r1-m1"] = world.clock.now() + std::chrono::hours(1);
        bill.last_charge_ids = {"2", "1"};
        front.server.bills.answer = bill;
        CHECK(refused(front.server.cashier) == "NOT_BILLED_TO_END");
        REQUIRE(world.charge({{2, account, 10 * kYuan, ""}}).ok());
        CHECK(refused(front.server.cashier) == "INSUFFICIENT_BALANCE");
        refund.set_amount_micros(60 * kYuan);
        const auto paid = pay_out(front.server.cashier);
        REQUIRE(paid.ok());
        CHECK_FALSE(paid->order().override_unbilled());
    }
    CHECK(world.audit().empty());
}

TEST_CASE("S-4 a closed account: every tenant method answers the same, whatever else is wrong") {
    SKIP_WITHOUT_POSTGRES();
    Front front;
    const v1::Account account = front.open("r1", 20 * kYuan);
    v1::CloseAccountRequest close;
    close.set_request_id("close-the-first");
    close.set_account_id(account.account_id());
    close.set_reason_text("moved out");
    REQUIRE(front.server.call(front.server.cashier, &Desk::CloseAccount, close).ok());
    const auto client = front.server.client(front.server.tenant(account.account_id()));
    const std::string before = front.world.checksum();
    const auto* file = v1::Account::descriptor()->file();
    int calls = 0;
    for (int s = 0; s < file->service_count(); ++s) {
        for (int m = 0; m < file->service(s)->method_count(); ++m) {
            const auto& method = *file->service(s)->method(m);
            if (rpc::required_permission(method) != common::v1::PERMISSION_TENANT) {
                continue;
            }
            const std::string path = "/" + file->service(s)->full_name() + "/" + method.name();
            CAPTURE(path);
            const std::unique_ptr<google::protobuf::Message> request(
                google::protobuf::MessageFactory::generated_factory()
                    ->GetPrototype(method.input_type())
                    ->New());
            ++calls;
            if (const auto* id = method.input_type()->FindFieldByName("request_id")) {
                request->GetReflection()->SetString(request.get(), id,
                                                    "request-" + std::to_string(calls));
            }
            const Status answer = raw_call(client, path, request->SerializeAsString()).status();
            CHECK(answer.code() == absl::StatusCode::kFailedPrecondition);
            CHECK(error_reason(answer) == "ACCOUNT_CLOSED");
        }
    }
    CHECK(calls == file->FindServiceByName("TenantService")->method_count());
    CHECK(front.world.checksum() == before);
}

}  // namespace prepay::account::test
