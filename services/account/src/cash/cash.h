#pragma once

#include "books/books.h"
#include "cash/adapters/grpc_cash.h"

namespace prepay::account {

/// The desk's cash, as the process composes it.
struct Cash {
    Cash(runtime::Service& service, Books& books, PgOrders& orders, BillProgress& bills)
        : cash(books.book, books.posting, orders, service.clock()),
          grpc(service.database(), books.views, cash, bills) {}

    PgCash cash;
    GrpcCash grpc;
};

}  // namespace prepay::account
