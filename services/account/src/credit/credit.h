#pragma once

#include "books/books.h"
#include "credit/adapters/grpc_credit.h"

namespace prepay::account {

/// Credit control, as the process composes it; `switches` are made before the books, which call
/// them.
struct Credit {
    Credit(runtime::Service& service, Books& books, PgSwitches& switches, Duration claim_timeout,
           Duration full_sweep_interval)
        : terms(books.book, books.views, books.posting, service.clock()),
          control(service.database(), books.book, switches, service.clock(), claim_timeout),
          grpc(service.database(), terms, control),
          clock(service.clock()),
          full_interval(full_sweep_interval),
          next_full(clock.steady()) {}

    /// One sweep, a full one when its time has come. Called by one thread.
    Status sweep() {
        const bool full = clock.steady() >= next_full;
        PREPAY_RETURN_IF_ERROR(control.sweep(full).status());
        if (full) {
            next_full = clock.steady() + full_interval;
        }
        return absl::OkStatus();
    }

    PgTerms terms;
    PgCredit control;
    GrpcCredit grpc;
    const Clock& clock;
    Duration full_interval;
    std::chrono::steady_clock::time_point next_full;
};

}  // namespace prepay::account
