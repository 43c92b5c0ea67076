#include "readings/adapters/grpc_readings.h"

#include <map>
#include <set>

#include "core/anchored_clock.h"
#include "core/proto_time.h"
#include "devices/adapters/grpc_pages.h"
#include "devices/convert.h"
#include "quantity/text.h"
#include "readings/convert.h"

namespace prepay::metering {

namespace {

constexpr int kImportMax = 10'000;
constexpr int kListDefault = 1000;

// An import on its way: rows by meter, and what was said about each row of the request.
struct ImportPlan {
    struct MeterRows {
        MeterConfig config;
        std::vector<ImportCandidate> rows;
    };
    std::map<std::int64_t, MeterRows> meters;
    v1::ImportReadingsResponse response;

    void reject(std::size_t index, const std::string& reason, const std::string& message) {
        v1::RejectedReading& rejected = *response.add_rejected();
        rejected.set_index(static_cast<std::int32_t>(index));
        rejected.set_reason(reason);
        rejected.set_message(message);
    }
};

ImportPlan plan_import(const v1::ImportReadingsRequest& request, const MeterDirectory& directory,
                       const std::set<std::string>& quarantined) {
    ImportPlan plan;
    std::map<std::string, std::optional<MeterConfig>> known;
    for (int i = 0; i < request.readings_size(); ++i) {
        const v1::Reading& reading = request.readings(i);
        const auto index = static_cast<std::size_t>(i);
        auto found = known.find(reading.meter_id());
        if (found == known.end()) {
            found =
                known.emplace(reading.meter_id(), directory.find_meter(reading.meter_id())).first;
        }
        if (!found->second) {
            plan.reject(index, fault_reason(ReadingFault::kUnknownMeter),
                        fault_message(ReadingFault::kUnknownMeter));
        } else if (quarantined.count(reading.meter_id()) != 0) {
            plan.reject(index, fault_reason(ReadingFault::kQuarantined),
                        fault_message(ReadingFault::kQuarantined));
        } else if (reading.resource() != common::v1::RESOURCE_UNSPECIFIED &&
                   reading.resource() != to_proto_resource(found->second->resource)) {
            const Resource counted = found->second->resource;
            plan.reject(index, "WRONG_RESOURCE",
                        std::string("the meter counts ") + resource_text(counted) +
                            ", its register is in " + base_unit_text(counted) + " or " +
                            unit_text(counted));
        } else if (!reading.has_read_time()) {
            plan.reject(index, "BAD_TIME", "read_time is missing");
        } else if (reading.channel() != 0) {
            plan.reject(index, "BAD_CHANNEL", "history is taken for channel 0 only");
        } else {
            ImportPlan::MeterRows& rows = plan.meters[found->second->meter_no];
            rows.config = *found->second;
            rows.rows.push_back({index, from_proto_time(reading.read_time()),
                                 RegisterTotal::from_base_units(reading.register_total())});
        }
    }
    return plan;
}

Reading import_reading(const MeterConfig& config, const ImportCandidate& row, int epoch) {
    Reading reading;
    reading.meter_no = config.meter_no;
    reading.meter_id = config.meter_id;
    reading.resource = config.resource;
    reading.slot_time = row.read_time;
    reading.read_time = row.read_time;
    reading.register_total = row.total;
    reading.register_epoch = epoch;
    reading.source = ReadingSource::kImport;
    return reading;
}

}  // namespace

void GrpcReadings::add_to(rpc::Server& server) {
    using Self = GrpcReadings;
    const std::string prefix = kServicePrefix;
    server.unary(prefix + "ListReadings", this, &Self::list_readings);
    server.unary(prefix + "ImportReadings", this, &Self::import_readings);
}

Result<v1::ListReadingsResponse> GrpcReadings::list_readings(
    const rpc::CallContext&, const v1::ListReadingsRequest& request) {
    const int size = request.page_size() == 0 ? kListDefault : request.page_size();
    const auto meter = parts_.directory.find_meter(request.meter_id());
    if (!meter) {
        return unknown_meter(request.meter_id());
    }
    const Instant start = from_proto_time(request.start_time());
    // Slots of live readings may lie a little ahead of a slow database clock.
    const Instant end = request.has_end_time() ? from_proto_time(request.end_time())
                                               : parts_.clock.now() + std::chrono::hours(1);
    PgReadingStore::Position after{start, -1};
    if (!request.page_token().empty()) {
        PREPAY_ASSIGN_OR_RETURN(const Place token, parse_place(request.page_token()));
        after.slot_time = from_micros(token.number);
        after.revision = std::atoi(token.text.c_str());
    }
    PREPAY_ASSIGN_OR_RETURN(
        const auto readings,
        parts_.readings.list(meter->meter_no, meter->meter_id, start, end, after, size));
    v1::ListReadingsResponse response;
    for (Reading reading : readings) {
        reading.resource = meter->resource;
        *response.add_readings() = to_proto_reading(reading);
    }
    if (static_cast<int>(readings.size()) == size) {
        response.set_next_page_token(make_place(to_micros(readings.back().slot_time),
                                                std::to_string(readings.back().revision)));
    }
    return response;
}

Result<v1::ImportReadingsResponse> GrpcReadings::import_readings(
    const rpc::CallContext& context, const v1::ImportReadingsRequest& request) {
    if (request.readings_size() < 1 || request.readings_size() > kImportMax) {
        return invalid_argument("BAD_COUNT", "readings: 1 .. 10,000 in one request");
    }
    if (is_in_doubt(parts_.clock)) {
        return unavailable("CLOCK_IN_DOUBT", fault_message(ReadingFault::kClockInDoubt));
    }
    const Instant now = parts_.clock.now();
    std::set<std::string> meter_ids;
    for (const v1::Reading& reading : request.readings()) {
        meter_ids.insert(reading.meter_id());
    }
    PREPAY_ASSIGN_OR_RETURN(const auto quarantined, parts_.anomalies.quarantined_among(
                                                        {meter_ids.begin(), meter_ids.end()}));
    const ImportPlan plan = plan_import(request, parts_.directory, quarantined);
    std::vector<PgReadingStore::MeterWindow> windows;
    std::vector<Instant> times;
    for (const auto& [meter_no, meter] : plan.meters) {
        PgReadingStore::MeterWindow window{meter_no, Instant::max(), Instant::min(), {}};
        for (const ImportCandidate& row : meter.rows) {
            window.first = std::min(window.first, row.read_time);
            window.last = std::max(window.last, row.read_time);
            const PlausibilityLimits limits = parts_.registers.limits(meter.config);
            if (row.read_time <= now + limits.future_max && row.read_time >= now - limits.age_max) {
                times.push_back(row.read_time);
            }
        }
        windows.push_back(std::move(window));
    }
    v1::ImportReadingsResponse response;
    const auto decide = [&](std::vector<PgReadingStore::MeterWindow>& loaded) {
        std::vector<Reading> accepted;
        response = plan.response;
        for (PgReadingStore::MeterWindow& window : loaded) {
            const ImportPlan::MeterRows& meter = plan.meters.at(window.meter_no);
            const auto verdicts =
                judge_import(std::move(window.stored), meter.rows, meter.config.register_epoch, now,
                             parts_.registers.limits(meter.config));
            for (std::size_t i = 0; i < verdicts.size(); ++i) {
                const ImportVerdict& verdict = verdicts[i];
                if (verdict.fault != ReadingFault::kNone) {
                    v1::RejectedReading& rejected = *response.add_rejected();
                    rejected.set_index(static_cast<std::int32_t>(verdict.index));
                    rejected.set_reason(fault_reason(verdict.fault));
                    rejected.set_message(fault_message(verdict.fault));
                    parts_.metrics.reading_rejected(verdict.fault);
                } else if (verdict.duplicate) {
                    response.set_duplicate_count(response.duplicate_count() + 1);
                } else {
                    accepted.push_back(import_reading(meter.config, meter.rows[i], verdict.epoch));
                }
            }
        }
        response.set_stored_count(static_cast<std::int64_t>(accepted.size()));
        return accepted;
    };
    std::map<std::string, ReadingBase> newest;
    const auto answer = [&](const std::vector<Reading>& stored) {
        const auto count = static_cast<std::int64_t>(stored.size());
        response.set_duplicate_count(response.duplicate_count() + response.stored_count() - count);
        response.set_stored_count(count);
        newest.clear();
        for (const Reading& reading : stored) {
            ReadingBase& base = newest[reading.meter_id];
            if (base.read_time <= reading.read_time) {
                base = {reading.read_time, reading.register_total, reading.register_epoch};
            }
        }
        return response.SerializeAsString();
    };
    PREPAY_ASSIGN_OR_RETURN(
        const std::string bytes,
        parts_.readings.import(key_of(context), std::move(windows), times, decide, answer,
                               [&](const Reading& reading) {
                                   return plan.meters.at(reading.meter_no).config.line_id;
                               }));
    for (const auto& [meter_id, base] : newest) {
        parts_.registers.advance_base(meter_id, base);
    }
    v1::ImportReadingsResponse result;
    result.ParseFromString(bytes);
    parts_.metrics.readings_imported(
        newest.empty() ? 0 : static_cast<std::size_t>(result.stored_count()));
    return result;
}

}  // namespace prepay::metering
