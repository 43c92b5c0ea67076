#pragma once

#include <chrono>
#include <string>

#include "pg/database.h"

namespace prepay::pg {

/// What identifies a mutation: the initiator's id, the method, and what it asked for.
struct RequestKey {
    std::string request_id;
    std::string method;
    std::string content_hash;  ///< Of what is no secret.
    std::string subject;
};

/// Runs `effect(tx) -> Result<std::string>` (the serialized answer) at most once per request id.
/// A repetition with equal content gets the stored answer; one with other content, method or caller
/// gets ALREADY_EXISTS / REQUEST_ID_REUSED. The answer is stored in the transaction of the effect.
/// Needs the table `request_answers` (libs/pg/migrations).
template <typename Effect>
Result<std::string> answer_once(pqxx::work& tx, const RequestKey& key, Effect&& effect);

/// How long an answer is kept; a repetition after that is a new request.
inline constexpr std::chrono::hours kAnswerTime{24 * 7};
/// Deletes answers older than kAnswerTime, `count_max` at most; says how many.
Result<int> forget_answers(Database& database, int count_max);

/// The two halves of answer_once. `find_answer` takes the lock on the id first.
Result<std::optional<std::string>> find_answer(pqxx::work& tx, const RequestKey& key);
void store_answer(pqxx::work& tx, const RequestKey& key, const std::string& answer);

template <typename Effect>
Result<std::string> answer_once(pqxx::work& tx, const RequestKey& key, Effect&& effect) {
    PREPAY_ASSIGN_OR_RETURN(std::optional<std::string> stored, find_answer(tx, key));
    if (stored) {
        return *std::move(stored);
    }
    PREPAY_ASSIGN_OR_RETURN(std::string answer, effect(tx));
    store_answer(tx, key, answer);
    return answer;
}

}  // namespace prepay::pg
