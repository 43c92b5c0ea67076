#include <algorithm>

#include "outbox/subscriber_state.h"
#include "telemetry/log.h"

// What a person orders when an owner was restored from a backup or made anew.
namespace prepay::outbox {

// Of the same outbox what it still has up to a number is known here; of one made anew nothing.
Status Subscriber::resync_one(const std::string& topic, int partition, std::int64_t known,
                              const OutboxHead& head) {
    PREPAY_RETURN_IF_ERROR(claim(topic, partition).status());
    Position& position = state_->positions[{topic, partition}];
    position.last_sequence = 0;  // Ours are numbers of nothing any more.
    PREPAY_RETURN_IF_ERROR(apply_snapshot(position, known));
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

// Also those whose numbers have not passed ours yet, or did before anybody saw it: what befell one
// partition of an outbox befell them all.
Result<std::vector<Subscriber::Behind>> Subscriber::places_behind(const OutboxHead& head) const {
    using Places = std::vector<Behind>;
    std::map<std::pair<std::string, int>, std::int64_t> numbered;
    for (const HighWater& mark : head.partitions) {
        numbered[{mark.topic, mark.partition}] = mark.numbered;
    }
    return state_->database.read([&](pqxx::work& tx) -> Result<Places> {
        Places places;
        bool went_back = false;
        for (const auto& row :
             tx.exec_params("SELECT topic, partition, last_sequence, went_back_time IS NOT NULL"
                            " AS went_back, owner_stream_id NOT IN ('', $2) AS is_other FROM"
                            " inbox_positions WHERE topic = ANY ($1::text[])"
                            " ORDER BY topic, partition",
                            pg::to_array(head.topics), head.stream_id)) {
            Behind place{row["topic"].as<std::string>(), row["partition"].as<int>(), 0};
            const auto mark = numbered.find({place.topic, place.partition});
            const std::int64_t given = mark == numbered.end() ? 0 : mark->second;
            const auto ours = row["last_sequence"].as<std::int64_t>();
            const bool is_other = row["is_other"].as<bool>();
            went_back = went_back || is_other || row["went_back"].as<bool>() || ours > given;
            place.known = is_other ? 0 : std::min(ours, given);
            places.push_back(std::move(place));
        }
        return went_back ? places : Places();
    });
}

Result<int> Subscriber::resync() {
    int resynced_count = 0;
    for (const OutboxHead& head : state_->owners.ask_heads(state_->options.topics)) {
        PREPAY_ASSIGN_OR_RETURN(const auto places, places_behind(head));
        for (const Behind& place : places) {
            PREPAY_RETURN_IF_ERROR(resync_one(place.topic, place.partition, place.known, head));
            telemetry::log_warning(
                "the owner's numbers count as they are",
                {{"topic", place.topic}, {"partition", std::to_string(place.partition)}});
            ++resynced_count;
        }
    }
    return resynced_count;
}

}  // namespace prepay::outbox
