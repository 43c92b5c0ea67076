#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "core/ids.h"
#include "integration/account/world.h"
#include "outbox/parts.h"
#include "prepay/account/v1/events.pb.h"

namespace prepay::account::test {
namespace {

/// One partition, so that all of a transaction lies in one event before it is cut.
struct OnePartition : World {
    OnePartition() : World(8, "", 1) { make_site(); }

    /// The event of each message since the last call; checks that each is of a size that a consumer
    /// takes and has a header of its own.
    template <typename Event>
    std::vector<Event> parts(const std::string& topic) {
        std::vector<Event> all = published<Event>(topic);
        std::set<std::string> event_ids;
        for (const Event& event : all) {
            CHECK(event.ByteSizeLong() <= outbox::kPartBytesMax);
            CHECK(event_ids.insert(event.header().event_id()).second);
        }
        const auto known = static_cast<std::ptrdiff_t>(known_[topic]);
        known_[topic] = all.size();
        all.erase(all.begin(), all.begin() + known);
        return all;
    }

    /// Rooms "<prefix>-0" … with long names, a meter each.
    void make_rooms(int count, const std::string& prefix) {
        NewRooms wanted;
        for (int i = 0; i < count; ++i) {
            Room& room = wanted.rooms.emplace_back();
            room.room_id = prefix + "-" + std::to_string(i);
            room.site_id = "park-1";
            room.building = "1";
            room.floor = "2";
            room.display_name = std::string(100, 'n');
            room.meter_ids = {room.room_id + "-m"};
        }
        wanted.start_time = clock.now() - std::chrono::hours(24);
        REQUIRE(
            database
                ->transact([&](pqxx::work& tx) { return rooms.create_rooms(tx, wanted).status(); })
                .ok());
    }

