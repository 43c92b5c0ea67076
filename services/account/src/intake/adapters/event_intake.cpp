#include "intake/adapters/event_intake.h"

#include <algorithm>
#include <map>

#include "intake/convert.h"

namespace prepay::account {
namespace {

constexpr const char* kCharges = "prepay.billing.charges.v1";
constexpr const char* kCommands = "prepay.metering.command-results.v1";
constexpr const char* kStates = "prepay.metering.meter-states.v1";

template <typename Event>
Result<std::vector<Event>> parse_all(const std::vector<kafka::Message>& messages) {
    std::vector<Event> events(messages.size());
    for (std::size_t i = 0; i < messages.size(); ++i) {
        if (!events[i].ParseFromString(messages[i].payload)) {
            return outbox::bad_message("message cannot be decoded");
        }
    }
    return events;
}

}  // namespace

outbox::Handlers EventIntake::handlers() {
    const auto by =
        [this](Status (EventIntake::*apply)(pqxx::work&, const std::vector<kafka::Message>&)) {
            return [this, apply](pqxx::work& tx, const std::vector<kafka::Message>& messages) {
                return (this->*apply)(tx, messages);
            };
        };
    return {{kCharges, by(&EventIntake::apply_charges)},
            {kCommands, by(&EventIntake::apply_commands)},
            {kStates, by(&EventIntake::apply_states)}};
}

EventIntake::Payers EventIntake::lock_payers(pqxx::work& tx,
                                             const std::vector<std::string>& meter_ids) {
    std::vector<std::int64_t> nos;
    for (const auto& [meter_id, account_no] : switches_.payers(tx, meter_ids)) {
        nos.push_back(account_no);
    }
    Payers payers;
    payers.accounts = book_.lock(tx, nos);
    for (const LockedAccount& account : payers.accounts) {
        payers.by_no[account.balance.account_no] = &account;
    }
    payers.switches = switches_.load(tx, nos);
    return payers;
}

Status EventIntake::apply_commands(pqxx::work& tx, const std::vector<kafka::Message>& messages) {
    PREPAY_ASSIGN_OR_RETURN(const auto events, parse_all<metering::v1::CommandChanged>(messages));
    std::vector<std::string> meter_ids;
    for (const auto& event : events) {
        if (!event.command().intent_id().empty() && command_outcome(event.command())) {
            meter_ids.push_back(event.command().meter_id());
        }
    }
    if (meter_ids.empty()) {
        return absl::OkStatus();
    }
    const Instant now = clock_.now();
    Payers payers = lock_payers(tx, meter_ids);
    for (const auto& event : events) {
        const metering::v1::Command& command = event.command();
        const std::optional<CommandOutcome> outcome = command_outcome(command);
        for (OccupiedSwitch& occupied : payers.switches) {
            if (outcome && !command.intent_id().empty() &&
                occupied.meter.meter_id == command.meter_id()) {
                settle(occupied.meter, command.intent_id(), *outcome,
                       from_proto(command.finish_time()),
                       context_of(*payers.by_no.at(occupied.account_no), now));
                switches_.save(tx, occupied.meter, now);
            }
        }
    }
    finish(tx, payers.accounts, now);
    return absl::OkStatus();
}

Status EventIntake::apply_states(pqxx::work& tx, const std::vector<kafka::Message>& messages) {
    PREPAY_ASSIGN_OR_RETURN(const auto events,
                            parse_all<metering::v1::MeterStatesChanged>(messages));
    std::vector<std::string> meter_ids;
    std::vector<std::string> held;
    for (const auto& event : events) {
        for (const auto& state : event.meter_states()) {
            (is_cut_for_money(state) ? held : meter_ids).push_back(state.meter_id());
        }
    }
    // Most meters were never switched: nothing to learn about those.
    const std::vector<std::string> switched = switches_.switched(tx, meter_ids, held);
    if (switched.empty()) {
        return absl::OkStatus();
    }
    const Instant now = clock_.now();
    Payers payers = lock_payers(tx, switched);
    std::map<std::string, OccupiedSwitch*> by_meter;
    for (OccupiedSwitch& occupied : payers.switches) {
        by_meter[occupied.meter.meter_id] = &occupied;
    }
    for (const auto& event : events) {
        for (const auto& state : event.meter_states()) {
            const auto found = by_meter.find(state.meter_id());
            if (found == by_meter.end()) {
                continue;
            }
            MeterSwitch& meter = found->second->meter;
            if (state.relay() != metering::v1::RELAY_STATE_UNSPECIFIED) {
                observe_hold(meter, is_cut_for_money(state), from_proto(state.change_time()));
            }
            if (state.online()) {
                forget_failures(meter);
            }
            reconcile(meter, context_of(*payers.by_no.at(found->second->account_no), now));
            switches_.save(tx, meter, now);
        }
    }
    finish(tx, payers.accounts, now);
    return absl::OkStatus();
}

void EventIntake::finish(pqxx::work& tx, const std::vector<LockedAccount>& accounts, Instant now) {
    std::vector<AccountChange> changes;
    for (const LockedAccount& account : accounts) {
        if (switches_.update_cut(tx, account)) {
            changes.push_back({account, book_.touch(tx, account)});
        }
    }
    book_.announce(tx, changes, now);
}

}  // namespace prepay::account
