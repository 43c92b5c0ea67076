#pragma once

#include <utility>

#include "books/adapters/event_posting_snapshot.h"
#include "books/adapters/grpc_books.h"
#include "books/adapters/pg_posting.h"
#include "runtime/service.h"

namespace prepay::account {

/// The ledger and its posting transaction, as the process composes them.
struct Books {
    static constexpr int kMonthsAhead = 2;

    Books(runtime::Service& service, AccountMetrics& metrics, PgPosting::Reconcile reconcile,
          FetchCharges fetch_charges)
        : book(service.outbox(), service.clock()),
          ledger(metrics),
          posting(book, ledger, std::move(reconcile), service.clock()),
          statements(book, service.clock()),
          snapshot(std::move(fetch_charges), service.clock()),
          grpc(service.database(), views, statements) {}

    /// Makes the ledger's month partitions ahead.
    Status make_partitions(runtime::Service& service) {
        return service.database().transact([&](pqxx::work& tx) {
            ledger.prepare_ahead(tx, service.clock().now(), kMonthsAhead);
            return absl::OkStatus();
        });
    }

    PgAccountBook book;
    PgLedger ledger;
    PgPosting posting;
    PgAccountViews views;
    PgStatements statements;
    PostingSnapshot snapshot;
    GrpcBooks grpc;
};

}  // namespace prepay::account
