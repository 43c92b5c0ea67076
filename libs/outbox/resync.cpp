#include "outbox/subscriber_state.h"
#include "telemetry/log.h"

// What a person orders when an owner was restored from a backup or made anew.
namespace prepay::outbox {

Status Subscriber::resync_one(const std::string& topic, int partition, const OutboxHead& head) {
    PREPAY_RETURN_IF_ERROR(claim(topic, partition).status());
    Position& position = state_->positions[{topic, partition}];
    position.last_sequence = 0;  // Of numbers that are none any more.
    PREPAY_RETURN_IF_ERROR(apply_snapshot(position));
    return state_->database.transact([&](pqxx::work& tx) -> Status {
        const auto moved = tx.exec_params(
            "UPDATE inbox_positions SET last_sequence = $4, owner_stream_id = $5,"
            " went_back_time = NULL WHERE topic = $1 AND partition = $2 AND epoch = $3",
            topic, partition, position.epoch, position.last_sequence, head.stream_id);
        return moved.affected_rows() == 1 ? absl::OkStatus()
                                          : make_error(absl::StatusCode::kAborted, "FENCED",
                                                       "the service is running; stop it first");
    });
}

Result<int> Subscriber::resync() {
    int resynced_count = 0;
    for (const std::string& topic : state_->options.topics) {
        const std::vector<OutboxHead> heads = state_->owners.ask_heads({topic});
        if (heads.empty()) {
            continue;  // Said in the log.
        }
        PREPAY_ASSIGN_OR_RETURN(
            const std::vector<int> partitions,
            state_->database.read([&](pqxx::work& tx) -> Result<std::vector<int>> {
                std::vector<int> found;
                for (const auto& row : tx.exec_params(
                         "SELECT partition FROM inbox_positions WHERE topic = $1"
                         " AND (went_back_time IS NOT NULL OR owner_stream_id NOT IN ('', $2))"
                         " ORDER BY partition",
                         topic, heads.front().stream_id)) {
                    found.push_back(row["partition"].as<int>());
                }
                return found;
            }));
        for (const int partition : partitions) {
            PREPAY_RETURN_IF_ERROR(resync_one(topic, partition, heads.front()));
            telemetry::log_warning("the owner's numbers count as they are",
                                   {{"topic", topic}, {"partition", std::to_string(partition)}});
            ++resynced_count;
        }
    }
    return resynced_count;
}

}  // namespace prepay::outbox
