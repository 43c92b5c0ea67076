#include <algorithm>
#include <map>
#include <thread>
#include <tuple>
#include <utility>

#include "core/crash_point.h"
#include "core/pause.h"
#include "outbox/outbox.h"
#include "pg/row.h"
#include "telemetry/log.h"

namespace prepay::outbox {
namespace {

using TimePoint = std::chrono::steady_clock::time_point;

constexpr int kRoundMax = 1000;                           // Messages a round.
constexpr std::chrono::milliseconds kPollInterval{100};   // For rows of other replicas.
constexpr std::chrono::milliseconds kBlockedPauseMin{2};  // While an older transaction runs.
constexpr std::chrono::minutes kCleanupInterval{10};
constexpr int kCleanupRowsMax = 20'000;  // A statement.
constexpr int kCleanupPiecesMax = 100;   // A clean-up.
constexpr std::chrono::seconds kMeasureInterval{1};
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
RETURNING o.topic, o.partition, o.sequence, o.message_key, o.payload, o.trace_id
)sql";

// After a restart: rows that have a place but were not acknowledged.
constexpr const char* kUnpublished = R"sql(
SELECT o.topic, o.partition, o.sequence, o.message_key, o.payload, o.trace_id
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
             RelayOptions options)
    : database_(std::move(database)),
      producer_(std::move(producer)),
      options_(std::move(options)),
      lease_(*database_, options_.lease_time) {}

Relay::~Relay() { lease_.release(); }

void Relay::wake() {
    {
        const std::lock_guard lock(mutex_);
        wake_requested_ = true;
    }
    woken_.notify_one();
}

Backlog Relay::backlog() const {
    const std::lock_guard lock(mutex_);
    return backlog_;
}

Result<Relay::Messages> Relay::assign_sequences() {
    blocked_ = false;
    const auto begun = std::chrono::steady_clock::now();
    bool is_fenced = false;
    Result<Messages> assigned = database_->transact([&](pqxx::work& tx) -> Result<Messages> {
        // Most rounds find nothing: they must cost next to nothing.
        tx.conn().prepare("relay_pending",
                          "SELECT EXISTS (SELECT FROM outbox WHERE sequence IS NULL)");
        const bool pending = pg::only<bool>(tx.exec_prepared1("relay_pending"));
        if (recovered_ && !pending) {
            return Messages();
        }
        tx.exec("SET LOCAL synchronous_commit TO off");
        PREPAY_RETURN_IF_ERROR(lease_.fence(tx));
        is_fenced = true;
        tx.conn().prepare("relay_assign", kAssign);
        const pqxx::result rows =
            recovered_ ? tx.exec_prepared("relay_assign", kRoundMax) : tx.exec(kUnpublished);
        blocked_ = pending && rows.empty();
        Messages messages;
        for (const auto& row : rows) {
            kafka::Message message;
            message.topic = row["topic"].as<std::string>();
            message.partition = row["partition"].as<int>();
            message.sequence = row["sequence"].as<std::int64_t>();
            message.key = row["message_key"].as<std::string>();
            message.payload = pqxx::binarystring(row["payload"]).str();
            message.trace_id = row["trace_id"].as<std::string>();
            message.producer = options_.producer_name;
            messages.push_back(std::move(message));
        }
        std::sort(messages.begin(), messages.end(), by_place);
        return messages;
    });
    if (assigned.ok() && is_fenced) {
        lease_.renewed(begun);
    }
    return assigned;
}

// The broker refuses a batch for one message in it: halves find that one. Some of a refused batch
// may have been written; they come again, in order, and are known by their sequence.
Status Relay::publish(const Messages& messages, Messages& refused) {
    if (!lease_.is_fresh()) {
        return make_error(absl::StatusCode::kAborted, "FENCED", "the lead may be another's by now");
    }
    const Status status = producer_->produce_all(messages);
    if (error_reason(status) != "MESSAGE_TOO_LARGE") {
        return status;
    }
    if (messages.size() == 1) {
        refused.push_back(messages.front());
        return absl::OkStatus();
    }
    const auto middle = messages.begin() + static_cast<std::ptrdiff_t>(messages.size() / 2);
    PREPAY_RETURN_IF_ERROR(publish({messages.begin(), middle}, refused));
    return publish({middle, messages.end()}, refused);
}

Status Relay::save_published(const Messages& messages, const Messages& refused) {
    std::map<std::pair<std::string, int>, std::int64_t> last;
    for (const kafka::Message& message : messages) {
        last[{message.topic, message.partition}] = message.sequence;
    }
    std::vector<std::string> topics;
    std::vector<std::int64_t> partitions;
    std::vector<std::int64_t> sequences;
    for (const auto& [place, sequence] : last) {
        topics.push_back(place.first);
        partitions.push_back(place.second);
        sequences.push_back(sequence);
    }
    const auto begun = std::chrono::steady_clock::now();
    PREPAY_RETURN_IF_ERROR(database_->transact([&](pqxx::work& tx) -> Status {
        tx.exec("SET LOCAL synchronous_commit TO off");
        PREPAY_RETURN_IF_ERROR(lease_.fence(tx));
        tx.conn().prepare("relay_published",
                          "UPDATE outbox_positions p SET published_sequence = m.sequence"
                          " FROM unnest($1::text[], $2::int[], $3::bigint[])"
                          " AS m (topic, partition, sequence) WHERE p.topic = m.topic"
                          " AND p.partition = m.partition AND published_sequence < m.sequence");
        tx.exec_prepared("relay_published", pg::to_array(topics), pg::to_array(partitions),
                         pg::to_array(sequences));
        for (const kafka::Message& message : refused) {
            tx.exec_params(
                "INSERT INTO outbox_set_aside (topic, partition, sequence, byte_count, reason)"
                " VALUES ($1, $2, $3, $4, 'MESSAGE_TOO_LARGE') ON CONFLICT DO NOTHING",
                message.topic, message.partition, message.sequence,
                message.key.size() + message.payload.size());
        }
        return absl::OkStatus();
    }));
    lease_.renewed(begun);
    for (const kafka::Message& message : refused) {
        telemetry::log_error(
            "the broker refuses a message for its size: consumers fetch it by Replay",
            {{"topic", message.topic},
             {"partition", std::to_string(message.partition)},
             {"sequence", std::to_string(message.sequence)},
             {"bytes", std::to_string(message.key.size() + message.payload.size())}});
    }
    return absl::OkStatus();
}

