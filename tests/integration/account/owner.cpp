#include "integration/account/owner.h"

#include <map>
#include <stdexcept>

#include "books/adapters/event_posting_snapshot.h"
#include "integration/account/world.h"

namespace prepay::account::test {
namespace {

void require(const Status& status) {
    if (!status.ok()) {
        throw std::runtime_error(error_reason(status) + ": " + error_message(status));
    }
}

}  // namespace

struct AccountOwner::Parts {
    explicit Parts(int partition_count) : world(8, "", partition_count) { world.make_site(); }

    // As wiring.cpp offers them.
    std::map<std::string, outbox::SnapshotSource> sources() {
        return {
            {"prepay.account.rooms.v1",
             [this](pqxx::work& tx, const auto& request, const auto& emit) {
                 return world.rooms.tell_rooms(tx, request, emit);
             }},
            {"prepay.account.occupancies.v1",
             [this](pqxx::work& tx, const auto& request, const auto& emit) {
                 return world.rooms.tell_occupancies(tx, request, emit);
             }},
            {"prepay.account.balance-changes.v1",
             [this](pqxx::work& tx, const auto& request, const auto& emit) {
                 return world.book.tell_balances(tx, request, emit);
             }},
            {"prepay.account.switch-intents.v1",
             [this](pqxx::work& tx, const auto& request, const auto& emit) {
                 return world.switches.tell_ready(tx, request, emit);
             }},
            {"prepay.account.payments.v1",
             [this](pqxx::work& tx, const auto& request, const auto& emit) {
                 return world.orders->tell_payments(tx, request, emit);
             }},
            {"prepay.account.charge-postings.v1",
             [this](pqxx::work& tx, const auto& request, const auto& emit) {
                 return postings.tell(tx, request, emit);
             }},
        };
    }

    World world;
    std::map<std::string, billing::v1::Charge> billed;  // What billing knows, by charge id.
    std::int64_t charge_count = 0;
    PostingSnapshot postings{
        [this](const std::vector<std::string>& ids) -> Result<std::vector<billing::v1::Charge>> {
            std::vector<billing::v1::Charge> found;
            for (const std::string& id : ids) {
                if (const auto charge = billed.find(id); charge != billed.end()) {
                    found.push_back(charge->second);
                }
            }
            return found;
        },
        world.clock};
    prepay::test::OwnerStream stream{*world.scratch, world.outbox.partition_count(), sources()};
};

AccountOwner::AccountOwner(int partition_count)
    : parts_(std::make_unique<Parts>(partition_count)) {}

AccountOwner::~AccountOwner() = default;

void AccountOwner::make_room(const std::string& room) { parts_->world.make_room(room); }

std::string AccountOwner::open(const std::string& room, std::int64_t top_up_micros) {
    return parts_->world.open(room, top_up_micros);
}

void AccountOwner::top_up(const std::string& account_id, std::int64_t micros) {
    require(parts_->world.top_up(account_id, micros).status());
}

void AccountOwner::charge(const std::vector<std::pair<std::string, std::int64_t>>& charges) {
    std::vector<TestCharge> list;
    for (const auto& [account_id, micros] : charges) {
        list.push_back({++parts_->charge_count, account_id, micros, ""});
    }
    const kafka::Message message = World::charge_message(list);
    billing::v1::ChargesRated event;
    event.ParseFromString(message.payload);
    for (const billing::v1::Charge& charge : event.charges()) {
        parts_->billed[charge.charge_id()] = charge;
    }
    require(parts_->world.deliver(message));
}

Instant AccountOwner::now() const { return parts_->world.clock.now(); }

prepay::test::OwnerStream& AccountOwner::stream() { return parts_->stream; }

}  // namespace prepay::account::test
