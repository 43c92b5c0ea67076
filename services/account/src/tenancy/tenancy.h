#pragma once

#include <utility>

#include "books/books.h"
#include "tenancy/adapters/grpc_meter_registry.h"
#include "tenancy/adapters/grpc_tenancy.h"

namespace prepay::account {

/// Sites, rooms and tenants, as the process composes them.
struct Tenancy {
    Tenancy(runtime::Service& service, Books& books, FirstTopUp first_top_up)
        : rooms(books.book, service.outbox(), service.clock()),
          accounts(books.book, books.posting, rooms, service.clock()),
          registry(service.peer("metering")),
          grpc(service.database(), books.views, rooms, accounts, registry,
               std::move(first_top_up)) {}

    PgRooms rooms;
    PgAccounts accounts;
    GrpcMeterRegistry registry;
    GrpcTenancy grpc;
};

}  // namespace prepay::account
