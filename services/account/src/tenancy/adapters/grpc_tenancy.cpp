#include "tenancy/adapters/grpc_tenancy.h"

#include "books/adapters/grpc_once.h"
#include "books/adapters/grpc_own_account.h"
#include "books/adapters/grpc_right.h"
#include "tenancy/convert.h"

namespace prepay::account {
namespace {

constexpr std::size_t kNamesShownMax = 10;

}  // namespace

void GrpcTenancy::register_with(rpc::Server& server) {
    using Self = GrpcTenancy;
    const std::string account = "prepay.account.v1.AccountService/";
    server.unary(account + "CreateSite", this, &Self::create_site);
    server.unary(account + "ListSites", this, &Self::list_sites);
    server.unary(account + "CreateRooms", this, &Self::create_rooms);
    server.unary(account + "ListRooms", this, &Self::list_rooms);
    server.unary(account + "GetRoom", this, &Self::get_room);
    server.unary(account + "AttachMeters", this, &Self::attach_meters);
    server.unary(account + "OpenAccount", this, &Self::open_account);
    server.unary(account + "CloseAccount", this, &Self::close_account);
    const std::string tenant = "prepay.account.v1.TenantService/";
    server.unary(tenant + "GetOverview", this, &Self::get_overview);
}

// A room with a meter that nobody reads would never be billed, and nobody would notice.
Status GrpcTenancy::check_known(const std::vector<std::string>& meter_ids) const {
    if (meter_ids.empty()) {
        return absl::OkStatus();
    }
    PREPAY_ASSIGN_OR_RETURN(const auto unknown, registry_.unknown(meter_ids));
    if (unknown.empty()) {
        return absl::OkStatus();
    }
    std::string names;
    for (std::size_t i = 0; i < unknown.size() && i < kNamesShownMax; ++i) {
        names += (i == 0 ? "" : ", ") + unknown[i];
    }
    return failed_precondition(
        "UNKNOWN_METER", std::to_string(unknown.size()) + " of the meters are not registered: " +
                             names + (unknown.size() > kNamesShownMax ? ", …" : "") +
                             "; register them first, or set allow_unknown_meters");
}

Result<v1::CreateSiteResponse> GrpcTenancy::create_site(const Context& context,
                                                        const v1::CreateSiteRequest& request) {
    using Response = v1::CreateSiteResponse;
    return once<Response>(database_, context, [&](pqxx::work& tx) -> Result<Response> {
        PREPAY_ASSIGN_OR_RETURN(const Site site,
                                rooms_.create_site(tx, from_proto(request.site())));
        Response response;
        *response.mutable_site() = to_proto(site);
        return response;
    });
}

Result<v1::ListSitesResponse> GrpcTenancy::list_sites(const Context&, const v1::ListSitesRequest&) {
    return database_.read([&](pqxx::work& tx) -> Result<v1::ListSitesResponse> {
        v1::ListSitesResponse response;
        for (const Site& site : rooms_.list_sites(tx)) {
            *response.add_sites() = to_proto(site);
        }
        return response;
    });
}

Result<v1::CreateRoomsResponse> GrpcTenancy::create_rooms(const Context& context,
                                                          const v1::CreateRoomsRequest& request) {
    using Response = v1::CreateRoomsResponse;
    if (!request.allow_unknown_meters()) {
        std::vector<std::string> meter_ids;
        for (const v1::Room& room : request.rooms()) {
            meter_ids.insert(meter_ids.end(), room.meter_ids().begin(), room.meter_ids().end());
        }
        PREPAY_RETURN_IF_ERROR(check_known(meter_ids));
    }
    return once<Response>(database_, context, [&](pqxx::work& tx) -> Result<Response> {
        PREPAY_ASSIGN_OR_RETURN(const auto rooms, rooms_.create_rooms(tx, from_proto(request)));
        Response response;
        for (const Room& room : rooms) {
            *response.add_rooms() = to_proto(room);
        }
        return response;
    });
}

Result<v1::ListRoomsResponse> GrpcTenancy::list_rooms(const Context&,
                                                      const v1::ListRoomsRequest& request) {
    return database_.read([&](pqxx::work& tx) -> Result<v1::ListRoomsResponse> {
        const pg::Page<Room> page = rooms_.list(tx, from_proto(request));
        v1::ListRoomsResponse response;
        for (const Room& room : page.rows) {
            *response.add_rooms() = to_proto(room);
        }
        response.set_next_page_token(page.next_page_token);
        return response;
    });
}

Result<v1::GetRoomResponse> GrpcTenancy::get_room(const Context&,
                                                  const v1::GetRoomRequest& request) {
    return database_.read([&](pqxx::work& tx) -> Result<v1::GetRoomResponse> {
        PREPAY_ASSIGN_OR_RETURN(const Room room, rooms_.get(tx, request.room_id()));
        v1::GetRoomResponse response;
        *response.mutable_room() = to_proto(room);
        if (!room.account_id.empty()) {
            PREPAY_ASSIGN_OR_RETURN(const AccountView view, views_.get(tx, room.account_id));
            *response.mutable_account() = to_proto(view);
        }
        return response;
    });
}

Result<v1::AttachMetersResponse> GrpcTenancy::attach_meters(
    const Context& context, const v1::AttachMetersRequest& request) {
    using Response = v1::AttachMetersResponse;
    if (!request.allow_unknown_meters()) {
        PREPAY_RETURN_IF_ERROR(
            check_known({request.meter_ids().begin(), request.meter_ids().end()}));
    }
    return once<Response>(database_, context, [&](pqxx::work& tx) -> Result<Response> {
        PREPAY_ASSIGN_OR_RETURN(const Room room, rooms_.attach(tx, from_proto(request)));
        Response response;
        *response.mutable_room() = to_proto(room);
        return response;
    });
}

Result<v1::OpenAccountResponse> GrpcTenancy::open_account(const Context& context,
                                                          const v1::OpenAccountRequest& request) {
    using Response = v1::OpenAccountResponse;
    return once<Response>(database_, context, [&](pqxx::work& tx) -> Result<Response> {
        PREPAY_ASSIGN_OR_RETURN(const MoveIn wanted, from_proto(request));
        PREPAY_ASSIGN_OR_RETURN(const std::int64_t account_no,
                                accounts_.open(tx, wanted, credit_right(context)));
        Response response;
        *response.mutable_account() = to_proto(views_.get(tx, account_no));
        if (wanted.first_top_up != Money()) {
            PREPAY_ASSIGN_OR_RETURN(
                *response.mutable_order(),
                first_top_up_(tx, context, response.account().account_id(), wanted.first_top_up));
            *response.mutable_account() = to_proto(views_.get(tx, account_no));
        }
        return response;
    });
}

Result<v1::CloseAccountResponse> GrpcTenancy::close_account(
    const Context& context, const v1::CloseAccountRequest& request) {
    using Response = v1::CloseAccountResponse;
    return once<Response>(database_, context, [&](pqxx::work& tx) -> Result<Response> {
        PREPAY_ASSIGN_OR_RETURN(const std::int64_t account_no,
                                accounts_.close(tx, from_proto(request)));
        Response response;
        *response.mutable_account() = to_proto(views_.get(tx, account_no));
        return response;
    });
}

Result<v1::GetOverviewResponse> GrpcTenancy::get_overview(const Context& context,
                                                          const v1::GetOverviewRequest&) {
    return database_.read([&](pqxx::work& tx) -> Result<v1::GetOverviewResponse> {
        v1::GetOverviewResponse response;
        PREPAY_ASSIGN_OR_RETURN(*response.mutable_account(), own_open_account(views_, tx, context));
        for (const std::string& room_id : response.account().room_ids()) {
            PREPAY_ASSIGN_OR_RETURN(const Room room, rooms_.get(tx, room_id));
            *response.add_rooms() = to_proto(room);
        }
        for (const Site& site : rooms_.list_sites(tx)) {
            if (site.site_id == response.account().site_id()) {
                response.set_site_name(site.display_name);
                response.set_time_zone(site.time_zone);
            }
        }
        return response;
    });
}

}  // namespace prepay::account
