#pragma once

#include <map>
#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "adapters/pg_account_book.h"
#include "adapters/pg_ledger.h"
#include "adapters/pg_switches.h"
#include "kafka/kafka.h"
#include "metrics.h"
#include "prepay/billing/v1/events.pb.h"
#include "prepay/metering/v1/events.pb.h"

namespace prepay::account {

/// Takes in what other services publish: charges into the ledger, command results and meter states
/// into credit control. Thread-safe.
class EventIntake {
public:
    EventIntake(PgAccountBook& book, PgLedger& ledger, PgSwitches& switches,
                const outbox::Outbox& outbox, const Clock& clock, AccountMetrics& metrics)
        : book_(book),
          ledger_(ledger),
          switches_(switches),
          outbox_(outbox),
          clock_(clock),
          metrics_(metrics) {}

    static std::vector<std::string> topics();

    /// Applies messages of one topic partition. Reason BAD_MESSAGE for one that never can be.
    Status apply(pqxx::work& tx, const std::vector<kafka::Message>& messages);

private:
    using Charges = std::vector<const billing::v1::Charge*>;
    Status apply_charges(pqxx::work& tx, const std::vector<kafka::Message>& messages);
    Status post_charges(pqxx::work& tx, const Charges& charges);
    Result<std::vector<Posting>> route(pqxx::work& tx, const Charges& charges);
    Result<std::int64_t> redirect(pqxx::work& tx, const billing::v1::Charge& charge,
                                  const SiteAccounts& site);
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
    PgLedger& ledger_;
    PgSwitches& switches_;
    const outbox::Outbox& outbox_;
    const Clock& clock_;
    AccountMetrics& metrics_;
};

}  // namespace prepay::account
