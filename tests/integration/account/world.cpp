#include "integration/account/world.h"

#include <httplib.h>
#include <stdlib.h>

#include <condition_variable>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include "account_migrations.h"
#include "books/convert.h"
#include "core/ids.h"
#include "credit/convert.h"
#include "support/provider/server.h"
#include "support/require.h"

namespace prepay::account::test {
using prepay::test::require;

World::World(int pool_size, const std::string& database_url, int partition_count)
    : outbox(partition_count) {
    if (database_url.empty()) {
        scratch = std::make_unique<prepay::test::TestDatabase>("account", account_migrations());
        database = scratch->open(pool_size);
    } else {
        pg::DatabaseOptions options;
        options.url = database_url;
        options.schema = "account";
        options.pool_size = pool_size;
        database = std::make_unique<pg::Database>(options);
    }
    orders = std::make_unique<PgOrders>(*database, book, posting, outbox, clock);
    suspense = std::make_unique<PgSuspense>(book, posting, *orders, clock);
    cash = std::make_unique<PgCash>(book, posting, *orders, clock);
    credit = std::make_unique<PgCredit>(*database, book, switches, clock, std::chrono::minutes(15));
}

void World::make_site() {
    require(database->transact([&](pqxx::work& tx) -> Status {
        Site site;
        site.site_id = "park-1";
        site.display_name = "Park 1";
        site.time_zone = "Asia/Shanghai";
        return rooms.create_site(tx, site).status();
    }));
}

void World::make_room(const std::string& name, int meter_count) {
    require(database->transact([&](pqxx::work& tx) -> Status {
        NewRooms wanted;
        Room& room = wanted.rooms.emplace_back();
        room.room_id = name;
        room.site_id = "park-1";
        room.building = "1";
        room.floor = "2";
        room.display_name = name;
        for (int i = 1; i <= meter_count; ++i) {
            room.meter_ids.push_back(name + "-m" + std::to_string(i));
        }
        wanted.start_time = clock.now() - std::chrono::hours(24 * 60);
        return rooms.create_rooms(tx, wanted).status();
    }));
}

std::string World::open(const std::string& room, std::int64_t top_up_micros) {
    const std::string account_id =
        require(database->transact([&](pqxx::work& tx) -> Result<std::string> {
            MoveIn wanted;
            wanted.room_id = room;
            wanted.customer.display_name = "Customer of " + room;
            wanted.customer.phone = "13800005678";
            PREPAY_ASSIGN_OR_RETURN(const std::int64_t no,
                                    accounts.open(tx, wanted, CreditRight::kMayGive));
            return views.get(tx, no).state.profile->account_id;
        }));
    if (top_up_micros > 0) {
        require(top_up(account_id, top_up_micros).status());
    }
    return account_id;
}

std::string World::make_account(const std::string& room, std::int64_t top_up_micros) {
    make_room(room);
    return open(room, top_up_micros);
}

kafka::Message World::charge_message(const std::vector<TestCharge>& charges) {
    billing::v1::ChargesRated event;
    for (const TestCharge& wanted : charges) {
        billing::v1::Charge& charge = *event.add_charges();
        charge.set_charge_id(std::to_string(wanted.charge_id));
        charge.set_account_id(wanted.account_id);
        charge.set_meter_id("meter-of-" + wanted.account_id);
        charge.set_room_id("room-of-" + wanted.account_id);
        charge.set_site_id(wanted.site_id);
        charge.set_amount_micros(wanted.amount_micros);
        charge.set_quantity(wanted.amount_micros / 1000);
        charge.set_reversal_of(wanted.reversal_of);
        charge.mutable_start_time()->set_seconds(1'780'000'000 + wanted.charge_id % 1'000'000);
        charge.mutable_end_time()->set_seconds(1'780'000'900 + wanted.charge_id % 1'000'000);
        billing::v1::ChargeLine& line = *charge.add_lines();
        line.set_quantity(charge.quantity());
    }
    kafka::Message message;
    message.topic = "prepay.billing.charges.v1";
    message.payload = event.SerializeAsString();
    return message;
}

Status World::deliver(const kafka::Message& message) {
    return database->transact(
        [&](pqxx::work& tx) { return outbox::handle(intake.handlers(), tx, {message}); });
}

Status World::charge(const std::vector<TestCharge>& charges) {
    return deliver(charge_message(charges));
}

kafka::Message World::result_message(const std::string& intent_id, const std::string& meter_id,
                                     metering::v1::CommandState state, Instant finish_time) {
    metering::v1::CommandChanged event;
    event.mutable_command()->set_command_id(intent_id);
    event.mutable_command()->set_intent_id(intent_id);
    event.mutable_command()->set_meter_id(meter_id);
    event.mutable_command()->set_state(state);
    *event.mutable_command()->mutable_finish_time() = to_proto(finish_time);
    kafka::Message message;
    message.topic = "prepay.metering.command-results.v1";
    message.payload = event.SerializeAsString();
    return message;
}

Status World::command_result(const std::string& intent_id, const std::string& meter_id,
                             metering::v1::CommandState state) {
    return deliver(result_message(intent_id, meter_id, state, clock.now()));
}

Status World::meter_state(const std::string& meter_id, bool online, metering::v1::RelayState relay,
                          bool money_holds) {
    metering::v1::MeterStatesChanged event;
    metering::v1::MeterState& state = *event.add_meter_states();
    state.set_meter_id(meter_id);
    state.set_online(online);
    state.set_relay(relay);
    if (money_holds) {
        state.add_holds()->set_holder(metering::v1::HOLDER_MONEY);
    }
    *state.mutable_change_time() = to_proto(clock.now());
    kafka::Message message;
    message.topic = "prepay.metering.meter-states.v1";
    message.payload = event.SerializeAsString();
    return deliver(message);
}

Result<Order> World::top_up(const std::string& account_id, std::int64_t micros) {
    return database->transact([&](pqxx::work& tx) {
        return cash->top_up(
            tx, {account_id, Money::from_micros(micros), "", "user:test", new_id(clock), "hash"});
    });
}

Result<Order> World::refund(const std::string& account_id, std::int64_t micros) {
    return database->transact([&](pqxx::work& tx) -> Result<Order> {
        BillProgress::Bill bill;
        for (const auto& [meter_id, end] : PgCash::ended_meters(tx, account_id)) {
            bill.billed_until[meter_id] = end;
        }
        return cash->refund(tx, {account_id, Money::from_micros(micros), "", "user:test",
                                 new_id(clock), "hash", false, bill});
    });
}

bool World::claim(const std::string& intent_id, const std::string& claimant) {
    return require(database->transact(
                       [&](pqxx::work& tx) { return credit->claim(tx, intent_id, claimant); }))
        .is_granted;
}

v1::Account World::account(const std::string& account_id) {
    return to_proto(
        require(database->read([&](pqxx::work& tx) { return views.get(tx, account_id); })));
}

std::vector<v1::SwitchIntent> World::intents(const std::string& account_id) {
    IntentFilter filter;
    filter.account_id = account_id;
    const auto page = require(database->read(
        [&](pqxx::work& tx) -> Result<pg::Page<IntentView>> { return credit->list(tx, filter); }));
    std::vector<v1::SwitchIntent> intents;
    for (const IntentView& view : page.rows) {
        intents.push_back(to_proto(view));
    }
    return intents;
}

std::int64_t World::count(const std::string& sql) {
    return require(database->read([&](pqxx::work& tx) -> Result<std::int64_t> {
        return tx.exec1(sql)[0].as<std::int64_t>();
    }));
}

std::vector<std::string> World::payloads(const std::string& topic) {
    return require(database->read([&](pqxx::work& tx) -> Result<std::vector<std::string>> {
        std::vector<std::string> found;
        for (const auto& row : tx.exec_params(
                 "SELECT payload FROM outbox WHERE topic = $1 ORDER BY outbox_id", topic)) {
            found.push_back(pqxx::binarystring(row[0]).str());
        }
        return found;
    }));
}

std::string World::audit() {
    return require(database->read([&](pqxx::work& tx) -> Result<std::string> {
        const auto sum =
            tx.exec1("SELECT coalesce(sum(balance_micros), 0)::bigint FROM balances")[0]
                .as<std::int64_t>();
        if (sum != 0) {
            return "sum of balances is " + std::to_string(sum);
        }
        const auto wrong = tx.exec(
            "SELECT b.account_no, b.balance_micros, b.version, coalesce(s.amount, 0)::bigint,"
            " coalesce(s.n, 0)::bigint FROM balances b LEFT JOIN (SELECT no, sum(amount) AS amount,"
            " count(*) AS n FROM (SELECT account_no AS no, amount_micros AS amount FROM entries"
            " UNION ALL SELECT counter_no, -amount_micros FROM entries) e GROUP BY no) s"
            " ON s.no = b.account_no WHERE b.balance_micros <> coalesce(s.amount, 0)"
            " OR b.version <> coalesce(s.n, 0)");
        if (!wrong.empty()) {
            return "account_no " + wrong[0][0].as<std::string>() + ": balance " +
                   wrong[0][1].as<std::string>() + " version " + wrong[0][2].as<std::string>() +
                   ", entries say " + wrong[0][3].as<std::string>() + " and " +
                   wrong[0][4].as<std::string>();
        }
        const auto chain = tx.exec(
            "SELECT count(*) FROM (SELECT balance_after_micros - amount_micros AS before,"
            " lag(balance_after_micros, 1, 0::bigint) OVER (PARTITION BY account_no"
            " ORDER BY account_version) AS last FROM entries e JOIN accounts a USING (account_no)"
            " WHERE a.kind = 'purse') c WHERE before <> last");
        return chain[0][0].as<int>() == 0 ? std::string()
                                          : "a posting does not follow from the one before it";
    }));
}

std::string World::checksum() {
    return require(database->read([&](pqxx::work& tx) -> Result<std::string> {
        std::string sums;
        for (const auto& table : tx.exec(
                 "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace"
                 " AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY relname")) {
            const auto name = table[0].as<std::string>();
            sums += name + " " +
                    tx.exec1(
                          "SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, ';' ORDER BY"
                          " t::text)), '') FROM " +
                          tx.quote_name(name) + " t")[0]
                        .as<std::string>() +
                    "\n";
        }
        return sums;
    }));
}

std::string World::show(const std::string& sql) {
    return require(database->read([&](pqxx::work& tx) -> Result<std::string> {
        std::string text;
        for (const auto& row : tx.exec(sql)) {
            for (const auto& field : row) {
                text += field.is_null() ? "- " : field.as<std::string>() + " ";
            }
            text += "\n";
        }
        return text;
    }));
}

std::string World::account_of(const std::string& room) {
    return require(database->read([&](pqxx::work& tx) -> Result<std::string> {
        return tx
            .exec_params1(
                "SELECT account_id FROM accounts JOIN customers USING (customer_id)"
                " WHERE display_name = $1",
                "Customer of " + room)[0]
            .as<std::string>();
    }));
}

struct PayWorld::Http {
    httplib::Server server;
    std::jthread thread;
    std::mutex mutex;
    std::condition_variable delivered;
    int delivery_count = 0;
};

PayWorld::PayWorld(World& world, const PaymentTimes& times, const std::string& kept_folder)
    : folder(kept_folder), world_(world), http_(std::make_unique<Http>()) {
    provider::ProviderOptions memory;
    if (folder.empty()) {
        char name[] = "/tmp/prepay-provider-XXXXXX";
        if (mkdtemp(name) == nullptr) {
            throw std::runtime_error("no temporary folder");
        }
        folder = name;
        temporary_ = true;
    } else {
        memory.state_file = folder + "/orders.json";
    }
    provider::KeyOptions keys;
    keys.folder = folder;
    provider = std::make_unique<provider::Provider>(provider::load_keys(keys), memory);
    http_->server.Post("/callbacks/wechat",
                       [this](const httplib::Request& request, httplib::Response& response) {
                           take_delivery(request, response);
                       });
    provider::serve(http_->server, *provider);
    port_ = http_->server.bind_to_any_port("127.0.0.1");
    http_->thread = std::jthread([this] { http_->server.listen_after_bind(); });
    client = make_client();
    payments =
        std::make_unique<Payments>(*world.orders, *client, world.clock, world.metrics, times);
    provider::Faults quiet;
    quiet.drop_notices = true;  // Most tests deliver notices themselves.
    provider->set_faults(quiet);
}

std::unique_ptr<wechat::WechatPay> PayWorld::make_client() {
    provider::KeyOptions keys;
    wechat::WechatOptions options;
    options.base_url = "http://127.0.0.1:" + std::to_string(port_);
    options.merchant = {keys.appid, keys.mchid};
    options.merchant_private_key_pem = provider::read_file(folder + "/merchant_private_key.pem");
    options.merchant_serial = provider::read_file(folder + "/merchant_serial");
    options.api_v3_key = provider::read_file(folder + "/api_v3_key");
    options.platform_keys_dir = folder + "/platform_keys";
    // An order that is made again must be the same to the last word.
    options.notify_url =
        (temporary_ ? options.base_url : "http://127.0.0.1:1") + "/callbacks/wechat";
    return require(wechat::WechatPay::create(options, world_.clock));
}

// What the HTTP edge does with a callback.
void PayWorld::take_delivery(const httplib::Request& request, httplib::Response& response) {
    const Status taken =
        payments->handle_notice({request.get_header_value("Wechatpay-Timestamp"),
                                 request.get_header_value("Wechatpay-Nonce"),
                                 request.get_header_value("Wechatpay-Signature"),
                                 request.get_header_value("Wechatpay-Serial"), request.body});
    response.status = taken.ok() ? 204 : 500;
    const std::lock_guard lock(http_->mutex);
    ++http_->delivery_count;
    http_->delivered.notify_all();
}

bool PayWorld::wait_for_deliveries(int count) {
    std::unique_lock lock(http_->mutex);
    return http_->delivered.wait_for(lock, std::chrono::seconds(20),
                                     [&] { return http_->delivery_count >= count; });
}

PayWorld::~PayWorld() {
    http_->server.stop();
    http_->thread.join();
    if (temporary_) {
        std::filesystem::remove_all(folder);
    }
}

Result<Payments::Started> PayWorld::start(const std::string& account_id, std::int64_t micros,
                                          const std::string& request_id) {
    return payments->start({request_id.empty() ? new_id(world_.clock) : request_id, "hash",
                            account_id, "tenant:" + account_id, Money::from_micros(micros),
                            "openid-1", "Prepaid energy"});
}

SignedNotice PayWorld::notice(const std::string& order_id) {
    const provider::SignedMessage message = provider->make_notice(order_id);
    return {message.timestamp, message.nonce, message.signature, message.serial, message.body};
}

std::string PayWorld::order_state(const std::string& order_id) {
    return require(world_.database->read([&](pqxx::work& tx) -> Result<std::string> {
        return tx.exec_params1("SELECT state FROM orders WHERE order_id = $1", order_id)[0]
            .as<std::string>();
    }));
}

}  // namespace prepay::account::test
