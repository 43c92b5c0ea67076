#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "books/books.h"
#include "payments/adapters/grpc_payments.h"

namespace prepay::account {

/// Orders, suspense and payments by phone, as the process composes them.
struct PaymentRooms {
    /// Without a provider payments answer WECHAT_NOT_CONFIGURED.
    PaymentRooms(runtime::Service& service, Books& books, AccountMetrics& metrics,
                 std::unique_ptr<PaymentProvider> payment_provider, const PaymentTimes& times)
        : orders(service.database(), books.book, books.posting, service.outbox(), service.clock()),
          suspense(books.book, books.posting, orders, service.clock()),
          provider(std::move(payment_provider)) {
        if (provider) {
            payments.emplace(orders, *provider, service.clock(), metrics, times);
        }
        grpc.emplace(service.database(), books.views, orders, suspense,
                     payments ? &*payments : nullptr);
    }

    PgOrders orders;
    PgSuspense suspense;
    std::unique_ptr<PaymentProvider> provider;
    std::optional<Payments> payments;
    std::optional<GrpcPayments> grpc;
};

}  // namespace prepay::account
