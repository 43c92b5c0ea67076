#pragma once

#include <memory>

#include "cash/adapters/grpc_bill_progress.h"
#include "cash/cash.h"
#include "config.h"
#include "credit/credit.h"
#include "intake/adapters/event_intake.h"
#include "payments/payments.h"
#include "tenancy/tenancy.h"

namespace prepay::account {

/// Everything the service is made of, in order of construction.
struct Rooms {
    Rooms(runtime::Service& service, const AccountConfig& config,
          std::unique_ptr<PaymentProvider> provider);

    AccountMetrics metrics;
    GrpcBillProgress bills;
    PgSwitches switches;
    Books books;
    Credit credit;
    PaymentRooms payments;
    Cash cash;
    Tenancy tenancy;
    EventIntake intake;
};

/// Looks into what the provider's keys name and notes problems.
void check_keys(const AccountConfig& config, config::Reader& reader);

/// Makes the rooms and connects them with the service: methods, snapshots, topics and threads.
Status wire(runtime::Service& service, const AccountConfig& config, std::unique_ptr<Rooms>& rooms);

}  // namespace prepay::account