Result<std::size_t> Relay::run_once() {
    bool rests = false;
    bool is_renewal_wanted = false;
    {
        const std::lock_guard lock(mutex_);
        round_time_ = std::chrono::steady_clock::now();
        rests = round_time_ < rest_until_;
        is_renewal_wanted = std::exchange(renew_wanted_, false);
    }
    if (is_renewal_wanted) {
        producer_->renew();
    }
    if (rests) {
        lease_.release();
        epoch_ = 0;
        return 0;
    }
    PREPAY_ASSIGN_OR_RETURN(const std::int64_t epoch, lease_.hold());
    if (epoch != epoch_) {
        recovered_ = false;  // Whoever led before may have died with rows it has not published.
        epoch_ = epoch;
    }
    if (epoch_ == 0) {
        return 0;
    }
    const bool was_recovered = recovered_;
    PREPAY_ASSIGN_OR_RETURN(const Messages messages, assign_sequences());
    if (!messages.empty()) {
        PREPAY_CRASH_POINT("outbox.read");
        // Until all are acknowledged, the next round starts from what is saved.
        recovered_ = false;
        Messages refused;
        PREPAY_RETURN_IF_ERROR(publish(messages, refused));
        PREPAY_CRASH_POINT("outbox.acked");
        PREPAY_RETURN_IF_ERROR(save_published(messages, refused));
        PREPAY_CRASH_POINT("outbox.saved");
    }
    recovered_ = true;
    return was_recovered ? messages.size() : messages.size() + 1;  // +1: look for fresh rows too.
}

void Relay::delete_expired() {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_cleanup_ || epoch_ == 0) {
        return;
    }
    next_cleanup_ = now + kCleanupInterval;
    // In pieces: after a long rest one statement would take too long.
    for (int piece = 0; piece < kCleanupPiecesMax && lease_.is_fresh(); ++piece) {
        const Result<bool> is_more = database_->transact([&](pqxx::work& tx) -> Result<bool> {
            const auto deleted = tx.exec_params1(
                "WITH gone AS (DELETE FROM outbox WHERE outbox_id IN (SELECT outbox_id"
                " FROM outbox o JOIN outbox_positions p USING (topic, partition)"
                " WHERE o.create_time < now() - interval '7 days'"
                " AND o.sequence <= p.published_sequence LIMIT $2)"
                " AND EXISTS (SELECT FROM outbox_relay_lease WHERE epoch = $1 AND held)"
                " RETURNING topic, partition, sequence, create_time), marked AS ("
                "INSERT INTO outbox_marks SELECT DISTINCT ON (topic, partition) topic, partition,"
                " sequence, create_time FROM gone g WHERE NOT EXISTS (SELECT FROM outbox_marks m"
                " WHERE m.topic = g.topic AND m.partition = g.partition"
                " AND m.create_time > g.create_time - interval '7 days')"
                " ORDER BY topic, partition, sequence)"
                " SELECT count(*) AS gone_count FROM gone",
                epoch_, kCleanupRowsMax);
            tx.exec("DELETE FROM outbox_set_aside WHERE create_time < now() - interval '7 days'");
            tx.exec("DELETE FROM outbox_marks WHERE create_time < now() - interval '400 days'");
            return deleted["gone_count"].as<std::int64_t>() == kCleanupRowsMax;
        });
        if (!is_more.ok()) {
            telemetry::log_warning("outbox clean-up failed",
                                   {{"error", telemetry::describe(is_more.status())}});
        }
        if (!is_more.value_or(false)) {
            return;
        }
    }
}

// Beside the rounds, which may wait for the broker: keeps the lead while they go on at all, and
// measures what waits, leader or not.
void Relay::watch(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        TimePoint round_time;
        {
            const std::lock_guard lock(mutex_);
            round_time = round_time_;
        }
        if (lease_.is_fresh() && std::chrono::steady_clock::now() < round_time + kRelayRoundMax) {
            static_cast<void>(lease_.hold());
        }
        if (const Result<Backlog> backlog = measure_backlog(*database_); backlog.ok()) {
            const std::lock_guard lock(mutex_);
            backlog_ = *backlog;
            ++measured_;
        }
        pause(stop, std::min<std::chrono::milliseconds>(options_.lease_time / 3, kMeasureInterval));
    }
}

void Relay::run(const std::stop_token& stop) {
    const std::stop_callback on_stop(stop, [this] { wake(); });
    const std::jthread watcher([this](const std::stop_token& ended) { watch(ended); });
    std::chrono::milliseconds blocked_pause = kBlockedPauseMin;
    while (!stop.stop_requested()) {
        const Result<std::size_t> published = run_once();
        note_round(published.status());
        std::chrono::milliseconds pause = kPollInterval;
        if (!published.ok()) {
            telemetry::log_warning("outbox relay will retry",
                                   {{"error", telemetry::describe(published.status())}});
            recovered_ = false;
            pause = error_reason(published.status()) == "FENCED" ? kPollInterval : kRetryPause;
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
    lease_.release();
}

}  // namespace prepay::outbox
