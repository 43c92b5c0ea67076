#include <thread>

#include "outbox/outbox.h"

namespace prepay::outbox {
namespace {

constexpr int kSnapshotTries = 50;
constexpr std::chrono::milliseconds kSnapshotPause{20};

// How long a consumer may take over a piece.
constexpr std::chrono::minutes kSnapshotPatience{10};

// A mark stands for the start of its transaction; that of a later message may have begun earlier.
constexpr std::chrono::hours kMarkSlack{1};

Instant written_after(pqxx::work& tx, const SnapshotRequest& request) {
    const auto row = tx.exec_params1(
        "SELECT coalesce(" + pg::micros("max(create_time)") +
            ", 0) AS micros"
            " FROM outbox_marks WHERE topic = $1 AND partition = $2 AND sequence <= $3",
        request.topic, request.partition, request.after_sequence);
    const Instant marked = from_micros(row["micros"].as<std::int64_t>());
    return marked == Instant{} ? marked : marked - kMarkSlack;
}

}  // namespace

Result<OutboxHead> read_head(pg::Database& database, const std::vector<std::string>& topics) {
    return database.read([&](pqxx::work& tx) -> Result<OutboxHead> {
        OutboxHead head;
        head.topics = topics;
        head.stream_id = tx.exec1("SELECT stream_id FROM outbox_identity")["stream_id"].c_str();
        for (const auto& row : tx.exec_params(
                 "SELECT topic, partition, next_sequence - 1 AS numbered, published_sequence"
                 " FROM outbox_positions WHERE topic = ANY ($1::text[])",
                 pg::to_array(topics))) {
            head.partitions.push_back({row["topic"].as<std::string>(), row["partition"].as<int>(),
                                       row["numbered"].as<std::int64_t>(),
                                       row["published_sequence"].as<std::int64_t>()});
        }
        return head;
    });
}

Result<std::int64_t> take_snapshot(pg::Database& database, const SnapshotRequest& request,
                                   const SnapshotSource& source, const EmitEvent& emit) {
    for (int attempt = 1;; ++attempt) {
        const Result<std::int64_t> sequence = database.read(
            [&](pqxx::work& tx) -> Result<std::int64_t> {
                // What is committed but has no sequence yet would be in the state and come again.
                const auto row = tx.exec_params1(
                    "SELECT EXISTS (SELECT FROM outbox WHERE sequence IS NULL AND topic = $1"
                    " AND partition = $2) AS unnumbered, (SELECT coalesce(max(next_sequence), 1)"
                    " FROM outbox_positions WHERE topic = $1 AND partition = $2) AS next_sequence",
                    request.topic, request.partition);
                if (row["unnumbered"].as<bool>()) {
                    return unavailable("SNAPSHOT_NOT_YET", "messages wait for their sequence");
                }
                SnapshotRequest asked = request;
                asked.since = written_after(tx, request);
                PREPAY_RETURN_IF_ERROR(source(tx, asked, emit));
                return row["next_sequence"].as<std::int64_t>() - 1;
            },
            kSnapshotPatience);
        if (error_reason(sequence.status()) != "SNAPSHOT_NOT_YET" || attempt == kSnapshotTries) {
            return sequence;
        }
        std::this_thread::sleep_for(kSnapshotPause);
    }
}

}  // namespace prepay::outbox
