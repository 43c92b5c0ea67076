#pragma once

#include <functional>
#include <pqxx/pqxx>
#include <string>
#include <utility>

#include "books/adapters/pg_account_views.h"
#include "core/status.h"
#include "pg/database.h"
#include "prepay/account/v1/account.pb.h"
#include "rpc/server.h"
#include "tenancy/adapters/pg_accounts.h"
#include "tenancy/adapters/pg_rooms.h"
#include "tenancy/ports.h"

namespace prepay::account {

/// Cash that is handed in with the opening of an account, in the same transaction.
using FirstTopUp = std::function<Result<v1::Order>(pqxx::work& tx, const rpc::CallContext& context,
                                                   const std::string& account_id, Money amount)>;

/// Serves sites, rooms, and moving in and out.
class GrpcTenancy {
public:
    GrpcTenancy(pg::Database& database, PgAccountViews& views, PgRooms& rooms, PgAccounts& accounts,
                MeterRegistry& registry, FirstTopUp first_top_up)
        : database_(database),
          views_(views),
          rooms_(rooms),
          accounts_(accounts),
          registry_(registry),
          first_top_up_(std::move(first_top_up)) {}

    /// Registers its methods. The object must outlive the server.
    void register_with(rpc::Server& server);

private:
    using Context = rpc::CallContext;
    Status check_known(const std::vector<std::string>& meter_ids) const;
    Result<v1::CreateSiteResponse> create_site(const Context&, const v1::CreateSiteRequest&);
    Result<v1::ListSitesResponse> list_sites(const Context&, const v1::ListSitesRequest&);
    Result<v1::CreateRoomsResponse> create_rooms(const Context&, const v1::CreateRoomsRequest&);
    Result<v1::ListRoomsResponse> list_rooms(const Context&, const v1::ListRoomsRequest&);
    Result<v1::GetRoomResponse> get_room(const Context&, const v1::GetRoomRequest&);
    Result<v1::AttachMetersResponse> attach_meters(const Context&, const v1::AttachMetersRequest&);
    Result<v1::OpenAccountResponse> open_account(const Context&, const v1::OpenAccountRequest&);
    Result<v1::CloseAccountResponse> close_account(const Context&, const v1::CloseAccountRequest&);
    Result<v1::GetOverviewResponse> get_overview(const Context&, const v1::GetOverviewRequest&);

    pg::Database& database_;
    PgAccountViews& views_;
    PgRooms& rooms_;
    PgAccounts& accounts_;
    MeterRegistry& registry_;
    FirstTopUp first_top_up_;
};

}  // namespace prepay::account
