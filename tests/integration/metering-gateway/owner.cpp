#include "integration/metering-gateway/owner.h"

#include <stdexcept>

#include "lines/adapters/pg_snapshots.h"
#include "metering_gateway_migrations.h"
#include "readings/adapters/pg_reading_store.h"

namespace prepay::metering::test {
namespace {

void require(const Status& status) {
    if (!status.ok()) {
        throw std::runtime_error(error_reason(status) + ": " + error_message(status));
    }
}

}  // namespace

struct MeteringOwner::Parts {
    Parts(int partition_count, std::vector<std::string> ids)
        : meter_ids(std::move(ids)), outbox(partition_count) {
        require(database->transact([&](pqxx::work& tx) {
            tx.exec(
                "INSERT INTO lines (line_id, display_name, transport, address, poll_interval_ms,"
                " response_timeout_ms, enabled)"
                " VALUES ('line-1', '', 'modbus_tcp', '127.0.0.1:1', 60000, 200, true)");
            tx.exec_params(
                "INSERT INTO meters (meter_id, line_id, unit_id, driver_pack, serial_number,"
                " display_name, resource, rated_power_w, ct_ratio, enabled)"
                " SELECT id, 'line-1', n, 'acrel-ddsy1352', '', '', 'electricity', 0, 1, true"
                " FROM unnest($1::text[]) WITH ORDINALITY AS m (id, n) ORDER BY n",
                pg::to_array(meter_ids));
            return absl::OkStatus();
        }));
    }

    // As wiring.cpp offers them.
    std::map<std::string, outbox::SnapshotSource> sources() {
        return {
            {"prepay.metering.readings.v1",
             [this](pqxx::work& tx, const auto& request, const auto& emit) {
                 return snapshots.tell_readings(tx, request, emit);
             }},
            {"prepay.metering.meter-states.v1",
             [this](pqxx::work& tx, const auto& request, const auto& emit) {
                 return snapshots.tell_states(tx, request, emit);
             }},
            {"prepay.metering.command-results.v1",
             [this](pqxx::work& tx, const auto& request, const auto& emit) {
                 return snapshots.tell_commands(tx, request, emit);
             }},
        };
    }

    const std::vector<std::string> meter_ids;
    SystemClock clock;
    prepay::test::TestDatabase files{"metering", metering_gateway_migrations()};
    std::unique_ptr<pg::Database> database = files.open();
    outbox::Outbox outbox;
    PgReadingStore store{*database, outbox, clock};
    PgSnapshots snapshots{clock};
    prepay::test::OwnerStream stream{files, outbox.partition_count(), sources()};
    std::int64_t total = 10'000;
    std::int64_t revision = 0;
};

MeteringOwner::MeteringOwner(int partition_count, const std::vector<std::string>& meter_ids)
    : parts_(std::make_unique<Parts>(partition_count, meter_ids)) {}

MeteringOwner::~MeteringOwner() = default;

void MeteringOwner::sweep(Instant time, std::int64_t wh, bool is_online) {
    LineBatch batch;
    batch.line_id = "line-1";
    parts_->total += wh;
    ++parts_->revision;
    std::int64_t meter_no = 0;
    for (const std::string& meter_id : parts_->meter_ids) {
        ++meter_no;
        Reading& reading = batch.readings.emplace_back();
        reading.meter_no = meter_no;
        reading.meter_id = meter_id;
        reading.slot_time = time;
        reading.read_time = time;
        reading.register_total = RegisterTotal::from_base_units(parts_->total + meter_no);
        MeterValues& values = reading.values.emplace();
        values.read_time = time;
        values.register_total = reading.register_total;
        values.power_w = wh;
        MeterStateChange& change = batch.state_changes.emplace_back();
        change.meter_no = meter_no;
        change.meter_id = meter_id;
        change.online = is_online;
        change.relay = RelayState::kClosed;
        change.change_time = time;
        change.revision = parts_->revision;
        change.driver_pack = "acrel-ddsy1352";
    }
    require(parts_->store.write({batch}));
}

prepay::test::OwnerStream& MeteringOwner::stream() { return parts_->stream; }

}  // namespace prepay::metering::test
