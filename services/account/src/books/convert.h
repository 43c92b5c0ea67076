#pragma once

#include <google/protobuf/timestamp.pb.h>

#include <array>
#include <optional>
#include <string>

#include "books/domain/account.h"
#include "books/domain/statement.h"
#include "core/assert.h"
#include "core/status.h"
#include "core/time.h"
#include "prepay/account/v1/account.pb.h"
#include "prepay/account/v1/events.pb.h"
#include "prepay/billing/v1/billing.pb.h"
#include "prepay/common/v1/common.pb.h"

namespace prepay::account {

google::protobuf::Timestamp to_proto(Instant instant);
Instant from_proto(const google::protobuf::Timestamp& timestamp);

v1::LedgerAccountKind to_proto(LedgerKind kind);
v1::AccountState to_proto(AccountState state);
v1::FeeState to_proto(FeeState state);
v1::AlarmLevels to_proto(const AlarmLevels& levels);
v1::Account to_proto(const AccountView& view);
v1::Posting to_proto(const StatementLine& line);
v1::GetTrialBalanceResponse to_proto(const TrialBalance& balance);
void fill(v1::BalanceChange& message, const AccountChange& change);

/// What reporting is told of a charge that stands in the ledger. `account_id` = who really bears
/// it.
void fill_posted(v1::PostedCharge& message, const billing::v1::Charge& charge,
                 const std::string& account_id, bool vacancy, Instant post_time);

AccountFilter from_proto(const v1::ListAccountsRequest& request, bool by_phone);
PostingFilter from_proto(const v1::ListPostingsRequest& request);
/// Of the tenant's own account.
PostingFilter from_proto(const v1::ListHistoryRequest& request, const std::string& account_id);

/// Reason BAD_ALARM_LEVELS.
Result<AlarmLevels> from_proto(const v1::AlarmLevels& message);

/// The words these have in SQL and in events. The reverse asserts: the database checks them.
const char* to_text(LedgerKind kind);
const char* to_text(SourceKind kind);
const char* to_text(EntryKind kind);
LedgerKind ledger_kind_from(const std::string& text);

/// The value whose word `text` is.
template <typename Enum, std::size_t kCount>
Enum look_up(const std::array<Enum, kCount>& values, const std::string& text) {
    for (const Enum value : values) {
        if (text == to_text(value)) {
            return value;
        }
    }
    PREPAY_ASSERT(false && "a word the database does not allow");
    return values[0];
}

}  // namespace prepay::account
