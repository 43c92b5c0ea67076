#include <map>
#include <utility>

#include "core/crash_point.h"
#include "core/ids.h"
#include "outbox/outbox.h"
#include "telemetry/log.h"

namespace prepay::outbox {
namespace {

constexpr int kRoundMax = 1000;                           // Messages a round.
constexpr std::chrono::milliseconds kPollInterval{100};   // For rows of other replicas.
constexpr std::chrono::milliseconds kBlockedPauseMin{2};  // While an older transaction runs.
constexpr std::chrono::minutes kCleanupInterval{10};
constexpr std::chrono::seconds kRetryPause{1};

// Gives every committed, unsequenced row its place. The order (xid, outbox_id) of rows below the
// oldest running transaction never changes, so a lost commit gives the same places again: the
// transaction may skip the wait for the disk.
constexpr const char* kAssign = R"sql(
WITH fresh AS (
    SELECT outbox_id, xid, topic, partition FROM outbox
    WHERE sequence IS NULL AND xid < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY xid, outbox_id LIMIT $1
), numbered AS (
    SELECT outbox_id, topic, partition,
           row_number() OVER (PARTITION BY topic, partition ORDER BY xid, outbox_id) AS place
    FROM fresh
), positions AS (
    INSERT INTO outbox_positions AS p (topic, partition, next_sequence)
    SELECT topic, partition, 1 + count(*) FROM numbered GROUP BY topic, partition
    ON CONFLICT (topic, partition)
        DO UPDATE SET next_sequence = p.next_sequence + EXCLUDED.next_sequence - 1
    RETURNING p.topic, p.partition, p.next_sequence
), totals AS (
    SELECT topic, partition, count(*) AS total FROM numbered GROUP BY topic, partition
)
UPDATE outbox o SET sequence = p.next_sequence - t.total + n.place - 1
FROM numbered n
JOIN positions p USING (topic, partition)
JOIN totals t USING (topic, partition)
WHERE o.outbox_id = n.outbox_id
RETURNING o.topic, o.partition, o.sequence, o.message_key, o.payload, o.trace_id,
          (extract(epoch from clock_timestamp() - o.create_time) * 1000)::bigint
)sql";

// After a restart: rows that have a place but were not acknowledged.
constexpr const char* kUnpublished = R"sql(
SELECT o.topic, o.partition, o.sequence, o.message_key, o.payload, o.trace_id,
       (extract(epoch from clock_timestamp() - o.create_time) * 1000)::bigint
FROM outbox_positions p
JOIN outbox o ON o.topic = p.topic AND o.partition = p.partition
             AND o.sequence > p.published_sequence
WHERE p.published_sequence < p.next_sequence - 1
)sql";

bool by_place(const kafka::Message& a, const kafka::Message& b) {
    return std::tie(a.topic, a.partition, a.sequence) < std::tie(b.topic, b.partition, b.sequence);
}

}  // namespace

Relay::Relay(std::unique_ptr<pg::Database> database, std::unique_ptr<kafka::Producer> producer,
             std::string producer_name)
    : database_(std::move(database)),
      producer_(std::move(producer)),
      producer_name_(std::move(producer_name)) {}

void Relay::wake() {
    {
        const std::lock_guard lock(mutex_);
        wake_requested_ = true;
    }
    woken_.notify_one();
}

std::chrono::milliseconds Relay::oldest_age() const {
    return std::chrono::milliseconds(oldest_age_ms_.load());
}

