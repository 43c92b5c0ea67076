#include "lines/adapters/pg_snapshots.h"

#include <map>

#include "commands/adapters/pg_command_store.h"
#include "commands/convert.h"
#include "core/ids.h"
#include "devices/adapters/pg_values.h"
#include "devices/convert.h"
#include "holds/adapters/pg_holds.h"
#include "holds/convert.h"
#include "pg/row.h"
#include "readings/adapters/pg_reading_store.h"
#include "readings/convert.h"

namespace prepay::metering {
namespace {

constexpr int kRowsAtOnce = 1000;

// A reading is written later than its slot: by what the spool holds, or a person thinks over.
constexpr std::chrono::hours kReadingSlack{48};

struct KnownMeter {
    std::int64_t meter_no = 0;
    std::string meter_id;
};

// Meters by line, of the lines that belong to the partition.
std::map<std::string, std::vector<KnownMeter>> meters_of(pqxx::work& tx,
                                                         const outbox::SnapshotRequest& request) {
    std::map<std::string, std::vector<KnownMeter>> lines;
    for (const pg::Row row :
         tx.exec("SELECT line_id, meter_no, meter_id FROM meters ORDER BY meter_no")) {
        const std::string line_id = row.text("line_id");
        if (partition_of(line_id, request.partition_count) == request.partition) {
            lines[line_id].push_back({row.number("meter_no"), row.text("meter_id")});
        }
    }
    return lines;
}

}  // namespace

Status PgSnapshots::tell_readings(pqxx::work& tx, const outbox::SnapshotRequest& request,
                                  const outbox::EmitEvent& emit) const {
    const auto tell = [&](const std::string& line_id, const std::vector<Reading>& readings) {
        v1::ReadingsRecorded event;
        event.set_line_id(line_id);
        for (const Reading& reading : readings) {
            *event.add_readings() = to_proto_reading(reading);
        }
        return events_.emit(emit, request.topic, line_id, std::move(event),
                            &v1::ReadingsRecorded::mutable_readings);
    };
    for (const auto& [line_id, meters] : meters_of(tx, request)) {
        for (const KnownMeter& meter : meters) {
            if (request.after_sequence == 0) {
                const auto newest =
                    PgReadingStore::select_newest(tx, meter.meter_no, meter.meter_id);
                PREPAY_RETURN_IF_ERROR(newest ? tell(line_id, {*newest})
                                              : Status(absl::OkStatus()));
                continue;
            }
            const Instant since =
                request.since == Instant{} ? request.since : request.since - kReadingSlack;
            PgReadingStore::Position after{since, -1};
            while (true) {
                const std::vector<Reading> page = PgReadingStore::select(
                    tx, meter.meter_no, meter.meter_id, since, Instant::max(), after, kRowsAtOnce);
                if (page.empty()) {
                    break;
                }
                PREPAY_RETURN_IF_ERROR(tell(line_id, page));
                after = {page.back().slot_time, page.back().revision};
            }
        }
    }
    return absl::OkStatus();
}

Status PgSnapshots::tell_states(pqxx::work& tx, const outbox::SnapshotRequest& request,
                                const outbox::EmitEvent& emit) const {
    std::map<std::string, std::vector<MeterStateChange>> lines;
    for (const pg::Row row :
         tx.exec("SELECT line_id, meter_no, meter_id, online, relay, state_revision, " +
                 pg::micros("state_change_time") +
                 " AS change_micros, driver_pack, resource, foreign_open FROM meters"
                 " WHERE state_change_time IS NOT NULL ORDER BY meter_no")) {
        const std::string line_id = row.text("line_id");
        if (partition_of(line_id, request.partition_count) != request.partition) {
            continue;
        }
        MeterStateChange state;
        state.meter_no = row.number("meter_no");
        state.meter_id = row.text("meter_id");
        state.online = row.get<bool>("online");
        state.relay = relay_from_text(row.text("relay"));
        state.change_time = row.time("change_micros");
        state.revision = row.number("state_revision");
        state.driver_pack = row.text("driver_pack");
        state.resource = resource_from_text(row.text("resource"));
        state.holds.foreign_open = row.get<bool>("foreign_open");
        lines[line_id].push_back(std::move(state));
    }
    for (auto& [line_id, states] : lines) {
        std::vector<std::string> meter_ids;
        for (const MeterStateChange& state : states) {
            meter_ids.push_back(state.meter_id);
        }
        auto holds = select_holds(tx, meter_ids);
        v1::MeterStatesChanged event;
        event.set_line_id(line_id);
        for (MeterStateChange& state : states) {
            state.holds.standing = std::move(holds[state.meter_id]);
            *event.add_meter_states() = to_proto_meter_state(state);
        }
        PREPAY_RETURN_IF_ERROR(events_.emit(emit, request.topic, line_id, std::move(event),
                                            &v1::MeterStatesChanged::mutable_meter_states));
    }
    return absl::OkStatus();
}

Status PgSnapshots::tell_commands(pqxx::work& tx, const outbox::SnapshotRequest& request,
                                  const outbox::EmitEvent& emit) const {
    PgCommandStore::Position after{Instant{}, ""};
    while (true) {
        const std::vector<Command> page =
            PgCommandStore::select_told(tx, request.since, after, kRowsAtOnce);
        if (page.empty()) {
            return absl::OkStatus();
        }
        for (const Command& command : page) {
            if (partition_of(command.line_id, request.partition_count) == request.partition) {
                PREPAY_RETURN_IF_ERROR(
                    events_.emit(emit, request.topic, command.line_id, to_event(command)));
            }
        }
        after = {page.back().create_time, page.back().command_id};
    }
}

}  // namespace prepay::metering
