#include "intake/domain/charge_route.h"

#include <catch2/catch.hpp>

namespace prepay::account {

TEST_CASE("who bears a charge") {
    constexpr std::int64_t kTenant = 40, kVacancy = 7, kOtherVacancy = 17;
    SiteAccounts site;
    site.vacancy_no = kVacancy;
    site.revenue_no = 6;
    const std::optional<std::int64_t> none;
    struct Case {
        const char* what;
        const char* named;  // The account that billing names.
        const char* reversal_of;
        std::int64_t known_no;  // Its number; 0 = unknown.
        std::optional<std::int64_t> original_no;
        std::int64_t bearer;
        bool is_redirected;
    };
    const Case cases[] = {
        // what                             named  of     known    original       bearer  noted
        {"a tenant's charge", "a-1", "", kTenant, none, kTenant, false},
        {"a tenant gets it back", "a-1", "c-1", kTenant, none, kTenant, false},
        {"an empty room", "", "", 0, none, kVacancy, false},
        {"an empty room gets it back", "", "c-1", 0, none, kVacancy, false},
        {"an account nobody knows", "a-9", "", 0, none, kVacancy, true},
        {"its reversal follows it", "a-9", "c-1", 0, kOtherVacancy, kOtherVacancy, false},
        {"a reversal whose charge never came", "a-9", "c-1", 0, none, kVacancy, true},
        {"known by now: the tenant's own", "a-9", "c-1", kTenant, kOtherVacancy, kTenant, false},
    };
    for (const Case& c : cases) {
        INFO(c.what);
        Charge charge;
        charge.charge_id = "c-2";
        charge.account_id = c.named;
        charge.reversal_of = c.reversal_of;
        charge.amount = Money::from_yuan(3);
        const ChargeRoute route = route_charge(charge, {c.known_no, c.original_no}, site);
        CHECK(route.account_no == c.bearer);
        CHECK(route.is_redirected == c.is_redirected);
        const Posting posting = charge_posting(charge, route.account_no, site);
        CHECK(posting.account_no == c.bearer);
        CHECK(posting.counter_no == site.revenue_no);
        CHECK(posting.amount == -charge.amount);
        CHECK(posting.kind == (*c.reversal_of ? EntryKind::kReversal : EntryKind::kCharge));
        CHECK(posting.source_kind == SourceKind::kCharge);
        CHECK(posting.source_id == "c-2");
    }
}

}  // namespace prepay::account
