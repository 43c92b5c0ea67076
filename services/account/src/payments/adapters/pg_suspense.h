#pragma once

#include <optional>
#include <pqxx/pqxx>
#include <string>

#include "books/adapters/pg_posting.h"
#include "core/status.h"
#include "payments/adapters/pg_orders.h"
#include "payments/domain/suspense.h"
#include "pg/page.h"

namespace prepay::account {

/// Money that could not be credited, and how people end it. Thread-safe.
class PgSuspense {
public:
    PgSuspense(PgAccountBook& book, PgPosting& posting, PgOrders& orders, const Clock& clock)
        : book_(book), posting_(posting), orders_(orders), clock_(clock) {}

    struct Settlement {
        std::string transaction_id;
        SuspenseOutcome outcome = SuspenseOutcome::kCreditAccount;
        std::string account_id;  ///< Empty = the account of the order that was paid.
        std::string note;
        std::string user;
        std::string request_id;
        std::string content_hash;
    };
    struct Settled {
        SuspenseView item;
        std::optional<Order> order;  ///< Of a credit.
    };
    /// Newest first.
    pg::Page<SuspenseView> list(pqxx::work& tx, const SuspenseFilter& filter);
    /// Ends a payment in suspense. Reasons SUSPENSE_NOT_FOUND, SUSPENSE_SETTLED, ACCOUNT_NOT_FOUND,
    /// ACCOUNT_OF_ANOTHER_SITE, ACCOUNT_CLOSED, BAD_OUTCOME, BAD_NOTE.
    Result<Settled> settle(pqxx::work& tx, const Settlement& wanted);

private:
    Result<Order> credit_account(pqxx::work& tx, const Settlement& wanted,
                                 const LockedAccount& purse, const Posting& posting);

    PgAccountBook& book_;
    PgPosting& posting_;
    PgOrders& orders_;
    const Clock& clock_;
};

}  // namespace prepay::account
