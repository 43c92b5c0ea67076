#include <catch2/catch.hpp>

#include "payments/app/payments.h"
#include "support/doubtful_clock.h"

namespace prepay::account {
namespace {

/// One order that nobody has paid.
class OneOrder final : public PaymentStore {
public:
    Order order;
    std::vector<std::string> closed;
    int asked_again = 0;
    Result<Order> create(const NewPayment&) override { return order; }
    Status save_prepay(const std::string&, const std::string&) override { return absl::OkStatus(); }
    Result<AppliedPayment> apply(const PaymentFact&, const Merchant&,
                                 const SignedNotice*) override {
        return AppliedPayment{};
    }
    Result<std::vector<Order>> claim_due(Instant, Duration, int) override {
        return std::vector<Order>{order};
    }
    Status set_next_query(const std::string&, Instant) override {
        ++asked_again;
        return absl::OkStatus();
    }
    Status close(const std::string& order_id, const std::string& reason) override {
        closed.push_back(order_id + " " + reason);
        return absl::OkStatus();
    }
};

class UnpaidProvider final : public PaymentProvider {
public:
    int close_count = 0;
    [[nodiscard]] const Merchant& merchant() const override { return merchant_; }
    [[nodiscard]] Status check_payer(const std::string&) const override { return absl::OkStatus(); }
    Result<std::string> create_prepay(const Order&, const std::string&) override { return "id"; }
    Result<PaymentFact> query(const std::string& order_id) override {
        PaymentFact fact;
        fact.order_id = order_id;
        fact.trade_state = TradeState::kNotPay;
        return fact;
    }
    Status close(const std::string&) override {
        ++close_count;
        return absl::OkStatus();
    }
    Result<ClientParameters> client_parameters(const std::string&) override {
        return ClientParameters{};
    }
    Result<PaymentFact> open_notice(const SignedNotice&) override { return PaymentFact{}; }

private:
    Merchant merchant_;
};

}  // namespace

TEST_CASE("I-24 no order expires while the clock is in doubt") {
    OneOrder store;
    UnpaidProvider provider;
    test::DoubtfulClock time;
    telemetry::Metrics telemetry;
    AccountMetrics metrics(telemetry);
    Payments payments(store, provider, time.clock, metrics, {});
    store.order.order_id = "o1";
    store.order.expire_time = time.clock.now();
    for (const auto by : {std::chrono::hours(24), std::chrono::hours(-24)}) {
        time.step(by);
        REQUIRE(is_in_doubt(time.clock));
        const int asked_before = store.asked_again;
        CHECK(payments.query_due().value() == 1);
        CHECK(store.closed.empty());
        CHECK(provider.close_count == 0);
        CHECK(store.asked_again >
              asked_before);  // It is asked about all the same: money may have come.
        time.heal(by);
    }
    REQUIRE_FALSE(is_in_doubt(time.clock));
    CHECK(payments.query_due().value() == 1);
    CHECK(store.closed == std::vector<std::string>{"o1 EXPIRED"});
    CHECK(provider.close_count == 1);
}

}  // namespace prepay::account
