#include <catch2/catch.hpp>
#include <functional>
#include <map>

#include "books/adapters/event_posting_snapshot.h"
#include "core/ids.h"
#include "integration/account/world.h"
#include "prepay/account/v1/events.pb.h"

namespace prepay::account::test {
namespace {

using Tell = std::function<Status(pqxx::work& tx, const outbox::SnapshotRequest& request,
                                  const outbox::EmitEvent& emit)>;

/// What a consumer without history is told of all partitions; checks that each event is where its
/// key belongs.
template <typename Event>
std::vector<Event> told(World& world, const std::string& topic, const Tell& tell) {
    std::vector<Event> events;
    for (int partition = 0; partition < world.outbox.partition_count(); ++partition) {
        REQUIRE(world.database
                    ->read([&](pqxx::work& tx) {
                        return tell(
                            tx, {topic, partition, world.outbox.partition_count(), 0, {}},
                            [&](const outbox::NewMessage& message) {
                                CHECK(message.topic == topic);
                                CHECK(partition_of(message.key, world.outbox.partition_count()) ==
                                      partition);
                                events.emplace_back().ParseFromString(message.payload);
                                return absl::OkStatus();
                            });
                    })
                    .ok());
    }
    return events;
}

/// The newest of each, as a consumer of all events has it at the end.
std::map<std::string, std::string> rooms_of(const std::vector<v1::RoomsChanged>& events) {
    std::map<std::string, std::string> state;
    std::map<std::string, std::int64_t> revisions;
    for (const auto& event : events) {
        for (const auto& site : event.sites()) {
            state["site " + site.site_id()] = site.SerializeAsString();
        }
        for (const auto& room : event.rooms()) {
            if (room.revision() >= revisions[room.room_id()]) {
                revisions[room.room_id()] = room.revision();
                state[room.room_id()] = room.SerializeAsString();
            }
        }
    }
    return state;
}

std::map<std::string, std::string> spans_of(const std::vector<v1::OccupanciesChanged>& events) {
    std::map<std::string, std::string> state;
    std::map<std::string, std::int64_t> revisions;
    for (const auto& event : events) {
        for (const auto& span : event.occupancies()) {
            if (span.revision() >= revisions[span.occupancy_id()]) {
                revisions[span.occupancy_id()] = span.revision();
                state[span.occupancy_id()] = span.SerializeAsString();
            }
        }
    }
    return state;
}

std::map<std::string, std::string> balances_of(const std::vector<v1::BalancesChanged>& events) {
    std::map<std::string, v1::BalanceChange> newest;
    for (const auto& event : events) {
        for (const auto& change : event.changes()) {
            v1::BalanceChange& known = newest[change.account_id()];
            if (std::pair(change.version(), change.settings_revision()) >=
                std::pair(known.version(), known.settings_revision())) {
                known = change;
            }
        }
    }
    std::map<std::string, std::string> state;
    for (auto& [account_id, change] : newest) {
        change.clear_previous_fee_state();  // Of the change, not of the state.
        state[account_id] = change.SerializeAsString();
    }
    return state;
}

std::map<std::string, std::string> ready_of(const std::vector<v1::SwitchIntentChanged>& events) {
    std::map<std::string, v1::SwitchIntentChanged> newest;
    for (const auto& event : events) {
        v1::SwitchIntentChanged& known = newest[event.intent().intent_id()];
        if (event.revision() >= known.revision()) {
            known = event;
        }
    }
    std::map<std::string, std::string> state;
    for (const auto& [intent_id, event] : newest) {
        if (event.intent().state() == v1::SWITCH_INTENT_STATE_READY) {
            state[intent_id] = event.intent().SerializeAsString();
        }
    }
    return state;
}

}  // namespace

TEST_CASE("a snapshot tells a consumer without history what all events together say") {
    SKIP_WITHOUT_POSTGRES();
    World world;
    world.make_site();
    for (const char* room : {"r1", "r2", "r3", "r4", "r5"}) {
        world.make_room(room, 2);
    }
    const std::string poor = world.open("r1", 5 * kYuan);
    const std::string saved = world.open("r2", 5 * kYuan);
    const std::string rich = world.open("r3", 500 * kYuan);
    REQUIRE(
        world
            .charge({{1, poor, 6 * kYuan, ""}, {2, saved, 6 * kYuan, ""}, {3, rich, 6 * kYuan, ""}})
            .ok());
    REQUIRE(world.top_up(saved, 50 * kYuan).ok());  // Its trips are withdrawn.

    const std::string rooms = "prepay.account.rooms.v1";
    CHECK(rooms_of(told<v1::RoomsChanged>(
              world, rooms, [&](auto& tx, const auto& request, const auto& emit) {
                  return world.rooms.tell_rooms(tx, request, emit);
              })) == rooms_of(world.published<v1::RoomsChanged>(rooms)));
    const std::string spans = "prepay.account.occupancies.v1";
    CHECK(spans_of(told<v1::OccupanciesChanged>(
              world, spans, [&](auto& tx, const auto& request, const auto& emit) {
                  return world.rooms.tell_occupancies(tx, request, emit);
              })) == spans_of(world.published<v1::OccupanciesChanged>(spans)));
    const std::string balances = "prepay.account.balance-changes.v1";
    auto known = balances_of(told<v1::BalancesChanged>(
        world, balances, [&](auto& tx, const auto& request, const auto& emit) {
            return world.book.tell_balances(tx, request, emit);
        }));
    const auto announced = balances_of(world.published<v1::BalancesChanged>(balances));
    CHECK(announced.size() >= 3);
    for (const auto& [account_id, change] : announced) {
        CAPTURE(account_id);
        CHECK(known[account_id] == change);
    }
    const std::string intents = "prepay.account.switch-intents.v1";
    const auto waiting = ready_of(told<v1::SwitchIntentChanged>(
        world, intents, [&](auto& tx, const auto& request, const auto& emit) {
            return world.switches.tell_ready(tx, request, emit);
        }));
    CHECK(waiting.size() == 2);  // Both meters of the poor one.
    CHECK(waiting == ready_of(world.published<v1::SwitchIntentChanged>(intents)));
}

TEST_CASE("a snapshot tells every order that moved money, and every charge in the ledger") {
    SKIP_WITHOUT_POSTGRES();
    World world;
    world.make_site();
    world.make_room("r1");
    world.make_room("r2");
    const std::string one = world.open("r1", 50 * kYuan);
    const std::string other = world.open("r2", 50 * kYuan);
    REQUIRE(world.top_up(one, 7 * kYuan).ok());
    REQUIRE(world.refund(one, 3 * kYuan).ok());
    std::vector<TestCharge> charges;
    for (int i = 1; i <= 250; ++i) {  // More than are asked of billing at once.
        charges.push_back({i, i % 2 == 0 ? one : other, i * 1000, ""});
    }
    charges.push_back({251, one, -2000, "2"});
    charges.push_back({252, "nobody", 4000, ""});  // Goes to the site's vacancy account.
    REQUIRE(world.charge(charges).ok());

    std::map<std::string, billing::v1::Charge> billed;
    billing::v1::ChargesRated rated;
    rated.ParseFromString(World::charge_message(charges).payload);
    for (const billing::v1::Charge& charge : rated.charges()) {
        billed[charge.charge_id()] = charge;
    }
    std::size_t asked_most = 0;
    const PostingSnapshot postings(
        [&](const std::vector<std::string>& ids) -> Result<std::vector<billing::v1::Charge>> {
            asked_most = std::max(asked_most, ids.size());
            std::vector<billing::v1::Charge> found;
            for (const std::string& id : ids) {
                if (billed.count(id) > 0) {
                    found.push_back(billed[id]);
                }
            }
            return found;
        },
        world.clock);
    const auto posted_of = [](const std::vector<v1::ChargesPosted>& events) {
        std::map<std::string, std::string> all;
        for (const auto& event : events) {
            for (const auto& charge : event.charges()) {
                CHECK(all.emplace(charge.charge_id(), charge.SerializeAsString()).second);
            }
        }
        return all;
    };
    const std::string topic = "prepay.account.charge-postings.v1";
    const Tell tell = [&](pqxx::work& tx, const auto& request, const auto& emit) {
        return postings.tell(tx, request, emit);
    };
    const auto all = posted_of(told<v1::ChargesPosted>(world, topic, tell));
    CHECK(all.size() == 252);
    CHECK(all == posted_of(world.published<v1::ChargesPosted>(topic)));
    CHECK(asked_most == kChargesAsked);

    const auto orders_of = [](const std::vector<v1::PaymentsRecorded>& events) {
        std::map<std::string, std::string> known;
        for (const auto& event : events) {
            for (const auto& order : event.orders()) {
                known[order.order_id()] = event.site_id() + order.SerializeAsString();
            }
        }
        return known;
    };
    const std::string payments = "prepay.account.payments.v1";
    const auto orders = orders_of(told<v1::PaymentsRecorded>(
        world, payments, [&](auto& tx, const auto& request, const auto& emit) {
            return world.orders->tell_payments(tx, request, emit);
        }));
    CHECK(orders.size() == 4);
    CHECK(orders == orders_of(world.published<v1::PaymentsRecorded>(payments)));

    billed.erase("100");  // Billing has lost it: no snapshot rather than a wrong one.
    const auto broken = world.database->read([&](pqxx::work& tx) -> Status {
        for (int partition = 0; partition < world.outbox.partition_count(); ++partition) {
            PREPAY_RETURN_IF_ERROR(
                postings.tell(tx, {topic, partition, world.outbox.partition_count(), 0, {}},
                              [](const outbox::NewMessage&) { return absl::OkStatus(); }));
        }
        return absl::OkStatus();
    });
    CHECK(error_reason(broken) == "CHARGE_MISSING");
}

}  // namespace prepay::account::test
