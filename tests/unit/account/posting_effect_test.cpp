#include <catch2/catch.hpp>

#include "books/domain/account.h"

namespace prepay::account {
namespace {

LockedAccount locked(std::int64_t account_no, std::int64_t balance_yuan, bool keep_power = false) {
    auto profile = std::make_shared<AccountProfile>();
    profile->account_no = account_no;
    profile->terms.keep_power = keep_power;
    LockedAccount account;
    const Money balance = Money::from_yuan(balance_yuan);
    account.balance = {account_no, balance, 1, balance, Money()};
    account.profile = std::move(profile);
    return account;
}

}  // namespace

TEST_CASE("whose meters a posting turns") {
    struct Case {
        const char* what;
        std::int64_t before_yuan;
        std::int64_t amount_yuan;
        bool keep_power;
        bool is_crossed;
    };
    for (const Case& c : {
             Case{"enough is left", 10, -9, false, false},
             Case{"exactly at the floor", 10, -10, false, true},
             Case{"below the floor", 10, -11, false, true},
             Case{"further below", -1, -1, false, false},
             Case{"paid, but not enough", -10, 10, false, false},
             Case{"paid", -10, 11, false, true},
             Case{"paid more", 5, 11, false, false},
             Case{"below, but power is kept", 10, -11, true, false},
         }) {
        INFO(c.what);
        const std::vector<LockedAccount> before = {locked(5, c.before_yuan, c.keep_power)};
        Posting posting;
        posting.account_no = 5;
        posting.counter_no = 2;
        posting.amount = Money::from_yuan(c.amount_yuan);
        const auto plan = plan_postings({posting}, {before[0].balance});
        REQUIRE(plan);
        const BatchEffect effect = effect_of(before, *plan);
        REQUIRE(effect.changes.size() == 1);
        CHECK(effect.changes[0].before.balance.balance == Money::from_yuan(c.before_yuan));
        CHECK(effect.changes[0].after.balance.balance ==
              Money::from_yuan(c.before_yuan + c.amount_yuan));
        CHECK(effect.crossed.size() == (c.is_crossed ? 1 : 0));
    }
}

TEST_CASE("an account whose postings were all repetitions does not change") {
    const std::vector<LockedAccount> before = {locked(5, 10), locked(6, 10)};
    Posting posting;
    posting.account_no = 6;
    posting.counter_no = 2;
    posting.amount = Money::from_yuan(-10);
    const auto plan = plan_postings({posting}, {before[0].balance, before[1].balance});
    REQUIRE(plan);
    const BatchEffect effect = effect_of(before, *plan);
    REQUIRE(effect.changes.size() == 1);
    CHECK(effect.changes[0].after.balance.account_no == 6);
    REQUIRE(effect.crossed.size() == 1);
    CHECK(effect.crossed[0].wish() == SwitchWish::kOff);
}

}  // namespace prepay::account
