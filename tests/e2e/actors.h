#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "e2e/park.h"

namespace prepay::e2e {

/// What clients were told: every movement of money by its request id. Thread-safe.
class Journal {
public:
    /// Money of an opening or a top-up that the test made itself.
    void opened(const std::string& account_id, std::int64_t amount_micros);
    /// Money in (positive) or out that a client was told is posted.
    void acknowledged(const std::string& account_id, std::int64_t amount_micros);
    /// A payment that the provider took: it must be credited sooner or later.
    void paid(const std::string& account_id, const std::string& order_id,
              std::int64_t amount_micros);

    /// Of acknowledged movements and paid orders.
    [[nodiscard]] std::size_t count() const;
    [[nodiscard]] std::int64_t paid_micros(const std::string& account_id) const;
    /// Until every payment of the account is credited.
    void wait_final(Park& park, const std::string& account_id) const;
    /// "812 top-ups, 201 refunds, 94 payments".
    [[nodiscard]] std::string text() const;

private:
    mutable std::mutex mutex_;
    std::map<std::string, std::int64_t> sums_;
    std::map<std::string, std::vector<std::string>> orders_;
    std::size_t top_up_count_ = 0;
    std::size_t refund_count_ = 0;
    std::size_t payment_count_ = 0;
};

/// Clerks who top up and refund, and tenants who pay by phone, each on a thread of its own. A call
/// without an answer is repeated with the same request id until there is one, as a client must.
class Actors {
public:
    Actors(Stack& stack, Journal& journal, const std::map<std::string, std::string>& accounts,
           std::uint64_t seed);
    ~Actors();
    Actors(const Actors&) = delete;
    Actors& operator=(const Actors&) = delete;

    /// Lets each end what it has begun.
    void stop();

private:
    void work_at_desk(const std::stop_token& stop, std::uint64_t seed);
    void pay_by_phone(const std::stop_token& stop, std::uint64_t seed);

    Stack& stack_;
    Journal& journal_;
    std::vector<std::string> account_ids_;
    std::vector<std::jthread> threads_;
};

/// Time for something to happen in other processes.
void let_pass(std::chrono::milliseconds time);

}  // namespace prepay::e2e
