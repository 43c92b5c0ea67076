#include "adapters/pg_tenant_links.h"

#include "pg/row.h"

namespace prepay::console {
namespace {

const std::string& columns() {
    static const std::string text = "link_id, account_id, creator, origin, " +
                                    pg::micros("create_time") + " AS create_micros, " +
                                    pg::micros("expire_time") +
                                    " AS expire_micros, coalesce(revoker, '') AS revoker, " +
                                    pg::micros("revoke_time") + " AS revoke_micros";
    return text;
}

const char* origin_text(LinkOrigin origin) {
    switch (origin) {
        case LinkOrigin::kStaff:
            return "STAFF";
        case LinkOrigin::kAlarmMail:
            return "ALARM_MAIL";
    }
    return "";
}

TenantLinkRow link_of(const pg::Row& row) {
    TenantLinkRow link;
    link.link_id = row.text("link_id");
    link.account_id = row.text("account_id");
    link.creator = row.text("creator");
    link.origin = row.text("origin") == origin_text(LinkOrigin::kAlarmMail) ? LinkOrigin::kAlarmMail
                                                                            : LinkOrigin::kStaff;
    link.create_time = row.time("create_micros");
    link.expire_time = row.time("expire_micros");
    link.revoker = row.text("revoker");
    link.revoke_time = row.find_time("revoke_micros");
    return link;
}

Result<TenantLinkRow> get(pqxx::work& tx, const std::string& link_id) {
    const auto rows =
        tx.exec_params("SELECT " + columns() + " FROM tenant_links WHERE link_id = $1", link_id);
    if (rows.empty()) {
        return not_found("LINK_NOT_FOUND", "there is no such tenant link");
    }
    return link_of(rows[0]);
}

}  // namespace

Result<TenantLinkRow> PgTenantLinks::create(const pg::RequestKey& key, const TenantLinkRow& link) {
    return database_.transact([&](pqxx::work& tx) -> Result<TenantLinkRow> {
        PREPAY_ASSIGN_OR_RETURN(
            const std::string link_id,
            pg::answer_once(tx, key, [&](pqxx::work& inner) -> Result<std::string> {
                inner.exec_params(
                    "INSERT INTO tenant_links"
                    " (link_id, account_id, creator, origin, create_time, expire_time)"
                    " VALUES ($1, $2, $3, $4, $5, $6)",
                    link.link_id, link.account_id, link.creator, origin_text(link.origin),
                    pg::to_timestamptz(link.create_time), pg::to_timestamptz(link.expire_time));
                return link.link_id;
            }));
        return get(tx, link_id);
    });
}

Result<std::vector<TenantLinkRow>> PgTenantLinks::list(const std::string& account_id,
                                                       const std::string& before, int count) {
    return database_.read([&](pqxx::work& tx) -> Result<std::vector<TenantLinkRow>> {
        std::vector<TenantLinkRow> links;
        for (const auto& row : tx.exec_params(
                 "SELECT " + columns() +
                     " FROM tenant_links WHERE account_id = $1 AND ($2 = '' OR link_id < $2)"
                     " ORDER BY link_id DESC LIMIT $3",
                 account_id, before, count)) {
            links.push_back(link_of(row));
        }
        return links;
    });
}

Result<TenantLinkRow> PgTenantLinks::revoke(const pg::RequestKey& key, const std::string& link_id,
                                            const std::string& revoker, Instant now) {
    return database_.transact([&](pqxx::work& tx) -> Result<TenantLinkRow> {
        PREPAY_ASSIGN_OR_RETURN(
            const std::string revoked,
            pg::answer_once(tx, key, [&](pqxx::work& inner) -> Result<std::string> {
                PREPAY_RETURN_IF_ERROR(get(inner, link_id).status());
                inner.exec_params(
                    "UPDATE tenant_links SET revoker = $2, revoke_time = $3"
                    " WHERE link_id = $1 AND revoke_time IS NULL",
                    link_id, revoker, pg::to_timestamptz(now));
                return link_id;
            }));
        return get(tx, revoked);
    });
}

Result<std::set<std::string>> PgTenantLinks::revoked(Instant now) {
    return database_.read([&](pqxx::work& tx) -> Result<std::set<std::string>> {
        std::set<std::string> ids;
        for (const auto& row :
             tx.exec_params("SELECT link_id FROM tenant_links WHERE revoke_time IS NOT NULL"
                            " AND expire_time > $1",
                            pg::to_timestamptz(now))) {
            ids.insert(pg::only<std::string>(row));
        }
        return ids;
    });
}

Status PgTenantLinks::forget(Instant before) {
    return database_.transact([&](pqxx::work& tx) {
        tx.exec_params("DELETE FROM tenant_links WHERE expire_time < $1",
                       pg::to_timestamptz(before));
        return absl::OkStatus();
    });
}

}  // namespace prepay::console