Result<std::vector<kafka::Message>> Relay::assign_sequences() {
    using Messages = std::vector<kafka::Message>;
    blocked_ = false;
    return database_->transact([&](pqxx::work& tx) -> Result<Messages> {
        if (const int session = tx.conn().backendpid(); session != session_) {
            session_ = session;  // The lock went with the old session.
            recovered_ = false;
        }
        // Most rounds find nothing: they must cost next to nothing.
        tx.conn().prepare("relay_pending",
                          "SELECT EXISTS (SELECT FROM outbox WHERE sequence IS NULL)");
        const bool pending = tx.exec_prepared1("relay_pending")[0].as<bool>();
        if (recovered_ && !pending) {
            oldest_age_ms_ = 0;
            return Messages();
        }
        const auto lock_key =
            static_cast<std::int64_t>(stable_hash("relay/" + database_->schema()) >> 1);
        leader_ = tx.exec_params1("SELECT pg_try_advisory_lock($1)", lock_key)[0].as<bool>();
        if (!leader_) {
            recovered_ = false;  // Whoever leads may die with rows it has not published.
            return Messages();
        }
        tx.exec("SET LOCAL synchronous_commit TO off");
        tx.conn().prepare("relay_assign", kAssign);
        const pqxx::result rows =
            recovered_ ? tx.exec_prepared("relay_assign", kRoundMax) : tx.exec(kUnpublished);
        blocked_ = pending && rows.empty();
        Messages messages;
        std::int64_t oldest_ms = 0;
        for (const auto& row : rows) {
            kafka::Message message;
            message.topic = row[0].as<std::string>();
            message.partition = row[1].as<int>();
            message.sequence = row[2].as<std::int64_t>();
            message.key = row[3].as<std::string>();
            message.payload = pqxx::binarystring(row[4]).str();
            message.trace_id = row[5].as<std::string>();
            message.producer = producer_name_;
            oldest_ms = std::max(oldest_ms, row[6].as<std::int64_t>());
            messages.push_back(std::move(message));
        }
        std::sort(messages.begin(), messages.end(), by_place);
        oldest_age_ms_ = oldest_ms;
        return messages;
    });
}

Status Relay::save_published(const std::vector<kafka::Message>& messages) {
    std::map<std::pair<std::string, int>, std::int64_t> last;
    for (const kafka::Message& message : messages) {
        last[{message.topic, message.partition}] = message.sequence;
    }
    return database_->transact([&](pqxx::work& tx) {
        tx.exec("SET LOCAL synchronous_commit TO off");
        for (const auto& [place, sequence] : last) {
            tx.exec_params(
                "UPDATE outbox_positions SET published_sequence = $3"
                " WHERE topic = $1 AND partition = $2 AND published_sequence < $3",
                place.first, place.second, sequence);
        }
        return absl::OkStatus();
    });
}

Result<std::size_t> Relay::run_once() {
    const bool was_recovered = recovered_;
    PREPAY_ASSIGN_OR_RETURN(const std::vector<kafka::Message> messages, assign_sequences());
    if (!messages.empty()) {
        PREPAY_CRASH_POINT("outbox.read");
        // Until all are acknowledged, the next round starts from what is saved.
        recovered_ = false;
        PREPAY_RETURN_IF_ERROR(producer_->produce_all(messages));
        PREPAY_CRASH_POINT("outbox.acked");
        PREPAY_RETURN_IF_ERROR(save_published(messages));
        PREPAY_CRASH_POINT("outbox.saved");
    }
    if (!leader_) {
        return 0;
    }
    recovered_ = true;
    return was_recovered ? messages.size() : messages.size() + 1;  // +1: look for fresh rows too.
}

void Relay::delete_expired() {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_cleanup_) {
        return;
    }
    next_cleanup_ = now + kCleanupInterval;
    const Status status = database_->transact([](pqxx::work& tx) {
        tx.exec(
            "DELETE FROM outbox o USING outbox_positions p"
            " WHERE o.create_time < now() - interval '7 days' AND o.topic = p.topic"
            " AND o.partition = p.partition AND o.sequence <= p.published_sequence");
        return absl::OkStatus();
    });
    if (!status.ok()) {
        telemetry::log_warning("outbox clean-up failed", {{"error", telemetry::describe(status)}});
    }
}

void Relay::run(const std::stop_token& stop) {
    const std::stop_callback on_stop(stop, [this] { wake(); });
    std::chrono::milliseconds blocked_pause = kBlockedPauseMin;
    while (!stop.stop_requested()) {
        const Result<std::size_t> published = run_once();
        std::chrono::milliseconds pause = kPollInterval;
        if (!published.ok()) {
            telemetry::log_warning("outbox relay will retry",
                                   {{"error", telemetry::describe(published.status())}});
            recovered_ = false;
            pause = kRetryPause;
        } else if (*published > 0) {
            continue;
        } else if (blocked_) {
            pause = blocked_pause;
            blocked_pause = std::min(2 * blocked_pause, kPollInterval);
        } else {
            blocked_pause = kBlockedPauseMin;
        }
        delete_expired();
        std::unique_lock lock(mutex_);
        if (published.ok()) {
            woken_.wait_for(lock, pause, [this] { return wake_requested_; });
        } else {
            woken_.wait_for(lock, pause, [&] { return stop.stop_requested(); });
        }
        wake_requested_ = false;
    }
}

}  // namespace prepay::outbox
