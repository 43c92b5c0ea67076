#include "metrics.h"

namespace prepay::account {

AccountMetrics::AccountMetrics(telemetry::Metrics& metrics)
    : metrics_(metrics),
      postings_(metrics.counter("prepay_account_postings_total", "Ledger entries written")),
      duplicates_(metrics.counter("prepay_account_duplicate_postings_total",
                                  "Postings dropped because their source was posted before")),
      redirected_(metrics.counter("prepay_account_redirected_charges_total",
                                  "Charges of unknown accounts, posted to a vacancy account")),
      post_duration_(metrics.histogram("prepay_account_post_duration_seconds",
                                       "Time to post one batch of charges, without its commit")) {
    for (const char* action : {"trip", "restore"}) {
        for (const char* state : {"ready", "sending", "done", "cancelled", "failed"}) {
            metrics_.counter("prepay_account_switch_intents_total", "Switch intents by new state",
                             {{"action", action}, {"state", state}});
        }
    }
    for (const char* outcome : {"credited", "repeated", "disputed", "ignored", "refused"}) {
        metrics_.counter("prepay_account_notices_total", "Payment notices by outcome",
                         {{"outcome", outcome}});
    }
    for (const char* outcome : {"paid", "open", "closed", "failed"}) {
        metrics_.counter("prepay_account_order_queries_total", "Order queries by outcome",
                         {{"outcome", outcome}});
    }
}

void AccountMetrics::switch_intent(const std::string& action, const std::string& state) {
    metrics_
        .counter("prepay_account_switch_intents_total", "Switch intents by new state",
                 {{"action", action}, {"state", state}})
        .add();
}

void AccountMetrics::notice(const std::string& outcome) {
    metrics_
        .counter("prepay_account_notices_total", "Payment notices by outcome",
                 {{"outcome", outcome}})
        .add();
}

void AccountMetrics::order_query(const std::string& outcome) {
    metrics_
        .counter("prepay_account_order_queries_total", "Order queries by outcome",
                 {{"outcome", outcome}})
        .add();
}

}  // namespace prepay::account
