#include "books/convert.h"

#include "core/proto_time.h"
#include "rpc/request_rules.h"

namespace prepay::account {
namespace {

constexpr std::size_t kRateCount = 6;

}  // namespace

google::protobuf::Timestamp to_proto(Instant instant) {
    google::protobuf::Timestamp timestamp;
    set_time(timestamp, instant);
    return timestamp;
}

Instant from_proto(const google::protobuf::Timestamp& timestamp) {
    return from_proto_time(timestamp);
}

v1::LedgerAccountKind to_proto(LedgerKind kind) {
    switch (kind) {
        case LedgerKind::kPurse:
            return v1::LEDGER_ACCOUNT_KIND_PURSE;
        case LedgerKind::kCash:
            return v1::LEDGER_ACCOUNT_KIND_CASH;
        case LedgerKind::kProvider:
            return v1::LEDGER_ACCOUNT_KIND_WECHAT;
        case LedgerKind::kRevenue:
            return v1::LEDGER_ACCOUNT_KIND_REVENUE;
        case LedgerKind::kVacancy:
            return v1::LEDGER_ACCOUNT_KIND_VACANCY;
        case LedgerKind::kSuspense:
            return v1::LEDGER_ACCOUNT_KIND_SUSPENSE;
    }
    return v1::LEDGER_ACCOUNT_KIND_UNSPECIFIED;
}

v1::AccountState to_proto(AccountState state) {
    return state == AccountState::kOpen ? v1::ACCOUNT_STATE_OPEN : v1::ACCOUNT_STATE_CLOSED;
}

v1::FeeState to_proto(FeeState state) {
    switch (state) {
        case FeeState::kNormal:
            return v1::FEE_STATE_NORMAL;
        case FeeState::kLow1:
            return v1::FEE_STATE_LOW_1;
        case FeeState::kLow2:
            return v1::FEE_STATE_LOW_2;
        case FeeState::kLow3:
            return v1::FEE_STATE_LOW_3;
        case FeeState::kArrears:
            return v1::FEE_STATE_ARREARS;
        case FeeState::kCut:
            return v1::FEE_STATE_CUT;
    }
    return v1::FEE_STATE_UNSPECIFIED;
}

v1::AlarmLevels to_proto(const AlarmLevels& levels) {
    v1::AlarmLevels message;
    message.set_level_1_micros(levels.level_1.micros());
    message.set_level_2_micros(levels.level_2.micros());
    message.set_level_3_micros(levels.level_3.micros());
    message.set_cut_floor_micros(levels.cut_floor.micros());
    return message;
}

v1::Account to_proto(const AccountView& view) {
    const AccountProfile& profile = *view.state.profile;
    v1::Account account;
    account.set_account_id(profile.account_id);
    account.set_site_id(profile.site_id);
    account.set_state(to_proto(profile.terms.state));
    account.set_balance_micros(view.state.balance.balance.micros());
    account.set_version(view.state.balance.version);
    account.set_currency_code("CNY");
    *account.mutable_alarm_levels() = to_proto(profile.terms.levels);
    account.set_keep_power(profile.terms.keep_power);
    account.set_fee_state(to_proto(view.state.fee()));
    *account.mutable_open_time() = to_proto(view.open_time);
    if (view.close_time) {
        *account.mutable_close_time() = to_proto(*view.close_time);
    }
    if (!profile.customer_id.empty()) {
        account.mutable_customer()->set_customer_id(profile.customer_id);
        account.mutable_customer()->set_display_name(profile.customer_name);
        account.mutable_customer()->set_phone(profile.phone);
        account.mutable_customer()->set_email(profile.email);
    }
    account.mutable_room_ids()->Add(profile.room_ids.begin(), profile.room_ids.end());
    account.mutable_meter_ids()->Add(view.meter_ids.begin(), view.meter_ids.end());
    return account;
}

v1::Posting to_proto(const StatementLine& line) {
    v1::Posting posting;
    posting.set_posting_id(line.account_version);
    posting.set_account_id(line.account_id);
    *posting.mutable_post_time() = to_proto(line.post_time);
    posting.set_amount_micros(line.amount.micros());
    posting.set_balance_after_micros(line.balance_after.micros());
    posting.set_kind(line.kind);
    posting.set_source_id(line.source_id);
    posting.set_counter_kind(to_proto(line.counter_kind));
    *posting.mutable_source_time() = to_proto(line.source_time);
    return posting;
}

v1::GetTrialBalanceResponse to_proto(const TrialBalance& balance) {
    v1::GetTrialBalanceResponse response;
    for (const TrialBalanceLine& line : balance.lines) {
        v1::TrialBalanceLine& message = *response.add_lines();
        message.set_kind(to_proto(line.kind));
        message.set_site_id(line.site_id);
        message.set_balance_micros(line.balance.micros());
        message.set_posting_count(line.posting_count);
    }
    response.set_total_micros(balance.total.micros());
    *response.mutable_snapshot_time() = to_proto(balance.snapshot_time);
    return response;
}

void fill(v1::BalanceChange& message, const AccountChange& change) {
    const AccountProfile& profile = *change.after.profile;
    const AccountBalance& balance = change.after.balance;
    message.set_account_id(profile.account_id);
    message.set_site_id(profile.site_id);
    message.set_version(balance.version);
    message.set_balance_micros(balance.balance.micros());
    message.set_fee_state(to_proto(change.after.fee()));
    message.set_previous_fee_state(to_proto(change.before.fee()));
    message.set_keep_power(profile.terms.keep_power);
    *message.mutable_alarm_levels() = to_proto(profile.terms.levels);
    message.set_settings_revision(profile.settings_revision);
    message.mutable_room_ids()->Add(profile.room_ids.begin(), profile.room_ids.end());
    message.mutable_room_names()->Add(profile.room_names.begin(), profile.room_names.end());
    if (!profile.customer_id.empty()) {
        v1::Customer& customer = *message.mutable_customer();
        customer.set_customer_id(profile.customer_id);
        customer.set_display_name(profile.customer_name);
        customer.set_phone(profile.phone);
        customer.set_email(profile.email);
    }
    message.set_state(to_proto(profile.terms.state));
    message.set_vacancy(profile.terms.kind == LedgerKind::kVacancy);
    message.set_credit_total_micros(balance.credit_total.micros());
    message.set_charge_total_micros(balance.charge_total.micros());
}

void fill_posted(v1::PostedCharge& message, const billing::v1::Charge& charge,
                 const std::string& account_id, bool vacancy, Instant post_time) {
    message.set_charge_id(charge.charge_id());
    message.set_account_id(account_id);
    message.set_room_id(charge.room_id());
    message.set_meter_id(charge.meter_id());
    message.set_site_id(charge.site_id());
    *message.mutable_start_time() = charge.start_time();
    *message.mutable_end_time() = charge.end_time();
    *message.mutable_post_time() = to_proto(post_time);
    message.set_quantity(charge.quantity());
    message.set_amount_micros(charge.amount_micros());
    message.set_resource(charge.resource());
    message.set_vacancy(vacancy);
    if (charge.lines_size() > 0) {
        std::int64_t by_rate[kRateCount] = {};
        for (const auto& line : charge.lines()) {
            const auto rate = static_cast<std::size_t>(line.period());
            by_rate[rate < kRateCount ? rate : 0] += line.quantity();
        }
        message.mutable_rate_quantity()->Add(std::begin(by_rate), std::end(by_rate));
    }
}

AccountFilter from_proto(const v1::ListAccountsRequest& request, bool by_phone) {
    return {request.site_id(), request.query(),      request.include_closed(),
            by_phone,          request.page_token(), rpc::page_size_of(request.page_size())};
}

PostingFilter from_proto(const v1::ListPostingsRequest& request) {
    PostingFilter filter;
    filter.account_id = request.account_id();
    filter.start_time = find_proto_time(request.has_start_time(), request.start_time());
    filter.end_time = find_proto_time(request.has_end_time(), request.end_time());
    filter.page_token = request.page_token();
    filter.limit = rpc::page_size_of(request.page_size());
    return filter;
}

PostingFilter from_proto(const v1::ListHistoryRequest& request, const std::string& account_id) {
    PostingFilter filter;
    filter.account_id = account_id;
    filter.without_charges = request.without_charges();
    filter.page_token = request.page_token();
    filter.limit = rpc::page_size_of(request.page_size());
    return filter;
}

Result<AlarmLevels> from_proto(const v1::AlarmLevels& message) {
    AlarmLevels levels;
    levels.level_1 = Money::from_micros(message.level_1_micros());
    levels.level_2 = Money::from_micros(message.level_2_micros());
    levels.level_3 = Money::from_micros(message.level_3_micros());
    levels.cut_floor = Money::from_micros(message.cut_floor_micros());
    if (const std::string problem = problem_of(levels); !problem.empty()) {
        return invalid_argument("BAD_ALARM_LEVELS", problem);
    }
    return levels;
}

const char* to_text(LedgerKind kind) {
    switch (kind) {
        case LedgerKind::kPurse:
            return "purse";
        case LedgerKind::kCash:
            return "cash";
        case LedgerKind::kProvider:
            return "wechat";
        case LedgerKind::kRevenue:
            return "revenue";
        case LedgerKind::kVacancy:
            return "vacancy";
        case LedgerKind::kSuspense:
            return "suspense";
    }
    return "";
}

const char* to_text(SourceKind kind) {
    switch (kind) {
        case SourceKind::kCharge:
            return "charge";
        case SourceKind::kOrder:
            return "order";
        case SourceKind::kTransaction:
            return "transaction";
        case SourceKind::kSettlement:
            return "settlement";
    }
    return "";
}

const char* to_text(EntryKind kind) {
    switch (kind) {
        case EntryKind::kTopUp:
            return "top-up";
        case EntryKind::kRefund:
            return "refund";
        case EntryKind::kCharge:
            return "charge";
        case EntryKind::kReversal:
            return "reversal";
        case EntryKind::kSuspense:
            return "suspense";
    }
    return "";
}

LedgerKind ledger_kind_from(const std::string& text) {
    using enum LedgerKind;
    return look_up(std::array{kPurse, kCash, kProvider, kRevenue, kVacancy, kSuspense}, text);
}

}  // namespace prepay::account
