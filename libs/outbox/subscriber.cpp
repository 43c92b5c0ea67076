#include <thread>

#include "core/crash_point.h"
#include "core/pause.h"
#include "outbox/subscriber_state.h"
#include "telemetry/log.h"

namespace prepay::outbox {
namespace {

constexpr std::chrono::milliseconds kRetryPauseMin{50};
constexpr std::chrono::milliseconds kRetryPauseMax{2000};

// What one transaction takes in. A handler may answer all of it with one message of its own, which
// must stay below the broker's 4 MiB: the relay could never publish a larger one, nor pass it.
constexpr std::size_t kTransactionBytesMax = 2 << 20;

// A swap walks through what was folded of a partition.
constexpr std::chrono::minutes kSwapPatience{10};

// Well below what a client waits for the group's answer (12 s): a rebalance must get through.
constexpr std::chrono::seconds kPollPauseMax{2};

using Messages = std::vector<kafka::Message>;

Messages::const_iterator end_of_transaction(Messages::const_iterator begin,
                                            Messages::const_iterator end) {
    std::size_t bytes = begin->payload.size();
    auto next = std::next(begin);
    while (next != end && bytes + next->payload.size() <= kTransactionBytesMax) {
        bytes += next->payload.size();
        ++next;
    }
    return next;
}

// Also one whose answer no broker would take: applied again it would be refused again.
bool is_bad_message(const Status& status) {
    return error_reason(status) == "BAD_MESSAGE" || error_reason(status) == "MESSAGE_TOO_LARGE";
}

Status fenced(const std::string& topic, int partition) {
    return make_error(absl::StatusCode::kAborted, "FENCED",
                      "another consumer owns " + topic + "/" + std::to_string(partition));
}

}  // namespace

Subscriber::Subscriber(SubscriberOptions options, pg::Database& database, const Outbox& outbox,
                       OwnerCalls owners, Handler handler)
    : state_(std::make_unique<State>(std::move(options), database, outbox, std::move(owners),
                                     std::move(handler))) {}

Subscriber::~Subscriber() = default;

Result<std::int64_t> Subscriber::claim(const std::string& topic, int partition) {
    const Result<Position> position =
        state_->database.transact([&](pqxx::work& tx) -> Result<Position> {
            const auto row = tx.exec_params1(
                "INSERT INTO inbox_positions AS p (topic, partition, epoch) VALUES ($1, $2, 1)"
                " ON CONFLICT (topic, partition) DO UPDATE SET epoch = p.epoch + 1"
                " RETURNING next_offset, last_sequence, epoch",
                topic, partition);
            return Position{topic, partition, row["next_offset"].as<std::int64_t>(),
                            row["last_sequence"].as<std::int64_t>(),
                            row["epoch"].as<std::int64_t>()};
        });
    note(position.status());
    PREPAY_RETURN_IF_ERROR(position.status());
    state_->positions[{topic, partition}] = *position;
    return position->next_offset;
}

// `moves_sequence` = false for a part of a snapshot: it stands for its sequence only as a whole.
Status Subscriber::apply_in_transaction(const Position& position, const Messages& messages,
                                        bool moves_sequence) {
    const telemetry::TraceScope trace(messages.front().trace_id);
    return state_->database.transact([&](pqxx::work& tx) -> Status {
        std::int64_t last_sequence = position.last_sequence;
        for (const kafka::Message& message : messages) {
            last_sequence = std::max(last_sequence, moves_sequence ? message.sequence : 0);
        }
        const auto moved = tx.exec_params(
            "UPDATE inbox_positions SET next_offset = $4,"
            " last_sequence = CASE WHEN $6 THEN $5 ELSE last_sequence END"
            " WHERE topic = $1 AND partition = $2 AND epoch = $3",
            position.topic, position.partition, position.epoch, messages.back().offset + 1,
            last_sequence, moves_sequence);
        if (moved.affected_rows() != 1) {
            return fenced(position.topic, position.partition);
        }
        for (const kafka::Message& message : messages) {
            if (message.sequence == 0) {
                return bad_message("no prepay-sequence header");
            }
        }
        PREPAY_RETURN_IF_ERROR(state_->handler(tx, messages));
        PREPAY_CRASH_POINT("inbox.before_commit");
        return absl::OkStatus();
    });
}

Status Subscriber::apply_pieces(Position& position, const Messages& messages, bool moves_sequence) {
    const auto moved_past = [&](const kafka::Message& last) {
        position.next_offset = last.offset + 1;
        if (moves_sequence) {
            position.last_sequence = std::max(position.last_sequence, last.sequence);
        }
    };
    for (auto next = messages.begin(); next != messages.end();) {
        const auto end = end_of_transaction(next, messages.end());
        const Messages part(next, end);
        Status status = apply_in_transaction(position, part, moves_sequence);
        if (is_bad_message(status)) {
            // Find the bad one: each message in its own transaction.
            for (const kafka::Message& message : part) {
                status = apply_in_transaction(position, {message}, moves_sequence);
                if (is_bad_message(status)) {
                    status = bury(position, message, error_message(status), moves_sequence);
                }
                PREPAY_RETURN_IF_ERROR(status);
                moved_past(message);
            }
        }
        PREPAY_RETURN_IF_ERROR(status);
        moved_past(part.back());
        next = end;
    }
    return absl::OkStatus();
}

Status Subscriber::begin_snapshot(const Position& position) {
    const auto swap = state_->options.swaps.find(position.topic);
    if (swap == state_->options.swaps.end()) {
        return absl::OkStatus();
    }
    const auto begin = [&](pqxx::work& tx) -> Status {
        const auto ours = tx.exec_params(
            "SELECT 1 FROM inbox_positions WHERE topic = $1 AND partition = $2 AND epoch = $3"
            " FOR UPDATE",
            position.topic, position.partition, position.epoch);
        if (ours.empty()) {
            return fenced(position.topic, position.partition);
        }
        // Of a try that was broken off; they come again.
        tx.exec_params(
            "UPDATE dead_letters SET redrive_time = now() WHERE topic = $1 AND partition = $2"
            " AND sequence = $3 AND redrive_time IS NULL",
            position.topic, position.partition, kSnapshotSequence);
        return swap->second.begin(tx, position.partition);
    };
    return state_->database.transact(begin, kSwapPatience);
}

Status Subscriber::finish_snapshot(const Position& position, std::int64_t sequence) {
    const auto swap = state_->options.swaps.find(position.topic);
    const auto finish = [&](pqxx::work& tx) -> Status {
        const auto moved = tx.exec_params(
            "UPDATE inbox_positions SET last_sequence = greatest(last_sequence, $4)"
            " WHERE topic = $1 AND partition = $2 AND epoch = $3",
            position.topic, position.partition, position.epoch, sequence);
        if (moved.affected_rows() != 1) {
            return fenced(position.topic, position.partition);
        }
        if (swap == state_->options.swaps.end()) {
            return absl::OkStatus();
        }
        // What they hold is in the state that is put in, but for its own.
        tx.exec_params(
            "UPDATE dead_letters SET redrive_time = now() WHERE topic = $1 AND partition = $2"
            " AND sequence <= $3 AND redrive_time IS NULL",
            position.topic, position.partition, sequence);
        tx.exec_params(
            "UPDATE dead_letters SET sequence = 1 WHERE topic = $1 AND partition = $2"
            " AND sequence = $3",
            position.topic, position.partition, kSnapshotSequence);
        return swap->second.finish(tx, position.partition);
    };
    note_swapping(true);
    const Status finished = state_->database.transact(finish, kSwapPatience);
    note_swapping(false);
    return finished;
}

// The group gives up a member that has not polled for five minutes, and a snapshot may take hours.
// What comes by the poll is left: the client joins anew afterwards and reads from the true
// positions.
void Subscriber::stay_in_group() {
    const auto now = std::chrono::steady_clock::now();
    if (state_->consumer && now - state_->poll_time > kPollPauseMax) {
        state_->poll_time = now;
        state_->rejoin_wanted = true;
        state_->consumer->poll(1, std::chrono::milliseconds(0));
    }
}

// The state in place of the messages that nobody keeps any more. Whoever dies in the middle takes
// the whole of it again.
Status Subscriber::apply_snapshot(Position& position, std::int64_t after_sequence) {
    telemetry::log_warning("messages are no longer kept, taking the owner's present state",
                           {{"topic", position.topic},
                            {"partition", std::to_string(position.partition)},
                            {"after", std::to_string(after_sequence)}});
    PREPAY_RETURN_IF_ERROR(begin_snapshot(position));
    Status applied = absl::OkStatus();
    std::int64_t piece_count = 0;
    const Result<std::int64_t> sequence = state_->owners.fetch_snapshot(
        position.topic, position.partition, after_sequence, [&](Messages events) {
            for (kafka::Message& event : events) {
                event.offset = position.next_offset - 1;
            }
            applied = apply_pieces(position, events, false);
            stay_in_group();
            note_piece(position, ++piece_count);
            return applied;
        });
    note_owner(!sequence.ok() && applied.ok());
    PREPAY_RETURN_IF_ERROR(sequence.status());
    PREPAY_RETURN_IF_ERROR(finish_snapshot(position, *sequence));
    position.last_sequence = std::max(position.last_sequence, *sequence);
    state_->furthest_piece.erase({position.topic, position.partition});
    const std::lock_guard lock(state_->mutex);
    ++state_->shown.snapshot_count;
    return absl::OkStatus();
}

// Fetches and applies, piece by piece, what lies between the position and `to_sequence`.
Status Subscriber::fill_gap(Position& position, std::int64_t to_sequence, std::int64_t offset) {
    if (position.last_sequence + 1 < to_sequence) {
        telemetry::log_warning("messages are missing in a topic, asking its owner",
                               {{"topic", position.topic},
                                {"partition", std::to_string(position.partition)},
                                {"from", std::to_string(position.last_sequence + 1)},
                                {"to", std::to_string(to_sequence)}});
    }
    bool has_snapshot = false;
    while (position.last_sequence + 1 < to_sequence) {
        Result<Messages> lost = state_->owners.replay(position.topic, position.partition,
                                                      position.last_sequence + 1, to_sequence);
        if (error_reason(lost.status()) == "REPLAY_TOO_OLD" && state_->owners.fetch_snapshot &&
            !has_snapshot) {
            PREPAY_RETURN_IF_ERROR(apply_snapshot(position, position.last_sequence));
            has_snapshot = true;
            continue;
        }
        PREPAY_RETURN_IF_ERROR(lost.status());
        if (lost->empty() && ends_below(position, to_sequence)) {
            return failed_precondition("NOT_OF_OWNER", "its owner never gave this number");
        }
        if (lost->empty() || lost->front().sequence != position.last_sequence + 1) {
            return unavailable("REPLAY_EMPTY",
                               "the owner has no messages for a gap in " + position.topic);
        }
        for (kafka::Message& found : *lost) {
            found.offset = offset;
        }
        PREPAY_RETURN_IF_ERROR(apply_pieces(position, *lost));
        const std::lock_guard lock(state_->mutex);
        state_->shown.replayed_count += static_cast<std::int64_t>(lost->size());
    }
    return absl::OkStatus();
}

// Known sequences are dropped, gaps are filled.
Status Subscriber::apply(const Messages& messages) {
    Position& position = state_->positions[{messages.front().topic, messages.front().partition}];
    const std::int64_t start_offset = position.next_offset;
    Messages fresh;
    std::int64_t last = position.last_sequence;
    for (const kafka::Message& message : messages) {
        // The last applied message is read again after a restart; one without a sequence is known
        // by its offset.
        const auto is_known = [&] {
            return message.sequence == 0 ? message.offset < start_offset : message.sequence <= last;
        };
        if (is_known()) {
            continue;
        }
        if (message.sequence > last + 1) {
            PREPAY_RETURN_IF_ERROR(apply_pieces(position, fresh));
            fresh.clear();
            const Status filled = fill_gap(position, message.sequence, message.offset - 1);
            if (error_reason(filled) == "NOT_OF_OWNER") {
                telemetry::log_error("a message of before its owner was restored is left out",
                                     {{"topic", message.topic},
                                      {"partition", std::to_string(message.partition)},
                                      {"sequence", std::to_string(message.sequence)}});
                last = position.last_sequence;
                continue;
            }
            PREPAY_RETURN_IF_ERROR(filled);
            last = position.last_sequence;
            if (is_known()) {
                continue;  // A snapshot went beyond it.
            }
        }
        fresh.push_back(message);
        last = std::max(last, message.sequence);
    }
    PREPAY_RETURN_IF_ERROR(apply_pieces(position, fresh));
    position.next_offset = messages.back().offset + 1;
    PREPAY_CRASH_POINT("inbox.after_commit");
    return absl::OkStatus();
}

Status Subscriber::catch_up(const std::string& topic, int partition, std::int64_t last_sequence) {
    const auto found = state_->positions.find({topic, partition});
    if (found == state_->positions.end()) {
        return absl::OkStatus();
    }
    return fill_gap(found->second, last_sequence + 1, found->second.next_offset - 1);
}

bool Subscriber::ends_below(const Position& position, std::int64_t sequence) const {
    if (!state_->owners.ask_heads) {
        return false;
    }
    for (const OutboxHead& head : state_->owners.ask_heads({position.topic})) {
        for (const HighWater& mark : head.partitions) {
            if (mark.topic == position.topic && mark.partition == position.partition) {
                return mark.numbered < sequence;
            }
        }
    }
    return false;
}

// An owner that cannot tell its state tells it to no new process either.
void Subscriber::note_owner(bool refuses) {
    const std::lock_guard lock(state_->mutex);
    state_->owner_refuses = refuses;
}

// Progress is what no earlier try came to: one that breaks off at the same place again and again
// stands still.
void Subscriber::note_piece(const Position& position, std::int64_t piece_count) {
    std::int64_t& furthest = state_->furthest_piece[{position.topic, position.partition}];
    if (piece_count > furthest) {
        furthest = piece_count;
        const std::lock_guard lock(state_->mutex);
        ++state_->snapshot_pieces;
    }
}

void Subscriber::note_swapping(bool is_swapping) {
    const std::lock_guard lock(state_->mutex);
    state_->is_swapping = is_swapping;
}

void Subscriber::note(const Status& status) {
    const std::lock_guard lock(state_->mutex);
    state_->trouble = status;
}

Status Subscriber::connect() {
    bool is_rebuild = false;
    {
        const std::lock_guard lock(state_->mutex);
        std::swap(is_rebuild, state_->rebuild_wanted);
        if (is_rebuild) {
            state_->assigned = false;
            state_->reading.clear();
        }
    }
    if (is_rebuild) {
        state_->consumer.reset();
    }
    if (state_->consumer) {
        return absl::OkStatus();
    }
    PREPAY_ASSIGN_OR_RETURN(
        state_->consumer, kafka::Consumer::create({state_->options.brokers, state_->options.group,
                                                   state_->options.group, state_->options.topics},
                                                  [this](const std::string& topic, int partition) {
                                                      return claim(topic, partition);
                                                  }));
    return absl::OkStatus();
}

// False when the client has to join again.
bool Subscriber::apply_polled(const Messages& polled) {
    std::map<Progress::Place, Messages> by_partition;
    for (const kafka::Message& message : polled) {
        by_partition[{message.topic, message.partition}].push_back(message);
    }
    bool all_applied = true;
    for (const auto& [place, messages] : by_partition) {
        const Status status = apply(messages);
        note(status);
        if (status.ok()) {
            continue;
        }
        all_applied = false;
        telemetry::log_warning("messages will be applied again",
                               {{"topic", place.first},
                                {"partition", std::to_string(place.second)},
                                {"error", telemetry::describe(status)}});
        if (error_reason(status) == "FENCED" || error_reason(status) == "COMMIT_IN_DOUBT" ||
            !state_->consumer->seek(place.first, place.second, messages.front().offset).ok()) {
            state_->consumer.reset();  // Join again and load the true positions.
            return false;
        }
    }
    return all_applied;
}

// The watch found that messages are missing at the end of a partition, where no gap shows it.
void Subscriber::catch_up_wanted() {
    std::vector<std::pair<Progress::Place, std::int64_t>> tails;
    {
        const std::lock_guard lock(state_->mutex);
        tails.swap(state_->tails);
    }
    for (const auto& [place, last_sequence] : tails) {
        if (!state_->consumer || state_->consumer->partitions().count(place) == 0) {
            continue;
        }
        const Status status = catch_up(place.first, place.second, last_sequence);
        note(status);
        if (!status.ok()) {
            telemetry::log_warning("missing messages could not be fetched",
                                   {{"topic", place.first},
                                    {"partition", std::to_string(place.second)},
                                    {"error", telemetry::describe(status)}});
        }
        if (error_reason(status) == "FENCED" || error_reason(status) == "COMMIT_IN_DOUBT") {
            state_->consumer.reset();
        }
    }
}

void Subscriber::run(const std::stop_token& stop) {
    std::chrono::milliseconds rest = kRetryPauseMin;
    while (!stop.stop_requested()) {
        if (const Status status = connect(); !status.ok()) {
            telemetry::log_warning("cannot subscribe", {{"error", telemetry::describe(status)}});
            pause(stop, kRetryPauseMax);
            continue;
        }
        state_->poll_time = std::chrono::steady_clock::now();
        const Messages polled =
            state_->consumer->poll(state_->options.batch_max, state_->options.poll_wait);
        {
            const std::lock_guard lock(state_->mutex);
            state_->assigned = state_->consumer->is_assigned();
            state_->reading = state_->consumer->partitions();
        }
        if (apply_polled(polled)) {
            rest = kRetryPauseMin;
        } else {
            pause(stop, rest);
            rest = std::min(rest * 2, kRetryPauseMax);
        }
        catch_up_wanted();
        if (std::exchange(state_->rejoin_wanted, false)) {
            state_->consumer.reset();
        }
    }
    state_->consumer.reset();
}

}  // namespace prepay::outbox
