#include "payments/app/payments.h"

#include <algorithm>
#include <thread>
#include <vector>

#include "core/anchored_clock.h"
#include "core/crash_point.h"
#include "telemetry/log.h"

namespace prepay::account {
namespace {

constexpr Money kAmountMin = Money::from_yuan(1);
constexpr Money kAmountMax = Money::from_yuan(5000);
constexpr Duration kQueryLease = std::chrono::seconds(30);
// Asked at the same time, so that each has its lease to itself: at the usual timeout of 5 s the
// three calls that an order may need end within it, however the provider hangs.
constexpr int kQueryBatchMax = 5;

const char* metric_word(PaymentOutcome outcome) {
    switch (outcome) {
        case PaymentOutcome::kCredit:
            return "credited";
        case PaymentOutcome::kAlreadyDone:
            return "repeated";
        case PaymentOutcome::kDispute:
        case PaymentOutcome::kSecondPayment:
            return "disputed";
        case PaymentOutcome::kNothing:
            return "ignored";
        case PaymentOutcome::kForeign:
            return "refused";
    }
    return "refused";
}

void log_dispute(const AppliedPayment& applied, const PaymentFact& fact) {
    if (applied.decision.outcome == PaymentOutcome::kDispute ||
        applied.decision.outcome == PaymentOutcome::kSecondPayment) {
        telemetry::log_error("payment needs a person",
                             {{"reason", applied.decision.reason},
                              {"order_id", fact.order_id},
                              {"transaction_id", fact.transaction_id},
                              {"paid_fen", std::to_string(fact.total_fen)},
                              {"currency", fact.currency}});
    }
}

}  // namespace

Result<Payments::Started> Payments::start(const Wanted& wanted) {
    if (!wanted.amount.is_whole_fen() || wanted.amount < kAmountMin || wanted.amount > kAmountMax) {
        return invalid_argument("BAD_AMOUNT", "the amount must be whole fen, 1 .. 5,000 yuan");
    }
    PREPAY_RETURN_IF_ERROR(provider_.check_payer(wanted.openid));
    if (!provider_calls_.try_acquire()) {
        return make_error(absl::StatusCode::kResourceExhausted, "PROVIDER_BUSY",
                          "the payment provider is slow to answer; try again in a moment");
    }
    Result<Started> started = start_at_provider(wanted);
    provider_calls_.release();
    return started;
}

Result<Payments::Started> Payments::start_at_provider(const Wanted& wanted) {
    const Instant now = clock_.now();
    PREPAY_ASSIGN_OR_RETURN(
        Order order, store_.create({wanted.request_id, wanted.content_hash, wanted.account_id,
                                    wanted.user, wanted.amount, wanted.openid,
                                    now + times_.order_lifetime, now + times_.query_after}));
    if (order.state != OrderState::kPending || (order.expire_time && *order.expire_time <= now)) {
        return failed_precondition("ORDER_NOT_PENDING", "this order is finished; start a new one",
                                   {{"order_id", order.order_id}});
    }
    PREPAY_CRASH_POINT("payment.ordered");
    if (order.prepay_id.empty()) {
        PREPAY_ASSIGN_OR_RETURN(order.prepay_id,
                                provider_.create_prepay(order, wanted.description));
        PREPAY_CRASH_POINT("payment.prepaid");
        PREPAY_RETURN_IF_ERROR(store_.save_prepay(order.order_id, order.prepay_id));
    }
    PREPAY_ASSIGN_OR_RETURN(ClientParameters client, provider_.client_parameters(order.prepay_id));
    return Started{std::move(order), std::move(client)};
}

Status Payments::handle_notice(const SignedNotice& notice) {
    const Result<PaymentFact> fact = provider_.open_notice(notice);
    if (!fact.ok()) {
        metrics_.notice("refused");
        telemetry::log_warning("payment notice refused", {{"reason", error_reason(fact.status())},
                                                          {"serial", notice.serial}});
        return fact.status();
    }
    PREPAY_CRASH_POINT("payment.verified");
    const Result<AppliedPayment> applied = store_.apply(*fact, provider_.merchant(), &notice);
    if (!applied.ok()) {
        if (applied.status().code() != absl::StatusCode::kUnavailable) {
            metrics_.notice("refused");
        }
        telemetry::log_warning(
            "payment notice not applied",
            {{"reason", error_reason(applied.status())}, {"order_id", fact->order_id}});
        return applied.status();
    }
    PREPAY_CRASH_POINT("payment.committed");
    metrics_.notice(metric_word(applied->decision.outcome));
    log_dispute(*applied, *fact);
    return absl::OkStatus();
}

Status Payments::expire(const Order& order) {
    const Status closed = provider_.close(order.order_id);
    // Only an order that nobody can pay any more may be closed here.
    if (!closed.ok() && closed.code() != absl::StatusCode::kNotFound) {
        return closed;
    }
    PREPAY_RETURN_IF_ERROR(store_.close(order.order_id, "EXPIRED"));
    metrics_.order_query("closed");
    return absl::OkStatus();
}

Status Payments::query_one(const Order& order) {
    const Instant now = clock_.now();
    const bool expired = !is_in_doubt(clock_) && order.expire_time && *order.expire_time <= now;
    const Result<PaymentFact> fact = provider_.query(order.order_id);
    if (!fact.ok() && fact.status().code() != absl::StatusCode::kNotFound) {
        return fact.status();
    }
    const auto state = fact.ok() ? std::optional(fact->trade_state) : std::nullopt;
    if (state == TradeState::kUnknown) {
        telemetry::log_error("the payment provider answers with a state that nobody knows",
                             {{"order_id", order.order_id}});
    }
    switch (after_query(state, expired)) {
        case QueryStep::kApply: {
            PREPAY_ASSIGN_OR_RETURN(const AppliedPayment applied,
                                    store_.apply(*fact, provider_.merchant(), nullptr));
            metrics_.order_query("paid");
            log_dispute(applied, *fact);
            return absl::OkStatus();
        }
        case QueryStep::kClose:
            metrics_.order_query("closed");
            return store_.close(order.order_id, "CLOSED_AT_PROVIDER");
        case QueryStep::kCloseAtProvider:
            return expire(order);
        case QueryStep::kAskAgain:
            break;
    }
    metrics_.order_query("open");
    Duration pause = times_.query_after;
    for (int i = 0; i < order.query_count && pause < times_.query_interval_max; ++i) {
        pause *= 2;
    }
    pause = std::min(pause, times_.query_interval_max);
    return store_.set_next_query(order.order_id, now + pause);
}

Result<int> Payments::query_due() {
    PREPAY_ASSIGN_OR_RETURN(const std::vector<Order> due,
                            store_.claim_due(clock_.now(), kQueryLease, kQueryBatchMax));
    const auto ask = [this](const Order& order) {
        const Status status = query_one(order);
        if (!status.ok()) {
            metrics_.order_query("failed");
            telemetry::log_warning(
                "order query failed, will be repeated",
                {{"order_id", order.order_id}, {"error", telemetry::describe(status)}});
        }
    };
    std::vector<std::jthread> askers;
    for (std::size_t i = 1; i < due.size(); ++i) {
        askers.emplace_back(ask, std::cref(due[i]));
    }
    if (!due.empty()) {
        ask(due.front());
    }
    askers.clear();
    return static_cast<int>(due.size());
}

}  // namespace prepay::account
