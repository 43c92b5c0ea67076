#pragma once

#include <map>
#include <pqxx/pqxx>
#include <string>

#include "books/adapters/pg_posting.h"
#include "cash/domain/cash.h"
#include "cash/ports.h"
#include "core/status.h"
#include "payments/adapters/pg_orders.h"

namespace prepay::account {

/// Cash at the desk. Thread-safe.
class PgCash {
public:
    PgCash(PgAccountBook& book, PgPosting& posting, PgOrders& orders, const Clock& clock)
        : book_(book), posting_(posting), orders_(orders), clock_(clock) {}

    struct CashOrder {
        std::string account_id;
        Money amount;
        std::string note;
        std::string user;
        std::string request_id;
        std::string content_hash;
        bool override_unbilled = false;  ///< Who asks has the right for it.
        /// Of a refund from a closed account.
        Result<BillProgress::Bill> bill = BillProgress::Bill();
    };
    /// Cash in. Reasons ACCOUNT_NOT_FOUND, ACCOUNT_CLOSED, BAD_AMOUNT, BAD_NOTE.
    Result<Order> top_up(pqxx::work& tx, const CashOrder& wanted);
    /// Cash out, also of a closed account. Reasons as above without ACCOUNT_CLOSED, and
    /// INSUFFICIENT_BALANCE; for a closed account NOT_BILLED_TO_END, and REASON_REQUIRED for an
    /// override without a note.
    Result<Order> refund(pqxx::work& tx, const CashOrder& wanted);
    /// The meters of a closed account, each with the end of its last occupancy.
    static std::map<std::string, Instant> ended_meters(pqxx::work& tx,
                                                       const std::string& account_id);

private:
    Result<Order> cash(pqxx::work& tx, const CashOrder& wanted, OrderKind kind);

    PgAccountBook& book_;
    PgPosting& posting_;
    PgOrders& orders_;
    const Clock& clock_;
};

}  // namespace prepay::account
