#include "core/crash_point.h"
#include "outbox/subscriber_state.h"
#include "pg/row.h"
#include "telemetry/log.h"

namespace prepay::outbox {
namespace {

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

Result<std::int64_t> Subscriber::dead_letter_count() const {
    return state_->database.read([](pqxx::work& tx) -> Result<std::int64_t> {
        return pg::only<std::int64_t>(
            tx.exec1("SELECT count(*) FROM dead_letters WHERE redrive_time IS NULL"));
    });
}

Status Subscriber::bury(const Position& position, const kafka::Message& message,
                        const std::string& reason, bool moves_sequence) {
    const telemetry::TraceScope trace(message.trace_id);
    return state_->database.transact([&](pqxx::work& tx) -> Status {
        const auto moved = tx.exec_params(
            "UPDATE inbox_positions SET next_offset = $4,"
            " last_sequence = greatest(last_sequence, $5)"
            " WHERE topic = $1 AND partition = $2 AND epoch = $3",
            position.topic, position.partition, position.epoch, message.offset + 1,
            moves_sequence ? message.sequence : 0);
        if (moved.affected_rows() != 1) {
            return make_error(absl::StatusCode::kAborted, "FENCED", "another consumer took over");
        }
        set_aside(tx, state_->outbox, state_->options.group, message, reason);
        return absl::OkStatus();
    });
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
                    found.push_back(row["dead_letter_id"].as<std::int64_t>());
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
                message.topic = rows[0]["topic"].as<std::string>();
                message.partition = rows[0]["partition"].as<int>();
                message.offset = rows[0]["message_offset"].as<std::int64_t>();
                message.sequence = rows[0]["sequence"].as<std::int64_t>();
                message.key = rows[0]["message_key"].as<std::string>();
                message.payload = pqxx::binarystring(rows[0]["payload"]).str();
                if (message.sequence == kSnapshotSequence) {
                    if (state_->options.swaps.count(message.topic) > 0) {
                        return failed_precondition("SNAPSHOT_NOT_WHOLE",
                                                   "its snapshot was broken off and comes again");
                    }
                    message.sequence = 1;
                }
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
