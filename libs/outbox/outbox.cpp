#include "outbox/outbox.h"

#include "core/ids.h"
#include "outbox_migrations.h"
#include "telemetry/log.h"

namespace prepay::outbox {

namespace {

// Rows without a place, and those with one that the broker has not acknowledged.
constexpr const char* kBacklog = R"sql(
SELECT (SELECT count(*) FROM (SELECT FROM outbox WHERE sequence IS NULL LIMIT 100000) AS fresh)
           + (SELECT coalesce(sum(next_sequence - 1 - published_sequence), 0)
              FROM outbox_positions) AS message_count,
       (SELECT coalesce(sum(published_sequence), 0) FROM outbox_positions) AS published_count,
       greatest(0, extract(epoch from clock_timestamp() - least(
           (SELECT create_time FROM outbox WHERE sequence IS NULL ORDER BY xid, outbox_id LIMIT 1),
           (SELECT min(o.create_time) FROM outbox_positions p
            JOIN outbox o ON o.topic = p.topic AND o.partition = p.partition
                         AND o.sequence = p.published_sequence + 1
            WHERE p.published_sequence < p.next_sequence - 1))) * 1000)::bigint AS oldest_age_ms,
       (SELECT count(*) FROM outbox_set_aside) AS set_aside_count
)sql";

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

// Before anything is committed: the relay could never publish it.
void check_size(const std::string& topic, const std::string& key, const std::string& payload) {
    const std::size_t size = key.size() + payload.size();
    if (size > kAppendBytesMax) {
        throw pg::Refusal(invalid_argument("MESSAGE_TOO_LARGE",
                                           "this would make a message of " + std::to_string(size) +
                                               " bytes for " + topic + "; at most " +
                                               std::to_string(kAppendBytesMax) +
                                               " can be published: ask for less "
                                               "at a time"));
    }
}

}  // namespace

pg::MigrationSet migrations() { return {"outbox", outbox_migrations()}; }

void Outbox::append(pqxx::work& tx, const std::string& topic, const std::string& key,
                    const std::string& payload) const {
    check_size(topic, key, payload);
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
        check_size(message.topic, message.key, message.payload);
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
            "SELECT sequence, message_key, payload, trace_id FROM (SELECT *,"
            " sum(octet_length(payload)) OVER (ORDER BY sequence) - octet_length(payload)"
            " AS bytes_before FROM outbox WHERE topic = $1 AND partition = $2 AND sequence >= $3"
            " AND ($4 = 0 OR sequence < $4) ORDER BY sequence LIMIT $5) AS page"
            " WHERE bytes_before < 4194304 ORDER BY sequence",
            topic, partition, from_sequence, to_sequence, count_max);
        Messages messages;
        for (const auto& row : rows) {
            kafka::Message message;
            message.topic = topic;
            message.partition = partition;
            message.sequence = row["sequence"].as<std::int64_t>();
            message.key = row["message_key"].as<std::string>();
            message.payload = pqxx::binarystring(row["payload"]).str();
            message.trace_id = row["trace_id"].as<std::string>();
            messages.push_back(std::move(message));
        }
        const bool is_gone =
            messages.empty() ? tx.exec_params1(
                                     "SELECT EXISTS (SELECT FROM outbox_positions WHERE topic = $1"
                                     " AND partition = $2 AND published_sequence >= $3) AS gone",
                                     topic, partition, from_sequence)["gone"]
                                   .as<bool>()
                             : messages.front().sequence != from_sequence;
        if (is_gone) {
            return make_error(absl::StatusCode::kOutOfRange, "REPLAY_TOO_OLD",
                              "sequence " + std::to_string(from_sequence) + " of " + topic + "/" +
                                  std::to_string(partition) + " is no longer kept");
        }
        return messages;
    });
}

Status handle(const Handlers& handlers, pqxx::work& tx,
              const std::vector<kafka::Message>& messages) {
    const auto handler = handlers.find(messages.front().topic);
    return handler == handlers.end() ? bad_message("no handler for " + messages.front().topic)
                                     : handler->second(tx, messages);
}

Result<Backlog> measure_backlog(pg::Database& database) {
    return database.read([](pqxx::work& tx) -> Result<Backlog> {
        tx.conn().prepare("outbox_backlog", kBacklog);
        const auto row = tx.exec_prepared1("outbox_backlog");
        Backlog backlog;
        backlog.message_count = row["message_count"].as<std::int64_t>();
        backlog.published_count = row["published_count"].as<std::int64_t>();
        backlog.oldest_age = std::chrono::milliseconds(row["oldest_age_ms"].as<std::int64_t>());
        backlog.set_aside_count = row["set_aside_count"].as<std::int64_t>();
        return backlog;
    });
}

}  // namespace prepay::outbox
