#pragma once

#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "books/adapters/pg_posting.h"
#include "payments/adapters/pg_suspense_items.h"
#include "payments/domain/order_list.h"
#include "payments/ports.h"
#include "pg/group_commit.h"
#include "pg/page.h"

namespace prepay::account {

/// Orders, and what the provider says about them. Provider facts are applied in batches, a pipeline
/// of two: while one batch waits for the disk, the next one is worked out. Thread-safe.
class PgOrders final : public PaymentStore {
public:
    PgOrders(pg::Database& database, PgAccountBook& book, PgPosting& posting,
             const outbox::Outbox& outbox, const Clock& clock)
        : database_(database), book_(book), posting_(posting), outbox_(outbox), clock_(clock) {}

    [[nodiscard]] std::string new_order_id() const;
    /// Stores an order that has moved money already, or waits for it: then with the time of its
    /// first query.
    void insert(pqxx::work& tx, const Order& order, const std::string& request_id,
                const std::string& content_hash, const std::optional<Instant>& next_query);
    /// Publishes orders that have moved money.
    void announce(pqxx::work& tx, const std::vector<Order>& orders);
    /// Tells all orders that moved money for a snapshot of prepay.account.payments.v1.
    Status tell_payments(pqxx::work& tx, const outbox::SnapshotRequest& request,
                         const outbox::EmitEvent& emit) const;

    /// Reason ORDER_NOT_FOUND, also for another account's order.
    Result<Order> get(pqxx::work& tx, const std::string& order_id, const std::string& account_id);
    /// Newest first.
    pg::Page<ListedOrder> list(pqxx::work& tx, const OrderFilter& filter);

    Result<Order> create(const NewPayment& payment) override;
    Status save_prepay(const std::string& order_id, const std::string& prepay_id) override;
    Result<AppliedPayment> apply(const PaymentFact& fact, const Merchant& merchant,
                                 const SignedNotice* notice) override;
    Result<std::vector<Order>> claim_due(Instant now, Duration lease, int count_max) override;
    Status set_next_query(const std::string& order_id, Instant time) override;
    Status close(const std::string& order_id, const std::string& reason) override;

private:
    static constexpr std::size_t kBatchMax = 128;
    /// What the provider says about one order, and what it did.
    struct Fact {
        const PaymentFact& payment;
        const Merchant& merchant;
        const SignedNotice* notice;
        AppliedPayment applied;
    };
    struct Batch;
    Status apply_batch(pqxx::work& tx, const std::vector<Fact*>& facts);
    void lock_orders(pqxx::work& tx, Batch& batch);
    void decide(pqxx::work& tx, Fact& fact, Batch& batch);
    void record_batch(pqxx::work& tx, Batch& batch, const PostingPlan& plan, Instant now);
    void save_batch(pqxx::work& tx, Batch& batch);

    pg::Database& database_;
    PgAccountBook& book_;
    PgPosting& posting_;
    const outbox::Outbox& outbox_;
    const Clock& clock_;

    pg::GroupCommit<Fact> facts_{
        database_, kBatchMax,
        [this](pqxx::work& tx, const std::vector<Fact*>& facts) { return apply_batch(tx, facts); }};
};

}  // namespace prepay::account
