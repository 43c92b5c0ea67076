#include "outbox/outbox.h"

#include "core/ids.h"
#include "telemetry/log.h"

namespace prepay {
const std::vector<pg::Migration>& outbox_migrations();  // Generated from libs/outbox/migrations.
}

namespace prepay::outbox {

namespace {

std::string to_hex(const std::string& bytes) {
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        text += "0123456789abcdef"[byte >> 4U];
        text += "0123456789abcdef"[byte & 0xFU];
    }
    return text;
}

}  // namespace

pg::MigrationSet migrations() { return {"outbox", outbox_migrations()}; }

void Outbox::append(pqxx::work& tx, const std::string& topic, const std::string& key,
                    const std::string& payload) const {
    tx.conn().prepare("outbox_append",
                      "INSERT INTO outbox (topic, partition, message_key, payload, trace_id)"
                      " VALUES ($1, $2, $3, $4, $5)");
    tx.exec_prepared("outbox_append", topic, partition_of(key, partition_count_), key,
                     pqxx::binarystring(payload), telemetry::current_trace_id());
}

void Outbox::append_all(pqxx::work& tx, const std::vector<NewMessage>& messages) const {
    if (messages.empty()) {
        return;
    }
    std::vector<std::string> topics;
    std::vector<std::int64_t> partitions;
    std::vector<std::string> keys;
    std::vector<std::string> payloads;
    for (const NewMessage& message : messages) {
        topics.push_back(message.topic);
        partitions.push_back(partition_of(message.key, partition_count_));
        keys.push_back(message.key);
        payloads.push_back(to_hex(message.payload));
    }
    tx.conn().prepare("outbox_append_all",
                      "INSERT INTO outbox (topic, partition, message_key, payload, trace_id)"
                      " SELECT topic, partition, message_key, decode(payload, 'hex'), $5"
                      " FROM unnest($1::text[], $2::int[], $3::text[], $4::text[]) WITH ORDINALITY"
                      " AS m (topic, partition, message_key, payload, place) ORDER BY place");
    tx.exec_prepared("outbox_append_all", pg::to_array(topics), pg::to_array(partitions),
                     pg::to_array(keys), pg::to_array(payloads), telemetry::current_trace_id());
}

Result<std::vector<kafka::Message>> read_stored(pg::Database& database, const std::string& topic,
                                                int partition, std::int64_t from_sequence,
                                                std::int64_t to_sequence, int count_max) {
    using Messages = std::vector<kafka::Message>;
    return database.read([&](pqxx::work& tx) -> Result<Messages> {
        const auto rows = tx.exec_params(
            "SELECT sequence, message_key, payload, trace_id FROM outbox WHERE topic = $1"
            " AND partition = $2 AND sequence >= $3 AND ($4 = 0 OR sequence < $4)"
            " ORDER BY sequence LIMIT $5",
            topic, partition, from_sequence, to_sequence, count_max);
        Messages messages;
        for (const auto& row : rows) {
            kafka::Message message;
            message.topic = topic;
            message.partition = partition;
            message.sequence = row[0].as<std::int64_t>();
            message.key = row[1].as<std::string>();
            message.payload = pqxx::binarystring(row[2]).str();
            message.trace_id = row[3].as<std::string>();
            messages.push_back(std::move(message));
        }
        if (!messages.empty() && messages.front().sequence != from_sequence) {
            return make_error(absl::StatusCode::kOutOfRange, "REPLAY_TOO_OLD",
                              "sequence " + std::to_string(from_sequence) + " of " + topic + "/" +
                                  std::to_string(partition) + " is no longer kept");
        }
        return messages;
    });
}

}  // namespace prepay::outbox
