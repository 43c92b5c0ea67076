#pragma once

#include <map>
#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "books/adapters/pg_account_book.h"
#include "books/adapters/pg_posting.h"
#include "credit/adapters/pg_switches.h"
#include "intake/adapters/pg_redirects.h"
#include "intake/domain/charge_route.h"
#include "kafka/kafka.h"
#include "metrics.h"
#include "prepay/billing/v1/events.pb.h"
#include "prepay/metering/v1/events.pb.h"

namespace prepay::account {

/// Takes in what other services publish: charges into the ledger, command results and meter states
/// into credit control. Thread-safe.
class EventIntake {
public:
    EventIntake(PgAccountBook& book, PgPosting& posting, PgSwitches& switches,
                const outbox::Outbox& outbox, const Clock& clock, AccountMetrics& metrics)
        : book_(book),
          posting_(posting),
          switches_(switches),
          outbox_(outbox),
          clock_(clock),
          metrics_(metrics) {}

    /// What is done with each topic. Reason BAD_MESSAGE for a message that never can be applied.
    outbox::Handlers handlers();

private:
    using Charges = std::vector<const billing::v1::Charge*>;
    Status apply_charges(pqxx::work& tx, const std::vector<kafka::Message>& messages);
    Status post_charges(pqxx::work& tx, const Charges& charges);
    std::vector<Posting> route(pqxx::work& tx, const Charges& charges);
    std::int64_t redirect(pqxx::work& tx, const Charge& charge, std::int64_t account_no,
                          const std::string& site_id);
    void announce_charges(pqxx::work& tx, const Charges& charges, const PostingPlan& plan,
                          const std::vector<LockedAccount>& accounts, Instant now);
    /// Who pays for some meters now, locked, and the switches of all they pay for.
    struct Payers {
        std::vector<LockedAccount> accounts;
        std::map<std::int64_t, const LockedAccount*> by_no;
        std::vector<OccupiedSwitch> switches;
    };
    Payers lock_payers(pqxx::work& tx, const std::vector<std::string>& meter_ids);
    Status apply_commands(pqxx::work& tx, const std::vector<kafka::Message>& messages);
    Status apply_states(pqxx::work& tx, const std::vector<kafka::Message>& messages);
    void finish(pqxx::work& tx, const std::vector<LockedAccount>& accounts, Instant now);

    PgAccountBook& book_;
    PgPosting& posting_;
    PgSwitches& switches_;
    PgRedirects redirects_;
    const outbox::Outbox& outbox_;
    const Clock& clock_;
    AccountMetrics& metrics_;
};

}  // namespace prepay::account
