#include <algorithm>
#include <map>

#include "adapters/pg_event_intake.h"
#include "adapters/pg_posting_snapshot.h"
#include "convert.h"
#include "core/crash_point.h"
#include "core/ids.h"
#include "outbox/parts.h"
#include "pg/database.h"
#include "pg/row.h"
#include "telemetry/log.h"

// The charges' half of EventIntake: the path that decides how fast the suite is.
namespace prepay::account {
namespace {

constexpr const char* kPostedTopic = "prepay.account.charge-postings.v1";
constexpr const char* kUnassignedSite = "unassigned";
constexpr std::int64_t kAmountMaxMicros = 1'000'000'000'000'000;  // A thousand million yuan.
constexpr std::size_t kIdLengthMax = 64;

/// Years a charge's time may lie in; partitions are made for any month of them.
constexpr std::int64_t kSecondsMin = 946'684'800;    // 2000-01-01
constexpr std::int64_t kSecondsMax = 4'102'444'800;  // 2100-01-01

Status check(const billing::v1::Charge& charge) {
    const std::string& id = charge.charge_id();
    if (id.empty() || id.size() > kIdLengthMax) {
        return outbox::bad_message("charge without a usable charge_id");
    }
    if (!charge.has_end_time() || charge.end_time().seconds() < kSecondsMin ||
        charge.end_time().seconds() >= kSecondsMax) {
        return outbox::bad_message("charge " + id + ": end_time is missing or not in 2000 .. 2099");
    }
    if (charge.amount_micros() > kAmountMaxMicros || charge.amount_micros() < -kAmountMaxMicros) {
        return outbox::bad_message("charge " + id + ": amount out of range");
    }
    return absl::OkStatus();
}

}  // namespace

Status EventIntake::apply_charges(pqxx::work& tx, const std::vector<kafka::Message>& messages) {
    std::vector<billing::v1::ChargesRated> events(messages.size());
    Charges charges;
    for (std::size_t i = 0; i < messages.size(); ++i) {
        if (!events[i].ParseFromString(messages[i].payload)) {
            return outbox::bad_message("message cannot be decoded");
        }
        for (const billing::v1::Charge& charge : events[i].charges()) {
            PREPAY_RETURN_IF_ERROR(check(charge));
            charges.push_back(&charge);
        }
    }
    if (charges.empty()) {
        return absl::OkStatus();
    }
    const auto start = clock_.steady();
    PREPAY_RETURN_IF_ERROR(post_charges(tx, charges));
    metrics_.post_seconds(std::chrono::duration<double>(clock_.steady() - start).count());
    return absl::OkStatus();
}

// Unknown account: the site's vacancy account bears it; a reversal follows its charge.
Result<std::int64_t> EventIntake::redirect(pqxx::work& tx, const billing::v1::Charge& charge,
                                           const SiteAccounts& site) {
    if (!charge.reversal_of().empty()) {
        const auto rows = tx.exec_params(
            "SELECT account_no FROM redirected_charges WHERE charge_id = $1 AND named_account_id = "
            "$2",
            charge.reversal_of(), charge.account_id());
        if (!rows.empty()) {
            return pg::only<std::int64_t>(rows[0]);
        }
    }
    if (charge.account_id().empty()) {
        return site.vacancy_no;  // Billing's way to say that nobody occupies the meter.
    }
    const auto inserted = tx.exec_params(
        "INSERT INTO redirected_charges (charge_id, named_account_id, account_no) VALUES ($1, $2, "
        "$3)"
        " ON CONFLICT (charge_id) DO NOTHING",
        charge.charge_id(), charge.account_id(), site.vacancy_no);
    if (inserted.affected_rows() == 1) {
        metrics_.redirected_charge();
        telemetry::log_warning("charge of an unknown account goes to the vacancy account",
                               {{"charge_id", charge.charge_id()}, {"site_id", charge.site_id()}});
    }
    return pg::only<std::int64_t>(tx.exec_params1(
        "SELECT account_no FROM redirected_charges WHERE charge_id = $1", charge.charge_id()));
}

Result<std::vector<Posting>> EventIntake::route(pqxx::work& tx, const Charges& charges) {
    std::vector<std::string> account_ids;
    account_ids.reserve(charges.size());
    for (const auto* charge : charges) {
        account_ids.push_back(charge->account_id());
    }
    const std::vector<std::int64_t> nos = book_.find(tx, account_ids);
    std::map<std::string, SiteAccounts> sites;
    std::vector<Posting> postings;
    postings.reserve(charges.size());
    for (std::size_t i = 0; i < charges.size(); ++i) {
        const billing::v1::Charge& charge = *charges[i];
        auto site = sites.find(charge.site_id());
        if (site == sites.end()) {
            const auto found = book_.find_site(tx, charge.site_id());
            const SiteAccounts own = found ? *found : *book_.find_site(tx, kUnassignedSite);
            site = sites.emplace(charge.site_id(), own).first;
        }
        std::int64_t account_no = nos[i];
        if (account_no == 0) {
            PREPAY_ASSIGN_OR_RETURN(account_no, redirect(tx, charge, site->second));
        }
        Posting posting;
        posting.source_kind = SourceKind::kCharge;
        posting.source_id = charge.charge_id();
        posting.source_time = from_proto(charge.end_time());
        posting.kind = charge.reversal_of().empty() ? EntryKind::kCharge : EntryKind::kReversal;
        posting.account_no = account_no;
        posting.counter_no = site->second.revenue_no;
        posting.amount = Money::from_micros(-charge.amount_micros());
        posting.item = i;
        postings.push_back(std::move(posting));
    }
    return postings;
}

void EventIntake::announce_charges(pqxx::work& tx, const Charges& charges, const PostingPlan& plan,
                                   const std::vector<LockedAccount>& accounts, Instant now) {
    std::map<std::int64_t, const AccountProfile*> profiles;
    for (const LockedAccount& account : accounts) {
        profiles[account.balance.account_no] = account.profile.get();
    }
    std::map<int, std::pair<std::string, v1::ChargesPosted>> messages;
    for (const Entry& entry : plan.entries) {
        const AccountProfile& profile = *profiles.at(entry.posting.account_no);
        auto& [key, message] =
            messages[partition_of(profile.account_id, outbox_.partition_count())];
        key = key.empty() ? profile.account_id : key;
        fill_posted(*message.add_charges(), *charges[entry.posting.item], profile.account_id,
                    profile.terms.kind == LedgerKind::kVacancy, now);
    }
    for (auto& [partition, keyed] : messages) {
        outbox::append_in_parts(tx, outbox_, kPostedTopic, keyed.first, std::move(keyed.second),
                                &v1::ChargesPosted::mutable_charges, [&](v1::ChargesPosted& part) {
                                    *part.mutable_header() = make_header(clock_, now);
                                });
    }
}

Status EventIntake::post_charges(pqxx::work& tx, const Charges& charges) {
    PREPAY_ASSIGN_OR_RETURN(std::vector<Posting> postings, route(tx, charges));
    ledger_.prepare(tx, postings);
    std::vector<std::int64_t> nos;
    nos.reserve(postings.size());
    for (const Posting& posting : postings) {
        nos.push_back(posting.account_no);
    }
    PREPAY_CRASH_POINT("ledger.before_lock");
    const std::vector<LockedAccount> accounts = book_.lock(tx, std::move(nos));
    const Instant now = clock_.now();
    PREPAY_ASSIGN_OR_RETURN(const PostingPlan plan,
                            ledger_.post(tx, std::move(postings), accounts, now));
    std::vector<AccountChange> changes;
    std::vector<LockedAccount> crossed;
    for (std::size_t i = 0; i < accounts.size(); ++i) {
        if (plan.accounts[i].version == accounts[i].balance.version) {
            continue;  // All its charges were repetitions.
        }
        LockedAccount after{plan.accounts[i], accounts[i].profile};
        if (after.wish() != accounts[i].wish()) {
            crossed.push_back(after);
        }
        changes.push_back({accounts[i], std::move(after)});
    }
    if (!crossed.empty()) {
        switches_.reconcile(tx, crossed, now);
    }
    announce_charges(tx, charges, plan, accounts, now);
    PREPAY_CRASH_POINT("ledger.after_postings_outbox");
    book_.announce(tx, changes, now);
    PREPAY_CRASH_POINT("ledger.after_outbox");
    ledger_.post_counters(tx, plan);
    return absl::OkStatus();
}

}  // namespace prepay::account
