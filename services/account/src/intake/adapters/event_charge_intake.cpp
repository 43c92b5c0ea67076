#include "intake/adapters/event_intake.h"

#include <algorithm>
#include <map>

#include "books/adapters/events.h"
#include "core/ids.h"
#include "core/time_range.h"
#include "intake/convert.h"
#include "telemetry/log.h"

// The charges' half of EventIntake: the path that decides how fast the suite is.
namespace prepay::account {
namespace {

constexpr const char* kPostedTopic = "prepay.account.charge-postings.v1";
constexpr const char* kUnassignedSite = "unassigned";
constexpr std::int64_t kAmountMaxMicros = 1'000'000'000'000'000;  // A thousand million yuan.
constexpr std::size_t kIdLengthMax = 64;

Status check(const billing::v1::Charge& charge) {
    const std::string& id = charge.charge_id();
    if (id.empty() || id.size() > kIdLengthMax) {
        return outbox::bad_message("charge without a usable charge_id");
    }
    // Partitions are made for any month of these years.
    if (!charge.has_end_time() || !is_plausible_proto_time(charge.end_time())) {
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

// The account that bears a redirected charge.
std::int64_t EventIntake::redirect(pqxx::work& tx, const Charge& charge, std::int64_t account_no,
                                   const std::string& site_id) {
    const PgRedirects::Noted noted = redirects_.note(tx, charge, account_no);
    if (noted.is_new) {
        metrics_.redirected_charge();
        telemetry::log_warning("charge of an unknown account goes to the vacancy account",
                               {{"charge_id", charge.charge_id}, {"site_id", site_id}});
    }
    return noted.account_no;
}

std::vector<Posting> EventIntake::route(pqxx::work& tx, const Charges& charges) {
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
        const std::string& site_id = charges[i]->site_id();
        auto site = sites.find(site_id);
        if (site == sites.end()) {
            const auto found = book_.find_site(tx, site_id);
            site = sites.emplace(site_id, found ? *found : *book_.find_site(tx, kUnassignedSite))
                       .first;
        }
        const Charge charge = from_proto(*charges[i]);
        ChargeFacts facts{nos[i], std::nullopt};
        if (facts.account_no == 0) {
            facts.original_no = redirects_.original_bearer(tx, charge);
        }
        ChargeRoute routed = route_charge(charge, facts, site->second);
        if (routed.is_redirected) {
            routed.account_no = redirect(tx, charge, routed.account_no, site_id);
        }
        postings.push_back(charge_posting(charge, routed.account_no, site->second));
        postings.back().item = i;
    }
    return postings;
}

void EventIntake::announce_charges(pqxx::work& tx, const Charges& charges, const PostingPlan& plan,
                                   const std::vector<LockedAccount>& accounts, Instant now) {
    std::map<std::int64_t, const AccountProfile*> profiles;
    for (const LockedAccount& account : accounts) {
        profiles[account.balance.account_no] = account.profile.get();
    }
    const outbox::EventWriter events = event_writer(outbox_, clock_);
    outbox::EventBatch batch(events, kPostedTopic, &v1::ChargesPosted::mutable_charges);
    for (const Entry& entry : plan.entries) {
        const AccountProfile& profile = *profiles.at(entry.posting.account_no);
        fill_posted(*batch.event_of(profile.account_id).add_charges(), *charges[entry.posting.item],
                    profile.account_id, profile.terms.kind == LedgerKind::kVacancy, now);
    }
    batch.append(tx, now);
}

Status EventIntake::post_charges(pqxx::work& tx, const Charges& charges) {
    std::vector<Posting> postings = route(tx, charges);
    const std::vector<LockedAccount> accounts = posting_.lock(tx, postings);
    return posting_.post(tx, std::move(postings), accounts,
                         [&](const PostingPlan& plan, Instant now) {
                             announce_charges(tx, charges, plan, accounts, now);
                             return absl::OkStatus();
                         });
}

}  // namespace prepay::account
