#include <optional>

#include "core/pause.h"
#include "outbox/subscriber_state.h"
#include "telemetry/log.h"

namespace prepay::outbox {
namespace {

constexpr std::chrono::milliseconds kBrokerTimeout{3000};

using Places = std::map<Progress::Place, Progress::Seen>;

std::string describe(const Progress::Place& place) {
    return place.first + "/" + std::to_string(place.second);
}

std::string describe(const Progress::Stall& stall) {
    return describe(stall.place) + " stands at " + std::to_string(stall.seen.position) + " of " +
           std::to_string(stall.seen.published) + " for " +
           std::to_string(stall.time.count() / 1000) + " s";
}

// Our positions beside what the owners say. A position learns whose messages it counts.
Result<Places> compare(pg::Database& database, const std::vector<std::string>& topics,
                       const std::vector<OutboxHead>& heads) {
    return database.transact([&](pqxx::work& tx) -> Result<Places> {
        Places places;
        std::map<Progress::Place, std::string> streams;
        for (const auto& row :
             tx.exec_params("SELECT topic, partition, last_sequence, owner_stream_id,"
                            " went_back_time IS NOT NULL AS went_back FROM inbox_positions"
                            " WHERE topic = ANY ($1::text[])",
                            pg::to_array(topics))) {
            const Progress::Place place(row["topic"].as<std::string>(), row["partition"].as<int>());
            places[place] = {row["last_sequence"].as<std::int64_t>(), -1, -1};
            places[place].went_back = row["went_back"].as<bool>();
            streams[place] = row["owner_stream_id"].as<std::string>();
        }
        for (const OutboxHead& head : heads) {
            for (const HighWater& mark : head.partitions) {
                const Progress::Place place(mark.topic, mark.partition);
                Progress::Seen& seen = places[place];
                seen.published = mark.published;
                seen.numbered = mark.numbered;
                const auto stream = streams.find(place);
                if (stream == streams.end()) {
                    continue;
                }
                seen.went_back |= !stream->second.empty() && stream->second != head.stream_id;
                if (stream->second.empty()) {
                    tx.exec_params(
                        "UPDATE inbox_positions SET owner_stream_id = $3"
                        " WHERE topic = $1 AND partition = $2",
                        mark.topic, mark.partition, head.stream_id);
                }
            }
        }
        return places;
    });
}

// Waiting for a database, a peer or the broker is no reason to end: a new process would wait as
// well.
bool waits_for_others(const Status& trouble, const std::string& brokers) {
    return absl::IsUnavailable(trouble) || absl::IsDeadlineExceeded(trouble) ||
           error_reason(trouble) == "REPLAY_TOO_OLD" ||
           !kafka::check_broker(brokers, kBrokerTimeout).ok();
}

}  // namespace

Status Subscriber::readiness() const {
    const std::lock_guard lock(state_->mutex);
    PREPAY_RETURN_IF_ERROR(state_->standing);
    if (!state_->assigned) {
        return unavailable("NOT_ASSIGNED", "waiting for Kafka partitions and their positions");
    }
    return absl::OkStatus();
}

InboxState Subscriber::state() const {
    const std::lock_guard lock(state_->mutex);
    return state_->shown;
}

/// Looks once and says what follows from it.
class Subscriber::Watch {
public:
    explicit Watch(State& state) : state_(state), progress_(state.options.progress) {}

    /// What to give up for; empty = nothing.
    std::string look() {
        const std::vector<OutboxHead> heads = state_.owners.ask_heads(state_.options.topics);
        Result<Places> places = compare(state_.database, state_.options.topics, heads);
        if (!places.ok()) {
            return "";  // Readiness knows of the database by itself.
        }
        Status trouble = absl::OkStatus();
        bool owner_refuses = false;
        std::optional<Progress::Place> went_back;
        {
            const std::lock_guard lock(state_.mutex);
            for (auto& [place, seen] : *places) {
                seen.ours = state_.reading.empty() || state_.reading.count(place) > 0;
            }
            progress_.look(*places, std::chrono::steady_clock::now());
            judge();
            trouble = state_.trouble;
            owner_refuses = state_.owner_refuses;
            went_back = progress_.went_back() == nullptr ? std::nullopt
                                                         : std::optional(*progress_.went_back());
        }
        if (went_back) {
            remember(*went_back);
        }
        return progress_.is_hopeless() && !owner_refuses &&
                       !waits_for_others(trouble, state_.options.brokers)
                   ? describe(progress_.worst())
                   : "";
    }

private:
    // Once its numbers pass ours again nothing else would show it.
    void remember(const Progress::Place& place) {
        const Status noted = state_.database.transact([&](pqxx::work& tx) -> Status {
            tx.exec_params(
                "UPDATE inbox_positions SET went_back_time = now()"
                " WHERE topic = $1 AND partition = $2 AND went_back_time IS NULL",
                place.first, place.second);
            return absl::OkStatus();
        });
        if (!noted.ok()) {
            telemetry::log_warning("cannot note that an owner went back",
                                   {{"error", telemetry::describe(noted)}});
        }
    }

    void judge() {
        state_.tails = progress_.tails();
        state_.shown.lag_messages = progress_.lag();
        state_.shown.lag_age = progress_.lag_age();
        const bool was_stalled = state_.shown.stalled;
        state_.shown.stalled = progress_.is_stalled();
        state_.standing = absl::OkStatus();
        if (const Progress::Place* place = progress_.went_back()) {
            state_.standing = failed_precondition(
                "OWNER_WENT_BACK",
                "the owner of " + describe(*place) +
                    " has lost messages that were applied here, or was made anew");
            telemetry::log_error("owner's messages ended below ours",
                                 {{"error", telemetry::describe(state_.standing)}});
        } else if (state_.shown.stalled) {
            std::string text = describe(progress_.worst());
            if (!state_.trouble.ok()) {
                text += ": " + telemetry::describe(state_.trouble);
            }
            state_.standing = unavailable("INBOX_STALLED", text);
        }
        if (progress_.is_rebuild_due()) {
            state_.rebuild_wanted = true;
            ++state_.shown.rebuild_count;
            telemetry::log_error("consumption stands still, joining anew",
                                 {{"error", telemetry::describe(state_.standing)}});
        } else if (was_stalled && !state_.shown.stalled) {
            telemetry::log_info("consumption moves again");
        }
    }

    State& state_;
    Progress progress_;
};

void Subscriber::watch(const std::stop_token& stop,
                       const std::function<void(const std::string&)>& give_up) {
    if (!state_->owners.ask_heads) {
        return;
    }
    Watch watch(*state_);
    while (!stop.stop_requested()) {
        if (const std::string what = watch.look(); !what.empty()) {
            telemetry::log_error("consumption stands still for good", {{"what", what}});
            give_up(what);
        }
        pause(stop, state_->options.progress.ask_interval);
    }
}

}  // namespace prepay::outbox
