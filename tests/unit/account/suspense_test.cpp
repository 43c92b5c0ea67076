#include "payments/domain/suspense.h"

#include <catch2/catch.hpp>

namespace prepay::account {

TEST_CASE("what may be done with money in suspense") {
    const SuspenseItem item{"tx-1", "park-1", "account-1", Money::from_fen(4999), from_micros(7)};
    const SettlementTarget here{"park-1", AccountState::kOpen};
    CHECK(decide_settlement(item, false, here) == SettlementVerdict::kPost);
    CHECK(decide_settlement(item, false, std::nullopt) == SettlementVerdict::kPost);

    SECTION("once, whatever is wished the second time") {
        CHECK(decide_settlement(item, true, here) == SettlementVerdict::kSettledBefore);
        CHECK(decide_settlement(item, true, std::nullopt) == SettlementVerdict::kSettledBefore);
        CHECK(decide_settlement(item, true, SettlementTarget{"park-2", AccountState::kClosed}) ==
              SettlementVerdict::kSettledBefore);
    }
    SECTION("only in the site's own books") {
        CHECK(decide_settlement(item, false, SettlementTarget{"park-2", AccountState::kOpen}) ==
              SettlementVerdict::kOtherSite);
    }
    SECTION("no credit to a closed account") {
        CHECK(decide_settlement(item, false, SettlementTarget{"park-1", AccountState::kClosed}) ==
              SettlementVerdict::kAccountClosed);
    }
}

TEST_CASE("both ends of an item are one source of the ledger and empty its suspense") {
    const SuspenseItem item{"tx-1", "park-1", "account-1", Money::from_fen(4999), from_micros(7)};
    constexpr std::int64_t kPurse = 9, kSuspense = 5, kProvider = 2;
    const Posting credit =
        settlement_posting(item, SuspenseOutcome::kCreditAccount, kPurse, kSuspense);
    const Posting back = settlement_posting(item, SuspenseOutcome::kPaidBack, kSuspense, kProvider);
    CHECK(credit.source_kind == SourceKind::kSettlement);
    CHECK(credit.source_kind == back.source_kind);
    CHECK(credit.source_id == back.source_id);
    CHECK(credit.source_time == back.source_time);
    CHECK(credit.source_time == item.source_time);

    const std::vector<AccountBalance> purse = {{kPurse, Money::from_yuan(-1), 3, {}, {}}};
    const auto credited = plan_postings({credit}, purse);
    REQUIRE(credited);
    CHECK(credited->accounts[0].balance == Money::from_fen(4899));
    CHECK(credited->accounts[0].credit_total == item.amount);
    CHECK(credited->counters.at(kSuspense).amount == -item.amount);

    const std::vector<AccountBalance> suspense = {{kSuspense, item.amount, 1, item.amount, {}}};
    const auto returned = plan_postings({back}, suspense);
    REQUIRE(returned);
    CHECK(returned->accounts[0].balance == Money());
    CHECK(returned->counters.at(kProvider).amount == item.amount);
}

}  // namespace prepay::account
