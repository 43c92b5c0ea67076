#include <map>
#include <optional>
#include <thread>

#include "core/crash_point.h"
#include "outbox/outbox.h"
#include "telemetry/log.h"

namespace prepay::outbox {
namespace {

constexpr std::chrono::milliseconds kRetryPauseMin{50};
constexpr std::chrono::milliseconds kRetryPauseMax{2000};

// What one transaction takes in. A handler may answer all of it with one message of its own, which
// must stay below the broker's 4 MiB: the relay could never publish a larger one, nor pass it.
constexpr std::size_t kTransactionBytesMax = 2 << 20;

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

// Anything at all as text that PostgreSQL takes: setting a message aside must never fail for what
// the message holds.
std::string printable(const std::string& bytes) {
    std::string text;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7F) {
            text += c;
        } else {
            text += "\\x";
            text += "0123456789abcdef"[byte >> 4U];
            text += "0123456789abcdef"[byte & 0xFU];
        }
    }
    return text;
}

}  // namespace

Status bad_message(const std::string& message) { return invalid_argument("BAD_MESSAGE", message); }

struct Subscriber::Position {
    std::string topic;
    int partition = 0;
    std::int64_t next_offset = 0;
    std::int64_t last_sequence = 0;
    std::int64_t epoch = 0;
};

struct Subscriber::State {
    SubscriberOptions options;
    pg::Database& database;
    const Outbox& outbox;
    Replay replay;
    Handler handler;
    std::map<std::pair<std::string, int>, Position> positions;
    std::unique_ptr<kafka::Consumer> consumer;
    std::atomic<bool> assigned{false};
    std::atomic<std::int64_t> lag{-1};
};

Subscriber::Subscriber(SubscriberOptions options, pg::Database& database, const Outbox& outbox,
                       Replay replay, Handler handler)
    : state_(new State{std::move(options),
                       database,
                       outbox,
                       std::move(replay),
                       std::move(handler),
                       {},
                       nullptr,
                       {},
                       {}}) {}

Subscriber::~Subscriber() = default;

bool Subscriber::is_assigned() const { return state_->assigned; }
std::int64_t Subscriber::lag() const { return state_->lag; }

Result<std::int64_t> Subscriber::dead_letter_count() const {
    return state_->database.read([](pqxx::work& tx) -> Result<std::int64_t> {
        return tx.exec1("SELECT count(*) FROM dead_letters WHERE redrive_time IS NULL")[0]
            .as<std::int64_t>();
    });
}

Result<std::int64_t> Subscriber::claim(const std::string& topic, int partition) {
    PREPAY_ASSIGN_OR_RETURN(
        const Position position, state_->database.transact([&](pqxx::work& tx) -> Result<Position> {
            const auto row = tx.exec_params1(
                "INSERT INTO inbox_positions AS p (topic, partition, epoch) VALUES ($1, $2, 1)"
                " ON CONFLICT (topic, partition) DO UPDATE SET epoch = p.epoch + 1"
                " RETURNING next_offset, last_sequence, epoch",
                topic, partition);
            return Position{topic, partition, row[0].as<std::int64_t>(), row[1].as<std::int64_t>(),
                            row[2].as<std::int64_t>()};
        }));
    state_->positions[{topic, partition}] = position;
    return position.next_offset;
}

// What is not yet applied, complete and in order: known sequences dropped, gaps filled.
Result<std::vector<kafka::Message>> Subscriber::select_new(
    const Position& position, const std::vector<kafka::Message>& messages) {
    std::vector<kafka::Message> fresh;
    std::int64_t last = position.last_sequence;
    for (const kafka::Message& message : messages) {
        // The last applied message is read again after a restart; one without a sequence is known
        // by its offset.
        if (message.sequence == 0 ? message.offset < position.next_offset
                                  : message.sequence <= last) {
            continue;
        }
        while (message.sequence > last + 1) {
            telemetry::log_warning("gap in a topic, asking its owner",
                                   {{"topic", message.topic},
                                    {"partition", std::to_string(message.partition)},
                                    {"from", std::to_string(last + 1)},
                                    {"to", std::to_string(message.sequence)}});
            PREPAY_ASSIGN_OR_RETURN(
                std::vector<kafka::Message> lost,
                state_->replay(message.topic, message.partition, last + 1, message.sequence));
            if (lost.empty()) {
                return unavailable("REPLAY_EMPTY",
                                   "the owner has no messages for a gap in " + message.topic);
            }
            last = lost.back().sequence;
            for (kafka::Message& found : lost) {
                found.offset = message.offset - 1;
                fresh.push_back(std::move(found));
            }
        }
        fresh.push_back(message);
        last = message.sequence == 0 ? last : message.sequence;
    }
    return fresh;
}

