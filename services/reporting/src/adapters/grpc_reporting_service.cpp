#include "adapters/grpc_reporting_service.h"

#include "convert.h"
#include "core/proto_time.h"
#include "rpc/request_rules.h"

namespace prepay::reporting {
namespace {

constexpr int kDaysMax = 3660;
constexpr int kExportsMax = 2;  // At once: each holds its lines in memory.
constexpr std::size_t kCsvChunkBytes = 64 << 10;
constexpr char kPlaceSeparator = '\x1f';

// Texts that PostgreSQL could not take are known to match nothing.
Status check_text(const std::string& text, const char* field) {
    if (text.find('\0') != std::string::npos) {
        return invalid_argument("BAD_TEXT", std::string(field) + " contains a zero byte.");
    }
    return absl::OkStatus();
}

Result<LocalDate> date_of(const std::string& text, const char* field) {
    const std::optional<LocalDate> date = parse_date(text);
    if (!date) {
        return invalid_argument(
            "BAD_DATE", std::string(field) + ": '" + text + "' is not a date such as 2026-01-31.");
    }
    return *date;
}

template <typename Request>
Result<DayFilter> day_filter(const Request& request) {
    PREPAY_RETURN_IF_ERROR(check_text(request.site_id(), "site_id"));
    PREPAY_RETURN_IF_ERROR(check_text(request.room_id(), "room_id"));
    DayFilter filter{request.site_id(), request.room_id(), {}, {}};
    PREPAY_ASSIGN_OR_RETURN(filter.start_date, date_of(request.start_date(), "start_date"));
    PREPAY_ASSIGN_OR_RETURN(filter.end_date, date_of(request.end_date(), "end_date"));
    const int days = days_between(filter.start_date, filter.end_date);
    if (days < 1 || days > kDaysMax) {
        return invalid_argument(
            "BAD_DATE",
            "end_date must be 1 to " + std::to_string(kDaysMax) + " days after start_date.",
            {{"days_max", std::to_string(kDaysMax)}});
    }
    return filter;
}

v1::RoomDay to_proto(const DaySum& sum) {
    v1::RoomDay proto;
    proto.set_energy_wh(sum.energy.base_units());
    proto.set_water_ml(sum.water.base_units());
    proto.set_amount_micros(sum.amount.micros());
    for (const std::int64_t energy : sum.rate_energy_wh) {
        proto.add_rate_energy_wh(energy);
    }
    return proto;
}

std::string to_place(const RoomDay& day) {
    return format_date(day.date) + kPlaceSeparator + day.room_name + kPlaceSeparator + day.room_id;
}

Result<DayPlace> from_place(const std::string& place) {
    const std::size_t first = place.find(kPlaceSeparator);
    const std::size_t last = place.rfind(kPlaceSeparator);
    const std::optional<LocalDate> date = parse_date(place.substr(0, first));
    if (!date || first == last || place.find('\0') != std::string::npos) {
        return rpc::bad_page_token();
    }
    return DayPlace{*date, place.substr(first + 1, last - first - 1), place.substr(last + 1)};
}

// Counts one user of something bounded while it lives.
class Slot {
public:
    explicit Slot(std::atomic<int>& count) : count_(count), taken_(++count) {}
    ~Slot() { --count_; }
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;
    [[nodiscard]] int taken() const { return taken_; }

private:
    std::atomic<int>& count_;
    int taken_;
};

}  // namespace

void GrpcReportingService::register_with(rpc::Server& server) {
    const std::string service = "prepay.reporting.v1.ReportingService/";
    server.unary(service + "ListWall", this, &GrpcReportingService::list_wall);
    server.stream(service + "WatchWall", this, &GrpcReportingService::watch_wall);
    server.unary(service + "ListRoomDays", this, &GrpcReportingService::list_room_days);
    server.unary(service + "ListRoomHours", this, &GrpcReportingService::list_room_hours);
    server.unary(service + "GetTotals", this, &GrpcReportingService::get_totals);
    server.stream(service + "ExportRoomDays", this, &GrpcReportingService::export_room_days);
}

Result<v1::ListWallResponse> GrpcReportingService::list_wall(const rpc::CallContext&,
                                                             const v1::ListWallRequest& request) {
    const int count_max = rpc::page_size_of(request.page_size());
    WallFilter filter{request.site_id(), request.building(), request.floor(), {}, request.query()};
    for (const int value : request.states()) {
        const std::optional<WallState> state = from_proto(static_cast<v1::WallState>(value));
        if (!state && value != v1::WALL_STATE_LOAD_TRIP) {
            return invalid_argument("BAD_STATE", std::to_string(value) + " is no wall state.");
        }
        if (state) {
            filter.states.push_back(*state);
        }
    }
    v1::ListWallResponse response;
    if (request.states_size() > 0 && filter.states.empty()) {
        return response;  // Asked for nothing but states that no room can be in yet.
    }
    const WallImage::Page page =
        wall_.list(filter, request.page_token(), static_cast<std::size_t>(count_max));
    for (const WallImage::Row& row : page.rows) {
        *response.add_rooms() = to_proto(*row);
    }
    if (page.has_more) {
        response.set_next_page_token(page.rows.back()->room_id);
    }
    return response;
}

Status GrpcReportingService::watch_wall(const rpc::CallContext&,
                                        const v1::WatchWallRequest& request,
                                        rpc::StreamWriter<v1::WatchWallResponse>& writer) {
    WatchOptions options;
    options.heartbeat_interval = config_.watch_heartbeat_interval;
    WatchSink sink;
    sink.is_cancelled = [&] { return writer.is_cancelled(); };
    sink.send = [&](bool snapshot, const std::vector<WallImage::Row>& rows) {
        v1::WatchWallResponse response;
        response.set_snapshot(snapshot);
        set_time(*response.mutable_server_time(), clock_.now());
        response.mutable_rooms()->Reserve(static_cast<int>(rows.size()));
        for (const WallImage::Row& row : rows) {
            *response.add_rooms() = to_proto(*row);
        }
        return writer.write(response);
    };
    metrics_.add_watchers(1);
    reporting::watch_wall(wall_, request.site_id(), options, sink);
    metrics_.add_watchers(-1);
    return absl::OkStatus();
}

Result<v1::ListRoomDaysResponse> GrpcReportingService::list_room_days(
    const rpc::CallContext&, const v1::ListRoomDaysRequest& request) {
    PREPAY_ASSIGN_OR_RETURN(const DayFilter filter, day_filter(request));
    const int count_max = rpc::page_size_of(request.page_size());
    std::optional<DayPlace> after;
    if (!request.page_token().empty()) {
        PREPAY_ASSIGN_OR_RETURN(after, from_place(request.page_token()));
    }
    PREPAY_ASSIGN_OR_RETURN(const RoomDayPage page,
                            reports_.list_room_days(filter, after ? &*after : nullptr, count_max));
    v1::ListRoomDaysResponse response;
    for (const RoomDay& day : page.days) {
        v1::RoomDay& proto = *response.add_days();
        proto = to_proto(day.sum);
        proto.set_room_id(day.room_id);
        proto.set_room_name(day.room_name);
        proto.set_local_date(format_date(day.date));
    }
    if (page.has_more) {
        response.set_next_page_token(to_place(page.days.back()));
    }
    *response.mutable_total() = to_proto(page.total);
    return response;
}

Result<v1::ListRoomHoursResponse> GrpcReportingService::list_room_hours(
    const rpc::CallContext&, const v1::ListRoomHoursRequest& request) {
    PREPAY_RETURN_IF_ERROR(check_text(request.room_id(), "room_id"));
    PREPAY_ASSIGN_OR_RETURN(const LocalDate date, date_of(request.local_date(), "local_date"));
    PREPAY_ASSIGN_OR_RETURN(const std::vector<RoomHour> hours,
                            reports_.list_room_hours(request.room_id(), date));
    v1::ListRoomHoursResponse response;
    for (const RoomHour& hour : hours) {
        v1::RoomHour& proto = *response.add_hours();
        set_time(*proto.mutable_start_time(), hour.hour.start);
        proto.set_energy_wh(hour.sum.energy.base_units());
        proto.set_water_ml(hour.sum.water.base_units());
        proto.set_amount_micros(hour.sum.amount.micros());
    }
    return response;
}

Result<v1::GetTotalsResponse> GrpcReportingService::get_totals(
    const rpc::CallContext&, const v1::GetTotalsRequest& request) {
    PREPAY_RETURN_IF_ERROR(check_text(request.site_id(), "site_id"));
    PREPAY_ASSIGN_OR_RETURN(const TotalSum total, reports_.read_totals(request.site_id()));
    v1::GetTotalsResponse response;
    response.set_charge_micros(total.charged.micros());
    response.set_energy_wh(total.energy.base_units());
    response.set_water_ml(total.water.base_units());
    response.set_credit_micros(total.credited.micros());
    response.set_charge_count(total.charge_count);
    set_time(*response.mutable_as_of_time(), total.as_of_time);
    return response;
}

Status GrpcReportingService::export_room_days(
    const rpc::CallContext&, const v1::ExportRoomDaysRequest& request,
    rpc::StreamWriter<v1::ExportRoomDaysResponse>& writer) {
    PREPAY_ASSIGN_OR_RETURN(const DayFilter filter, day_filter(request));
    const Slot slot(export_count_);
    if (slot.taken() > kExportsMax) {
        return make_error(absl::StatusCode::kResourceExhausted, "EXPORTS_BUSY",
                          "Other exports are running. Try again in a moment.");
    }
    // Read as a whole first: a slow client must not hold a snapshot or a connection.
    PREPAY_ASSIGN_OR_RETURN(const std::vector<RoomDay> days,
                            reports_.read_room_days(filter, config_.export_row_max));
    v1::ExportRoomDaysResponse chunk;
    *chunk.mutable_data() = csv_header();
    DaySum total;
    for (const RoomDay& day : days) {
        add(total, day.sum);
        chunk.mutable_data()->append(csv_line(day));
        if (chunk.data().size() >= kCsvChunkBytes) {
            if (!writer.write(chunk)) {
                return absl::OkStatus();  // The client has left.
            }
            chunk.clear_data();
        }
    }
    chunk.mutable_data()->append(csv_total_line(total));
    writer.write(chunk);
    return absl::OkStatus();
}

}  // namespace prepay::reporting
