#pragma once

#include <functional>
#include <mutex>
#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "adapters/pg_account_book.h"
#include "adapters/pg_ledger.h"
#include "adapters/pg_switches.h"
#include "domain/suspense.h"
#include "ports.h"
#include "prepay/account/v1/account.pb.h"

namespace prepay::account {

/// Orders, cash and provider payments, and their postings. Provider facts are applied in batches, a
/// pipeline of two: while one batch waits for the disk, the next one is worked out. Thread-safe.
class PgOrders final : public PaymentStore {
public:
    PgOrders(pg::Database& database, PgAccountBook& book, PgLedger& ledger, PgSwitches& switches,
             const outbox::Outbox& outbox, const Clock& clock)
        : database_(database),
          book_(book),
          ledger_(ledger),
          switches_(switches),
          outbox_(outbox),
          clock_(clock) {}

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
    /// Tells all orders that moved money for a snapshot of prepay.account.payments.v1.
    Status tell_payments(pqxx::work& tx, const outbox::SnapshotRequest& request,
                         const outbox::EmitEvent& emit) const;
    /// The meters of a closed account, each with the end of its last occupancy.
    static std::map<std::string, Instant> ended_meters(pqxx::work& tx,
                                                       const std::string& account_id);

    /// Reason ORDER_NOT_FOUND, also for another account's order.
    Result<Order> get(pqxx::work& tx, const std::string& order_id, const std::string& account_id);
    Result<v1::ListOrdersResponse> list(pqxx::work& tx, const v1::ListOrdersRequest& request);
    /// Newest first. Reason ACCOUNT_NOT_FOUND.
    Result<v1::ListPostingsResponse> postings(pqxx::work& tx,
                                              const v1::ListPostingsRequest& request,
                                              bool without_charges = false);
    /// What the account used, by local day of its site, every day of the last `day_count`, oldest
    /// first. An interval belongs to the day that it ends on; midnight ends a day.
    std::vector<std::pair<std::string, Money>> daily_use(pqxx::work& tx,
                                                         const std::string& account_id,
                                                         int day_count) const;
    v1::GetTrialBalanceResponse trial_balance(pqxx::work& tx);

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
        v1::SuspenseItem item;
        std::optional<Order> order;  ///< Of a credit.
    };
    /// Newest first.
    Result<v1::ListSuspenseResponse> list_suspense(pqxx::work& tx,
                                                   const v1::ListSuspenseRequest& request);
    /// Ends a payment in suspense. Reasons SUSPENSE_NOT_FOUND, SUSPENSE_SETTLED, ACCOUNT_NOT_FOUND,
    /// ACCOUNT_OF_ANOTHER_SITE, ACCOUNT_CLOSED, BAD_OUTCOME, BAD_NOTE.
    Result<Settled> settle(pqxx::work& tx, const Settlement& wanted);

    Result<Order> create(const NewPayment& payment) override;
    Status save_prepay(const std::string& order_id, const std::string& prepay_id) override;
    Result<AppliedPayment> apply(const PaymentFact& fact, const Merchant& merchant,
                                 const SignedNotice* notice) override;
    Result<std::vector<Order>> claim_due(Instant now, Duration lease, int count_max) override;
    Status set_next_query(const std::string& order_id, Instant time) override;
    Status close(const std::string& order_id, const std::string& reason) override;

private:
    static constexpr std::size_t kNoteMax = 500;
    [[nodiscard]] std::string new_order_id() const;
    static Status check_payout(pqxx::work& tx, const CashOrder& wanted,
                               const LockedAccount& account);
    Result<Order> cash(pqxx::work& tx, const CashOrder& wanted, OrderKind kind);
    /// Posts to a locked account, announces its new state and lets credit control act.
    Result<Money> post(pqxx::work& tx, const LockedAccount& account, const Posting& posting);
    void insert(pqxx::work& tx, const Order& order, const std::string& request_id,
                const std::string& content_hash, const std::optional<Instant>& next_query);
    void announce(pqxx::work& tx, const std::vector<Order>& orders);
    Result<Order> credit_from_suspense(pqxx::work& tx, const Settlement& wanted,
                                       const LockedAccount& purse, const Posting& posting);
    /// A provider payment as it goes into suspense.
    struct Held {
        std::string transaction_id;
        std::string order_id;
        Money amount;
        std::string reason;
    };
    void hold(pqxx::work& tx, const std::vector<Held>& items, Instant now);
    struct Fact;
    struct Batch;
    void lead(std::unique_lock<std::mutex>& lock);
    void apply_waiting(std::vector<Fact*>& facts, const std::function<void()>& on_written);
    Status apply_batch(pqxx::work& tx, std::vector<Fact*>& facts);
    void lock_orders(pqxx::work& tx, Batch& batch);
    void decide(Fact& fact, Batch& batch);
    Status post_batch(pqxx::work& tx, Batch& batch);
    void save_batch(pqxx::work& tx, Batch& batch);

    pg::Database& database_;
    PgAccountBook& book_;
    PgLedger& ledger_;
    PgSwitches& switches_;
    const outbox::Outbox& outbox_;
    const Clock& clock_;

    std::mutex facts_mutex_;
    std::vector<Fact*> waiting_;  ///< Its first leads the next batch.
    bool applying_ = false;       ///< A batch is being written; it may still wait for its commit.
};

}  // namespace prepay::account