Status Subscriber::apply_in_transaction(const Position& position,
                                        const std::vector<kafka::Message>& messages) {
    const telemetry::TraceScope trace(messages.front().trace_id);
    return state_->database.transact([&](pqxx::work& tx) -> Status {
        std::int64_t last_sequence = position.last_sequence;
        for (const kafka::Message& message : messages) {
            last_sequence = std::max(last_sequence, message.sequence);
        }
        const auto moved = tx.exec_params(
            "UPDATE inbox_positions SET next_offset = $4, last_sequence = $5"
            " WHERE topic = $1 AND partition = $2 AND epoch = $3",
            position.topic, position.partition, position.epoch, messages.back().offset + 1,
            last_sequence);
        if (moved.affected_rows() != 1) {
            return make_error(absl::StatusCode::kAborted, "FENCED",
                              "another consumer owns " + position.topic + "/" +
                                  std::to_string(position.partition));
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

void set_aside(pqxx::work& tx, const Outbox& outbox, const std::string& group,
               const kafka::Message& message, const std::string& reason) {
    telemetry::log_error("message cannot be applied, set aside",
                         {{"topic", message.topic},
                          {"partition", std::to_string(message.partition)},
                          {"offset", std::to_string(message.offset)},
                          {"reason", reason}});
    tx.exec_params(
        "INSERT INTO dead_letters (topic, partition, message_offset, sequence, message_key,"
        " payload, reason) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        message.topic, message.partition, message.offset, message.sequence, printable(message.key),
        pqxx::binarystring(message.payload), printable(reason));
    const std::string consumer = group.substr(group.rfind('-') + 1);
    const std::string key = printable(message.key);
    if (key.size() + message.payload.size() <= kAppendBytesMax) {  // Else the table has it alone.
        outbox.append(tx, message.topic + ".dlq." + consumer, key, message.payload);
    }
}

Status Subscriber::bury(const Position& position, const kafka::Message& message,
                        const std::string& reason) {
    const telemetry::TraceScope trace(message.trace_id);
    return state_->database.transact([&](pqxx::work& tx) -> Status {
        const auto moved = tx.exec_params(
            "UPDATE inbox_positions SET next_offset = $4,"
            " last_sequence = greatest(last_sequence, $5)"
            " WHERE topic = $1 AND partition = $2 AND epoch = $3",
            position.topic, position.partition, position.epoch, message.offset + 1,
            message.sequence);
        if (moved.affected_rows() != 1) {
            return make_error(absl::StatusCode::kAborted, "FENCED", "another consumer took over");
        }
        set_aside(tx, state_->outbox, state_->options.group, message, reason);
        return absl::OkStatus();
    });
}

Status Subscriber::apply(const std::vector<kafka::Message>& messages) {
    Position& position = state_->positions[{messages.front().topic, messages.front().partition}];
    PREPAY_ASSIGN_OR_RETURN(const std::vector<kafka::Message> fresh,
                            select_new(position, messages));
    if (fresh.empty()) {
        position.next_offset = messages.back().offset + 1;
        return absl::OkStatus();
    }
    for (auto next = fresh.begin(); next != fresh.end();) {
        const auto end = end_of_transaction(next, fresh.end());
        const std::vector<kafka::Message> part(next, end);
        Status status = apply_in_transaction(position, part);
        if (is_bad_message(status)) {
            // Find the bad one: each message in its own transaction.
            for (const kafka::Message& message : part) {
                status = apply_in_transaction(position, {message});
                if (is_bad_message(status)) {
                    status = bury(position, message, error_message(status));
                }
                PREPAY_RETURN_IF_ERROR(status);
                position.last_sequence = std::max(position.last_sequence, message.sequence);
            }
        }
        PREPAY_RETURN_IF_ERROR(status);
        position.last_sequence = std::max(position.last_sequence, part.back().sequence);
        next = end;
    }
    position.next_offset = messages.back().offset + 1;
    PREPAY_CRASH_POINT("inbox.after_commit");
    return absl::OkStatus();
}

void Subscriber::run(const std::stop_token& stop) {
    std::chrono::milliseconds pause = kRetryPauseMin;
    while (!stop.stop_requested()) {
        if (!state_->consumer) {
            auto consumer =
                kafka::Consumer::create({state_->options.brokers, state_->options.group,
                                         state_->options.group, state_->options.topics},
                                        [this](const std::string& topic, int partition) {
                                            return claim(topic, partition);
                                        });
            if (!consumer.ok()) {
                telemetry::log_warning("cannot subscribe",
                                       {{"error", telemetry::describe(consumer.status())}});
                std::this_thread::sleep_for(kRetryPauseMax);
                continue;
            }
            state_->consumer = *std::move(consumer);
        }
        const auto polled =
            state_->consumer->poll(state_->options.batch_max, state_->options.poll_wait);
        state_->assigned = state_->consumer->is_assigned();
        std::map<std::pair<std::string, int>, std::vector<kafka::Message>> by_partition;
        for (const kafka::Message& message : polled) {
            by_partition[{message.topic, message.partition}].push_back(message);
        }
        for (const auto& [place, messages] : by_partition) {
            const Status status = apply(messages);
            if (status.ok()) {
                pause = kRetryPauseMin;
                continue;
            }
            telemetry::log_warning("messages will be applied again",
                                   {{"topic", place.first},
                                    {"partition", std::to_string(place.second)},
                                    {"error", telemetry::describe(status)}});
            std::this_thread::sleep_for(pause);
            pause = std::min(pause * 2, kRetryPauseMax);
            if (error_reason(status) == "FENCED" || error_reason(status) == "COMMIT_IN_DOUBT") {
                state_->consumer.reset();  // Join again and load the true positions.
                break;
            }
            if (!state_->consumer->seek(place.first, place.second, messages.front().offset).ok()) {
                state_->consumer.reset();
                break;
            }
        }
        if (state_->consumer) {
            state_->lag = state_->consumer->lag();
        }
    }
    state_->consumer.reset();
}

Result<int> Subscriber::redrive() {
    int applied_count = 0;
    for (const std::string& topic : state_->options.topics) {
        PREPAY_ASSIGN_OR_RETURN(
            const std::vector<std::int64_t> ids,
            state_->database.read([&](pqxx::work& tx) -> Result<std::vector<std::int64_t>> {
                std::vector<std::int64_t> found;
                for (const auto& row : tx.exec_params(
                         "SELECT dead_letter_id FROM dead_letters"
                         " WHERE topic = $1 AND redrive_time IS NULL ORDER BY dead_letter_id",
                         topic)) {
                    found.push_back(row[0].as<std::int64_t>());
                }
                return found;
            }));
        for (const std::int64_t id : ids) {
            const Status status = state_->database.transact([&](pqxx::work& tx) -> Status {
                const auto rows = tx.exec_params(
                    "UPDATE dead_letters SET redrive_time = now() WHERE dead_letter_id = $1"
                    " AND redrive_time IS NULL"
                    " RETURNING topic, partition, message_offset, sequence, message_key, payload",
                    id);
                if (rows.empty()) {
                    return absl::OkStatus();
                }
                kafka::Message message;
                message.topic = rows[0][0].as<std::string>();
                message.partition = rows[0][1].as<int>();
                message.offset = rows[0][2].as<std::int64_t>();
                message.sequence = rows[0][3].as<std::int64_t>();
                message.key = rows[0][4].as<std::string>();
                message.payload = pqxx::binarystring(rows[0][5]).str();
                if (message.sequence == 0) {
                    return bad_message("no prepay-sequence header");
                }
                return state_->handler(tx, {message});
            });
            if (status.ok()) {
                ++applied_count;
            } else {
                telemetry::log_warning("dead letter still cannot be applied",
                                       {{"dead_letter_id", std::to_string(id)},
                                        {"error", telemetry::describe(status)}});
            }
        }
    }
    return applied_count;
}

}  // namespace prepay::outbox
