#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "books/domain/ledger.h"
#include "books/domain/terms.h"

namespace prepay::account {

/// How a person ends an item of suspense.
enum class SuspenseOutcome { kCreditAccount, kPaidBack };

/// A provider payment that no order could take.
struct SuspenseItem {
    std::string transaction_id;  ///< The provider's.
    std::string site_id;
    std::string account_id;  ///< Of the order that was paid.
    Money amount;
    Instant source_time;  ///< Of its posting: the creation of that order.
};

/// How an item was ended.
struct SuspenseSettlement {
    SuspenseOutcome outcome = SuspenseOutcome::kCreditAccount;
    std::string account_id;  ///< Credited; empty = paid back.
    std::string order_id;    ///< Of the credit; empty = paid back.
    Instant settle_time;
    std::string settle_user;
    std::string note;
};

/// An item as people see it.
struct SuspenseView {
    std::string transaction_id;  ///< The provider's.
    std::string site_id;
    std::string order_id;    ///< The order that was paid.
    std::string account_id;  ///< That order's account.
    Money amount;
    std::string reason;  ///< Why it was not credited.
    Instant receive_time;
    std::optional<SuspenseSettlement> settlement;  ///< Absent = still in suspense.
};

/// Which items a list shows.
struct SuspenseFilter {
    std::string site_id;  ///< Empty = of all sites.
    bool include_settled = false;
    std::int64_t below_item_no = 0;  ///< Last one of the page before; 0 = the first page.
    int limit = 100;
};

/// The account a credit is meant for.
struct SettlementTarget {
    std::string site_id;
    AccountState state = AccountState::kOpen;
};

enum class SettlementVerdict {
    kPost,
    kSettledBefore,
    kOtherSite,      ///< The money lies in another site's books.
    kAccountClosed,  ///< As at the desk: no top-up of a closed account.
};

/// Whether an item may be ended as wished; `target` is absent when it is paid back. Checked in the
/// order of the verdicts.
SettlementVerdict decide_settlement(const SuspenseItem& item, bool settled,
                                    const std::optional<SettlementTarget>& target);

/// The posting that ends an item: onto the purse `account_no` out of suspense, or out of the
/// suspense account `account_no` to the provider's. Both have the same source, so that the ledger
/// takes one of them only.
Posting settlement_posting(const SuspenseItem& item, SuspenseOutcome outcome,
                           std::int64_t account_no, std::int64_t counter_no);

}  // namespace prepay::account
