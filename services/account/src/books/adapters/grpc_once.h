#pragma once

#include <pqxx/pqxx>
#include <string>
#include <utility>

#include "core/crash_point.h"
#include "core/status.h"
#include "pg/database.h"
#include "pg/request_answer.h"
#include "rpc/server.h"

namespace prepay::account {

/// The effect of a mutation and its answer in one transaction; a repetition gets the stored answer.
template <typename Response, typename Effect>
Result<Response> once(pg::Database& database, const rpc::CallContext& context, Effect&& effect) {
    PREPAY_ASSIGN_OR_RETURN(
        const std::string answer, database.transact([&](pqxx::work& tx) -> Result<std::string> {
            return pg::answer_once(tx,
                                   {context.request_id, context.method, context.content_hash,
                                    context.identity.subject},
                                   [&](pqxx::work& inner) -> Result<std::string> {
                                       PREPAY_ASSIGN_OR_RETURN(const Response made, effect(inner));
                                       return made.SerializeAsString();
                                   });
        }));
    PREPAY_CRASH_POINT("ledger.committed");
    Response response;
    if (!response.ParseFromString(answer)) {
        return internal_error("STORED_ANSWER_INVALID", "the stored answer cannot be read");
    }
    return response;
}

}  // namespace prepay::account
