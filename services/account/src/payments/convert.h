#pragma once

#include <string>

#include "books/convert.h"
#include "payments/domain/payment.h"
#include "payments/domain/suspense.h"
#include "payments/ports.h"

namespace prepay::account {

v1::OrderKind to_proto(OrderKind kind);
v1::OrderState to_proto(OrderState state);
v1::SuspenseOutcome to_proto(SuspenseOutcome outcome);
v1::Order to_proto(const Order& order);
/// Each kind of parameters into the field of its own.
void set_client(v1::CreatePaymentResponse& response, const ClientParameters& client);

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
