#include <catch2/catch.hpp>
#include <random>

#include "books/domain/ledger.h"

namespace prepay::account {
namespace {

std::vector<Posting> random_postings(std::mt19937& random, std::size_t count) {
    std::vector<Posting> postings;
    for (std::size_t i = 0; i < count; ++i) {
        Posting posting;
        posting.source_kind = random() % 3 == 0 ? SourceKind::kOrder : SourceKind::kCharge;
        posting.source_id = std::to_string(i);
        posting.account_no = 100 + static_cast<std::int64_t>(random() % 7);
        posting.counter_no = 1 + static_cast<std::int64_t>(random() % 3);
        posting.amount = Money::from_micros(static_cast<std::int64_t>(random()) - 2'000'000'000);
        postings.push_back(posting);
    }
    return postings;
}

std::vector<AccountBalance> random_accounts(std::mt19937& random) {
    std::vector<AccountBalance> accounts;
    for (std::int64_t no = 106; no >= 100; --no) {
        const Money credit = Money::from_micros(static_cast<std::int64_t>(random()));
        const Money charge = Money::from_micros(static_cast<std::int64_t>(random()));
        accounts.push_back(
            {no, credit - charge, static_cast<std::int64_t>(random() % 1000), credit, charge});
    }
    return accounts;
}

}  // namespace

TEST_CASE("a plan moves money and makes none (I-1), and counts every posting (I-2)") {
    for (unsigned seed = 1; seed <= 2000; ++seed) {
        std::mt19937 random(seed);
        const auto accounts = random_accounts(random);
        const auto postings = random_postings(random, random() % 60);
        const auto plan = plan_postings(postings, accounts);
        INFO("seed " << seed);
        REQUIRE(plan);
        Int128 change = 0;
        std::int64_t versions = 0;
        for (const AccountBalance& before : accounts) {
            change -= before.balance.micros();
            versions -= before.version;
        }
        for (const AccountBalance& after : plan->accounts) {
            change += after.balance.micros();
            versions += after.version;
            REQUIRE(after.balance == after.credit_total - after.charge_total);
        }
        std::int64_t counted = 0;
        for (const auto& [no, counter] : plan->counters) {
            change += counter.amount.micros();
            counted += counter.posting_count;
        }
        REQUIRE(change == 0);
        REQUIRE(versions == static_cast<std::int64_t>(postings.size()));
        REQUIRE(counted == versions);
    }
}

TEST_CASE("one batch or many give the same books") {
    for (unsigned seed = 1; seed <= 500; ++seed) {
        std::mt19937 random(seed);
        auto accounts = random_accounts(random);
        const auto postings = random_postings(random, 50);
        const auto whole = plan_postings(postings, accounts);
        std::map<std::int64_t, Money> counters;
        std::vector<Money> after_each;
        for (std::size_t start = 0; start < postings.size();) {
            const std::size_t end = std::min(postings.size(), start + 1 + random() % 9);
            const auto part = plan_postings({postings.begin() + static_cast<std::ptrdiff_t>(start),
                                             postings.begin() + static_cast<std::ptrdiff_t>(end)},
                                            accounts);
            REQUIRE(part);
            accounts = part->accounts;
            for (const auto& [no, counter] : part->counters) {
                counters[no] += counter.amount;
            }
            for (const Entry& entry : part->entries) {
                after_each.push_back(entry.balance_after);
            }
            start = end;
        }
        for (std::size_t i = 0; i < accounts.size(); ++i) {
            REQUIRE(accounts[i].balance == whole->accounts[i].balance);
            REQUIRE(accounts[i].version == whole->accounts[i].version);
        }
        for (const auto& [no, amount] : counters) {
            REQUIRE(amount == whole->counters.at(no).amount);
        }
        for (std::size_t i = 0; i < postings.size(); ++i) {
            REQUIRE(after_each[i] == whole->entries[i].balance_after);
        }
    }
}

}  // namespace prepay::account
