#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <thread>

#include "integration/account/server.h"
#include "support/until.h"

// A payment provider that hangs holds its callers, and nobody else.
namespace prepay::account::test {
namespace {

using std::chrono::steady_clock;

constexpr int kPayerCount = 60;
constexpr int kReaderCount = 2;
constexpr std::chrono::milliseconds kNormal{1000};

/// Calls `call` again and again for a second; the longest it took. Every call must succeed.
template <typename Call>
steady_clock::duration slowest(Call&& call) {
    steady_clock::duration longest{};
    const auto end = steady_clock::now() + std::chrono::seconds(1);
    while (steady_clock::now() < end) {
        const auto start = steady_clock::now();
        const auto answer = call();
        INFO(error_reason(answer.status()) << error_message(answer.status()));
        REQUIRE(answer.ok());
        longest = std::max(longest, steady_clock::now() - start);
    }
    return longest;
}

}  // namespace

TEST_CASE("I-26: with the provider hanging at full load claims, notices and the desk answer") {
    SKIP_WITHOUT_POSTGRES();
    Office office;
    World& world = office.world;
    world.make_room("r1");
    world.make_room("r2");
    const std::string poor = world.open("r1", kYuan);
    const std::string rich = world.open("r2", 50 * kYuan);
    const auto paid = office.pay.start(rich, 7 * kYuan);
    REQUIRE(paid.ok());
    REQUIRE(office.pay.provider->pay_order(paid->order.order_id, nullptr).status == 200);
    REQUIRE(world.charge({{1, poor, 2 * kYuan, ""}}).ok());
    const std::string intent = world.intents(poor).front().intent_id();

    provider::Faults hanging;
    hanging.drop_notices = true;
    hanging.answer_delay_ms = 6000;
    office.pay.provider->set_faults(hanging);
    std::atomic<int> busy{0};
    std::atomic<bool> done{false};
    std::vector<std::jthread> people;
    for (int i = 0; i < kPayerCount; ++i) {
        people.emplace_back([&, i] {
            v1::CreatePaymentRequest request;
            request.set_request_id("payment-" + std::to_string(i));
            request.set_amount_micros(5 * kYuan);
            request.set_openid("openid-1");
            const auto answer =
                office.server.call(office.server.tenant(rich), &Tenant::CreatePayment, request);
            busy += error_reason(answer.status()) == "PROVIDER_BUSY" ? 1 : 0;
        });
    }
    for (int i = 0; i < kReaderCount; ++i) {
        people.emplace_back([&] {
            while (!done) {
                (void)office.server.call(office.server.cashier, &Desk::ListOrders,
                                         v1::ListOrdersRequest());
            }
        });
    }
    // At once, and the others hang.
    CHECK(prepay::test::until(std::chrono::seconds(4),
                              [&] { return busy == kPayerCount - kProviderCallsMax; }));
    CHECK(slowest([&] {
              v1::ClaimSwitchIntentRequest claim;
              claim.set_intent_id(intent);
              claim.set_claimant("gateway-1");
              return office.server.call(office.server.service, &Desk::ClaimSwitchIntent, claim);
          }) < kNormal);
    CHECK(slowest([&] {
              return office.server.hand_over(office.pay.notice(paid->order.order_id));
          }) < kNormal);
    CHECK(office.pay.order_state(paid->order.order_id) == "credited");
    int n = 0;
    CHECK(slowest([&] {
              v1::TopUpRequest request;
              request.set_request_id("desk-top-up-" + std::to_string(++n));
              request.set_account_id(rich);
              request.set_amount_micros(kYuan);
              return office.server.call(office.server.cashier, &Desk::TopUp, request);
          }) < kNormal);
    done = true;
    people.clear();
    CHECK(world.count("SELECT count(*) FROM orders WHERE state = 'pending'") == kProviderCallsMax);
    CHECK(world.audit().empty());
}

}  // namespace prepay::account::test
