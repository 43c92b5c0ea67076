#include <algorithm>
#include <set>

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

struct Ours {
    Places places;
    std::map<Progress::Place, std::string> streams;  ///< Whose messages each position counts.
};

Result<Ours> read_ours(pg::Database& database, const std::vector<std::string>& topics) {
    return database.read([&](pqxx::work& tx) -> Result<Ours> {
        Ours ours;
        for (const auto& row :
             tx.exec_params("SELECT topic, partition, last_sequence, owner_stream_id,"
                            " went_back_time IS NOT NULL AS went_back FROM inbox_positions"
                            " WHERE topic = ANY ($1::text[])",
                            pg::to_array(topics))) {
            const Progress::Place place(row["topic"].as<std::string>(), row["partition"].as<int>());
            ours.places[place] = {row["last_sequence"].as<std::int64_t>(), -1, -1};
            ours.places[place].went_back = row["went_back"].as<bool>();
            ours.streams[place] = row["owner_stream_id"].as<std::string>();
        }
        return ours;
    });
}

// Puts what the owners say beside our positions, which were read before: a sound owner is never
// behind them. A position learns whose messages it counts.
Status compare(pg::Database& database, const std::vector<OutboxHead>& heads, Ours& ours) {
    return database.transact([&](pqxx::work& tx) -> Status {
        for (const OutboxHead& head : heads) {
            for (const HighWater& mark : head.partitions) {
                const Progress::Place place(mark.topic, mark.partition);
                Progress::Seen& seen = ours.places[place];
                seen.published = mark.published;
                seen.numbered = mark.numbered;
                const auto stream = ours.streams.find(place);
                if (stream == ours.streams.end()) {
                    continue;
                }
                seen.went_back |= !stream->second.empty() && stream->second != head.stream_id;
                if (stream->second.empty()) {
                    tx.exec_params(
                        "UPDATE inbox_positions SET owner_stream_id = $3"
                        " WHERE topic = $1 AND partition = $2 AND owner_stream_id = ''",
                        mark.topic, mark.partition, head.stream_id);
                }
            }
        }
        return absl::OkStatus();
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
        Result<Ours> ours = read_ours(state_.database, state_.options.topics);
        if (!ours.ok()) {
            return "";  // Readiness knows of the database by itself.
        }
        const std::vector<OutboxHead> heads = state_.owners.ask_heads(state_.options.topics);
        if (!compare(state_.database, heads, *ours).ok()) {
            return "";
        }
        Status trouble = absl::OkStatus();
        bool owner_refuses = false;
        std::vector<Progress::Place> back;
        {
            const std::lock_guard lock(state_.mutex);
            for (auto& [place, seen] : ours->places) {
                seen.ours = state_.reading.empty() || state_.reading.count(place) > 0;
                // The one thread that applies is at it, and comes to the other places afterwards.
                seen.busy = state_.is_swapping || state_.snapshot_pieces != known_pieces_;
            }
            known_pieces_ = state_.snapshot_pieces;
            progress_.look(ours->places, std::chrono::steady_clock::now());
            back = progress_.places_back();
            judge(back);
            trouble = state_.trouble;
            owner_refuses = state_.owner_refuses;
        }
        if (!back.empty()) {
            remember(back, heads);
        }
        return progress_.is_hopeless() && !owner_refuses &&
                       !waits_for_others(trouble, state_.options.brokers)
                   ? describe(progress_.worst())
                   : "";
    }

private:
    // Once its numbers pass ours again nothing else would show it. What befell one of its
    // partitions befell them all.
    void remember(const std::vector<Progress::Place>& back, const std::vector<OutboxHead>& heads) {
        std::set<std::string> topics;
        for (const Progress::Place& place : back) {
            topics.insert(place.first);
            for (const OutboxHead& head : heads) {
                if (std::count(head.topics.begin(), head.topics.end(), place.first) > 0) {
                    topics.insert(head.topics.begin(), head.topics.end());
                }
            }
        }
        const Status noted = state_.database.transact([&](pqxx::work& tx) -> Status {
            tx.exec_params(
                "UPDATE inbox_positions SET went_back_time = now()"
                " WHERE topic = ANY ($1::text[]) AND went_back_time IS NULL",
                pg::to_array(std::vector<std::string>(topics.begin(), topics.end())));
            return absl::OkStatus();
        });
        if (!noted.ok()) {
            telemetry::log_warning("cannot note that an owner went back",
                                   {{"error", telemetry::describe(noted)}});
        }
    }

    void judge(const std::vector<Progress::Place>& back) {
        state_.tails = progress_.tails();
        state_.shown.lag_messages = progress_.lag();
        state_.shown.lag_age = progress_.lag_age();
        const bool was_stalled = state_.shown.stalled;
        state_.shown.stalled = progress_.is_stalled();
        state_.standing = absl::OkStatus();
        if (!back.empty()) {
            state_.standing = failed_precondition(
                "OWNER_WENT_BACK",
                "the owner of " + describe(back.front()) +
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
    std::int64_t known_pieces_ = 0;
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
