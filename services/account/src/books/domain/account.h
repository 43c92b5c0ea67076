#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "books/domain/ledger.h"
#include "books/domain/terms.h"

namespace prepay::account {

/// What of an account changes only with its settings revision. Immutable.
struct AccountProfile {
    std::int64_t account_no = 0;
    std::string account_id;
    std::string site_id;
    std::int64_t settings_revision = 0;
    CreditTerms terms;
    std::string customer_id;
    std::string customer_name;
    std::string phone;
    std::string email;
    std::vector<std::string> room_ids;    ///< Of open occupancies.
    std::vector<std::string> room_names;  ///< The same rooms as people call them.
};

/// An account under its lock.
struct LockedAccount {
    AccountBalance balance;
    std::shared_ptr<const AccountProfile> profile;

    [[nodiscard]] FeeState fee() const { return fee_state(profile->terms, balance.balance); }
    [[nodiscard]] SwitchWish wish() const {
        return switch_wish(profile->terms, balance.balance, balance.version);
    }
};

/// An account before and after a transaction's change.
struct AccountChange {
    LockedAccount before;
    LockedAccount after;
};

/// What a batch did to its accounts.
struct BatchEffect {
    std::vector<AccountChange> changes;  ///< Accounts with new postings, by rising account_no.
    std::vector<LockedAccount> crossed;  ///< Those whose meters are to be switched otherwise now.
};

/// Compares the locked accounts, by rising account_no, with what the plan of their batch makes of
/// them. An account whose postings were all repetitions has no change.
BatchEffect effect_of(const std::vector<LockedAccount>& before, const PostingPlan& plan);

/// A site's own ledger accounts.
struct SiteAccounts {
    std::int64_t cash_no = 0;
    std::int64_t provider_no = 0;
    std::int64_t revenue_no = 0;
    std::int64_t vacancy_no = 0;
    std::int64_t suspense_no = 0;
};

/// An account as people see it.
struct AccountView {
    LockedAccount state;  ///< Not locked; its profile is without room names and revision.
    Instant open_time;
    std::optional<Instant> close_time;
    std::vector<std::string> meter_ids;  ///< Of a closed account: those it had at its end.
};

/// Which accounts a list shows.
struct AccountFilter {
    std::string site_id;  ///< Empty = of all sites.
    /// Part of the customer's name or a room's, or an id of account, room or meter; empty = all.
    std::string query;
    bool include_closed = false;
    /// The query finds a phone number only for those who see it, or digits could be tried one by
    /// one.
    bool by_phone = false;
    std::string after_account_id;  ///< Last one of the page before; empty = the first page.
    int limit = 100;
};

}  // namespace prepay::account