    /// Accounts in the rooms of make_rooms(), whose customers have as long names as are taken.
    std::vector<std::string> open_accounts(int count, const std::string& prefix) {
        std::vector<std::string> account_ids;
        REQUIRE(database
                    ->transact([&](pqxx::work& tx) -> Status {
                        for (int i = 0; i < count; ++i) {
                            MoveIn wanted;
                            wanted.room_id = prefix + "-" + std::to_string(i);
                            wanted.customer.display_name = std::string(200, 'c');
                            wanted.customer.phone = "13800005678";
                            wanted.customer.email = std::string(188, 'e') + "@example.com";
                            PREPAY_ASSIGN_OR_RETURN(
                                const std::int64_t no,
                                accounts.open(tx, wanted, CreditRight::kMayGive));
                            account_ids.push_back(views.get(tx, no).state.profile->account_id);
                        }
                        return absl::OkStatus();
                    })
                    .ok());
        return account_ids;
    }

private:
    std::map<std::string, std::size_t> known_;
};

}  // namespace

TEST_CASE("charges of thousands of readings for many payers are posted in parts, each once") {
    SKIP_WITHOUT_POSTGRES();
    OnePartition world;
    constexpr int kPayers = 1600;
    std::vector<std::string> payers;
    for (const char letter : {'a', 'b'}) {
        const std::string prefix(50, letter);
        world.make_rooms(kPayers / 2, prefix);
        for (const std::string& account_id : world.open_accounts(kPayers / 2, prefix)) {
            payers.push_back(account_id);
        }
    }
    REQUIRE(payers.size() == kPayers);
    const std::string postings = "prepay.account.charge-postings.v1";
    const std::string balances = "prepay.account.balance-changes.v1";
    world.parts<v1::BalancesChanged>(balances);

    // A subscriber applies what it polled in one transaction: four messages, half of it is one
    // payer's.
    std::vector<kafka::Message> messages;
    std::map<std::string, std::int64_t> owed;
    std::int64_t charge_id = 0;
    for (int m = 0; m < 4; ++m) {
        std::vector<TestCharge> charges;
        for (int i = 0; i < kPayers; ++i) {
            const std::string& payer =
                i % 2 == 0 ? payers[0] : payers[static_cast<std::size_t>(i + m % 2) % kPayers];
            charges.push_back({++charge_id, payer, 1000 + i, ""});
            owed[payer] += 1000 + i;
        }
        messages.push_back(World::charge_message(charges));
        CHECK(messages.back().payload.size() < outbox::kPartBytesMax);
    }
    std::vector<TestCharge> rest;
    for (const std::string& payer : payers) {
        rest.push_back({++charge_id, payer, 1, ""});
        owed[payer] += 1;
    }
    messages.push_back(World::charge_message(rest));
    const auto apply = [&] {
        return world.database->transact(
            [&](pqxx::work& tx) { return outbox::handle(world.intake.handlers(), tx, messages); });
    };
    REQUIRE(apply().ok());
    CHECK(world.audit().empty());

    const auto posted = world.parts<v1::ChargesPosted>(postings);
    CHECK(posted.size() >= 2);
    std::set<std::string> charge_ids;
    std::map<std::string, std::int64_t> announced;
    for (const auto& event : posted) {
        for (const auto& charge : event.charges()) {
            CHECK(charge_ids.insert(charge.charge_id()).second);
            announced[charge.account_id()] += charge.amount_micros();
        }
    }
    CHECK(charge_ids.size() == static_cast<std::size_t>(charge_id));
    CHECK(announced == owed);

    const auto changed = world.parts<v1::BalancesChanged>(balances);
    CHECK(changed.size() >= 2);
    std::map<std::string, std::int64_t> told;
    for (const auto& event : changed) {
        for (const auto& change : event.changes()) {
            CHECK(told.emplace(change.account_id(), -change.balance_micros()).second);
        }
    }
    CHECK(told == owed);

    // Taken again they are known, and nothing is said.
    REQUIRE(apply().ok());
    CHECK(world.parts<v1::ChargesPosted>(postings).empty());
    CHECK(world.parts<v1::BalancesChanged>(balances).empty());
}

TEST_CASE("payments of one transaction are announced in parts, those of a site together") {
    SKIP_WITHOUT_POSTGRES();
    OnePartition world;
    constexpr int kOrders = 6000;
    std::vector<Order> orders;
    for (int i = 0; i < kOrders; ++i) {
        Order& order = orders.emplace_back();
        order.order_id = "order" + std::to_string(i);
        order.account_id = "account-" + std::to_string(i % 7);
        order.site_id = i % 3 == 0 ? "park-2" : "park-1";
        order.kind = OrderKind::kCashTopUp;
        order.state = OrderState::kCredited;
        order.amount = Money::from_micros(10'000 + i);
        order.create_time = world.clock.now();
        order.finish_time = order.create_time;
        order.note = std::string(500, 'n');
    }
    REQUIRE(world.database
                ->transact([&](pqxx::work& tx) {
                    world.orders->announce(tx, orders);
                    return absl::OkStatus();
                })
                .ok());
    const auto parts = world.parts<v1::PaymentsRecorded>("prepay.account.payments.v1");
    CHECK(parts.size() >= 4);
    std::map<std::string, std::vector<std::string>> told;
    for (const auto& event : parts) {
        for (const auto& order : event.orders()) {
            told[event.site_id()].push_back(order.order_id());
        }
    }
    std::map<std::string, std::vector<std::string>> wanted;
    for (const Order& order : orders) {
        wanted[order.site_id].push_back(order.order_id);
    }
    CHECK(told == wanted);
}

TEST_CASE("who pays for thousands of meters of a room is announced in parts") {
    SKIP_WITHOUT_POSTGRES();
    OnePartition world;
    constexpr int kMeters = 6000;
    const std::string room_id(64, 'r');
    NewRooms wanted;
    Room& room = wanted.rooms.emplace_back();
    room.room_id = room_id;
    room.site_id = "park-1";
    room.building = "1";
    room.floor = "2";
    room.display_name = "hall";
    for (int i = 0; i < kMeters; ++i) {
        const std::string number = std::to_string(i);
        room.meter_ids.push_back(std::string(64 - number.size(), 'm') + number);
    }
    wanted.start_time = world.clock.now() - std::chrono::hours(24);
    REQUIRE(world.database
                ->transact(
                    [&](pqxx::work& tx) { return world.rooms.create_rooms(tx, wanted).status(); })
                .ok());
    const auto parts = world.parts<v1::OccupanciesChanged>("prepay.account.occupancies.v1");
    CHECK(parts.size() >= 2);
    std::vector<std::string> told;
    for (const auto& event : parts) {
        for (const auto& span : event.occupancies()) {
            CHECK(span.room_id() == room_id);
            told.push_back(span.meter_id());
        }
    }
    CHECK(told == wanted.rooms[0].meter_ids);
}

}  // namespace prepay::account::test
