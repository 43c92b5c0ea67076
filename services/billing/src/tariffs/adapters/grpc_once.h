#pragma once

#include <functional>
#include <string>

#include "core/status.h"
#include "pg/database.h"
#include "pg/request_answer.h"
#include "rpc/server.h"

namespace prepay::billing {

/// Runs a mutation once per request id; the stored answer is given again.
template <typename Response>
Result<Response> once(pg::Database& database, const rpc::CallContext& context,
                      const std::function<Result<Response>(pqxx::work&)>& effect) {
    const pg::RequestKey key{context.request_id, context.method, context.content_hash,
                             context.identity.subject};
    PREPAY_ASSIGN_OR_RETURN(
        const std::string answer, database.transact([&](pqxx::work& tx) -> Result<std::string> {
            return pg::answer_once(tx, key, [&](pqxx::work& inner) -> Result<std::string> {
                PREPAY_ASSIGN_OR_RETURN(const Response response, effect(inner));
                return response.SerializeAsString();
            });
        }));
    Response response;
    if (!response.ParseFromString(answer)) {
        return internal_error("ANSWER_UNREADABLE", "the stored answer cannot be read");
    }
    return response;
}

}  // namespace prepay::billing
