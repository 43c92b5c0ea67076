#pragma once

#include <string>

#include "books/convert.h"
#include "payments/domain/order_list.h"
#include "payments/domain/payment.h"
#include "payments/domain/suspense.h"
#include "payments/ports.h"

namespace prepay::account {

v1::OrderKind to_proto(OrderKind kind);
v1::OrderState to_proto(OrderState state);
v1::SuspenseOutcome to_proto(SuspenseOutcome outcome);
v1::SuspenseState to_proto(SuspenseState state);
v1::Order to_proto(const Order& order);
v1::Order to_proto(const ListedOrder& listed);
v1::SuspenseItem to_proto(const SuspenseView& item);
/// Each kind of parameters into the field of its own.
void set_client(v1::CreatePaymentResponse& response, const ClientParameters& client);

OrderFilter from_proto(const v1::ListOrdersRequest& request);
/// Reason BAD_PAGE_TOKEN.
Result<SuspenseFilter> from_proto(const v1::ListSuspenseRequest& request);
/// Reason BAD_OUTCOME.
Result<SuspenseOutcome> from_proto(v1::SuspenseOutcome outcome);

/// The words these have in SQL. The reverse asserts: the database checks them.
const char* to_text(OrderKind kind);
const char* to_text(OrderState state);
const char* to_text(SuspenseOutcome outcome);
OrderKind order_kind_from(const std::string& text);
OrderState order_state_from(const std::string& text);
SuspenseOutcome suspense_outcome_from(const std::string& text);

}  // namespace prepay::account
