#include "pg/request_answer.h"

#include "core/ids.h"
#include "pg/row.h"

namespace prepay::pg {

Result<std::optional<std::string>> find_answer(pqxx::work& tx, const RequestKey& key) {
    tx.exec_params("SELECT pg_advisory_xact_lock($1)",
                   static_cast<std::int64_t>(stable_hash("request/" + key.request_id) >> 1));
    const auto rows = tx.exec_params(
        "SELECT method, content_hash, subject, answer FROM request_answers WHERE request_id = $1",
        key.request_id);
    if (rows.empty()) {
        return std::optional<std::string>();
    }
    const Row row(rows[0]);
    if (row.text("method") != key.method || row.text("content_hash") != key.content_hash ||
        row.text("subject") != key.subject) {
        return already_exists(
            "REQUEST_ID_REUSED",
            "request_id " + key.request_id + " was used for a different request; make a new one");
    }
    return std::optional<std::string>(row.bytes("answer"));
}

void store_answer(pqxx::work& tx, const RequestKey& key, const std::string& answer) {
    tx.exec_params(
        "INSERT INTO request_answers (request_id, method, content_hash, subject, answer)"
        " VALUES ($1, $2, $3, $4, $5)",
        key.request_id, key.method, key.content_hash, key.subject, pqxx::binarystring(answer));
}

Result<int> forget_answers(Database& database, int count_max) {
    return database.transact([&](pqxx::work& tx) -> Result<int> {
        const auto deleted = tx.exec_params(
            "DELETE FROM request_answers WHERE request_id IN"
            " (SELECT request_id FROM request_answers WHERE create_time < now() - $1::interval"
            " ORDER BY create_time LIMIT $2 FOR UPDATE SKIP LOCKED)",
            std::to_string(kAnswerTime.count()) + " hours", count_max);
        return static_cast<int>(deleted.affected_rows());
    });
}

}  // namespace prepay::pg
