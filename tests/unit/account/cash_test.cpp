#include "cash/domain/cash.h"

#include <catch2/catch.hpp>
#include <map>

namespace prepay::account {
namespace {

constexpr auto kIn = OrderKind::kCashTopUp;
constexpr auto kOut = OrderKind::kCashRefund;
constexpr auto kOpen = AccountState::kOpen;
constexpr auto kClosed = AccountState::kClosed;

Money yuan(std::int64_t whole) { return Money::from_yuan(whole); }

Instant at(int hour) { return Instant(std::chrono::hours(500'000 + hour)); }

// A meter that ends at 5 o'clock, billed until the given hour.
BillState billed_until(int hour, bool is_posted = true) {
    return {{{"m", at(5), at(hour)}}, is_posted};
}

}  // namespace

TEST_CASE("cash in and out at the desk") {
    const BillState done = billed_until(5);
    const BillState behind = billed_until(4);
    const BillState on_its_way = billed_until(5, false);
    const std::optional<BillState> silent;
    const Money half_fen = Money::from_micros(5000);
    const std::string long_note(kNoteMax + 1, 'n');
    using enum CashVerdict;
    struct Case {
        const char* what;
        CashWish wish;
        AccountState state;
        Money balance;
        std::optional<BillState> bill;
        CashVerdict verdict;
    };
    const Case cases[] = {
        // what                             wish                            state    balance  bill
        {"cash in", {kIn, yuan(50), "", false}, kOpen, yuan(0), silent, kPost},
        {"into debt", {kIn, yuan(50), "", false}, kOpen, yuan(-80), silent, kPost},
        {"one fen", {kIn, kCashMin, "", false}, kOpen, yuan(0), silent, kPost},
        {"the most", {kIn, kCashMax, "", false}, kOpen, yuan(0), silent, kPost},
        {"more than that", {kIn, yuan(100'001), "", false}, kOpen, yuan(0), silent, kBadAmount},
        {"nothing", {kIn, yuan(0), "", false}, kOpen, yuan(0), silent, kBadAmount},
        {"less than nothing", {kIn, yuan(-1), "", false}, kOpen, yuan(0), silent, kBadAmount},
        {"half a fen", {kIn, half_fen, "", false}, kOpen, yuan(0), silent, kBadAmount},
        {"half a fen out", {kOut, half_fen, "", false}, kOpen, yuan(9), silent, kBadAmount},
        {"a novel", {kIn, yuan(1), long_note, false}, kOpen, yuan(0), silent, kBadNote},
        {"into a closed account",
         {kIn, yuan(1), "", false},
         kClosed,
         yuan(0),
         done,
         kAccountClosed},
        {"all of it back", {kOut, yuan(9), "", false}, kOpen, yuan(9), silent, kPost},
        {"more than there is",
         {kOut, yuan(10), "", false},
         kOpen,
         yuan(9),
         silent,
         kInsufficientBalance},
        {"out of debt", {kOut, yuan(1), "", false}, kOpen, yuan(-1), silent, kInsufficientBalance},
        {"closed and billed", {kOut, yuan(9), "", false}, kClosed, yuan(9), done, kPost},
        {"closed, one hour behind",
         {kOut, yuan(9), "", false},
         kClosed,
         yuan(9),
         behind,
         kNotBilled},
        {"closed, last charges on their way",
         {kOut, yuan(9), "", false},
         kClosed,
         yuan(9),
         on_its_way,
         kNotBilled},
        {"closed, billing is away",
         {kOut, yuan(9), "", false},
         kClosed,
         yuan(9),
         silent,
         kBillUnknown},
        {"closed, behind and too much",
         {kOut, yuan(10), "", false},
         kClosed,
         yuan(9),
         behind,
         kNotBilled},
        {"override says why",
         {kOut, yuan(9), "moved abroad", true},
         kClosed,
         yuan(9),
         behind,
         kPost},
        {"override while billing is away",
         {kOut, yuan(9), "moved abroad", true},
         kClosed,
         yuan(9),
         silent,
         kPost},
        {"override without a word",
         {kOut, yuan(9), " ", true},
         kClosed,
         yuan(9),
         behind,
         kReasonRequired},
        {"override of too much",
         {kOut, yuan(10), "moved abroad", true},
         kClosed,
         yuan(9),
         behind,
         kInsufficientBalance},
        {"override of an open account needs no word",
         {kOut, yuan(9), "", true},
         kOpen,
         yuan(9),
         silent,
         kPost},
    };
    for (const Case& c : cases) {
        INFO(c.what);
        CHECK(decide_cash(c.wish, c.state, c.balance, c.bill) == c.verdict);
        const CashVerdict before = check_wish(c.wish);
        CHECK((before == c.verdict || before == kPost));
    }
}

TEST_CASE("the bill is asked for only where nobody would pay what is missing on it") {
    CHECK(needs_bill({kOut, yuan(1), "", false}, kClosed));
    CHECK_FALSE(needs_bill({kOut, yuan(1), "", true}, kClosed));
    CHECK_FALSE(needs_bill({kOut, yuan(1), "", false}, kOpen));
    CHECK_FALSE(needs_bill({kIn, yuan(1), "", false}, kClosed));
}

TEST_CASE("cash moves between the purse and the till") {
    Order order;
    order.order_id = "o-1";
    order.account_no = 9;
    order.create_time = at(1);
    order.amount = yuan(20);
    const auto balance_after = [&](OrderKind kind) {
        order.kind = kind;
        const auto plan = plan_postings({cash_posting(order, 2)}, {{9, yuan(30), 1, yuan(30), {}}});
        REQUIRE(plan);
        CHECK(plan->counters.at(2).amount == yuan(30) - plan->accounts[0].balance);
        CHECK(plan->entries[0].posting.source_id == "o-1");
        CHECK(plan->entries[0].posting.source_time == at(1));
        return plan->accounts[0].balance;
    };
    CHECK(balance_after(kIn) == yuan(50));
    CHECK(balance_after(kOut) == yuan(10));
}

}  // namespace prepay::account
