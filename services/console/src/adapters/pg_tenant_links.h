#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/time.h"
#include "pg/database.h"
#include "pg/request_answer.h"

namespace prepay::console {

/// How a link came about.
enum class LinkOrigin { kStaff, kAlarmMail };

struct TenantLinkRow {
    std::string link_id;  ///< Also the session id of its token.
    std::string account_id;
    std::string creator;  ///< "user:li", "prepay-alarm".
    LinkOrigin origin = LinkOrigin::kStaff;
    Instant create_time;
    Instant expire_time;
    std::string revoker;  ///< Empty unless revoked.
    std::optional<Instant> revoke_time;
};

/// Links to tenants' pages: what was given out, never the tokens themselves.
class PgTenantLinks {
public:
    explicit PgTenantLinks(pg::Database& database) : database_(database) {}

    /// Stores a new link, or finds the one that this request made. Reason REQUEST_ID_REUSED.
    Result<TenantLinkRow> create(const pg::RequestKey& key, const TenantLinkRow& link);
    /// Newest first, `count` at most, those older than the link `before` unless it is empty.
    Result<std::vector<TenantLinkRow>> list(const std::string& account_id,
                                            const std::string& before, int count);
    /// Takes a link back; one that is already keeps who did it and when. Reasons LINK_NOT_FOUND,
    /// REQUEST_ID_REUSED.
    Result<TenantLinkRow> revoke(const pg::RequestKey& key, const std::string& link_id,
                                 const std::string& revoker, Instant now);
    /// The links taken back whose tokens would be good at `now`.
    Result<std::set<std::string>> revoked(Instant now);
    /// Deletes the links that expired before.
    Status forget(Instant before);

private:
    pg::Database& database_;
};

}  // namespace prepay::console
