#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "core/status.h"
#include "kafka/kafka.h"
#include "outbox/outbox_progress.h"
#include "outbox/relay_lease.h"
#include "pg/database.h"
#include "pg/migrate.h"

namespace prepay::outbox {

/// Key and payload of a message at most: what the broker takes, less what comes around them on the
/// wire (headers, a batch; the fields of a ReplayResponse).
constexpr std::size_t kAppendBytesMax = kafka::kMessageBytesMax - (64 << 10);

/// The tables of this library, to be migrated before the service's own.
pg::MigrationSet migrations();

/// A message to be published.
struct NewMessage {
    std::string topic;
    std::string key;
    std::string payload;
};

/// Writes messages into the outbox of the transaction that makes the fact true.
class Outbox {
public:
    /// `partition_count` is the same for all topics and fixed for their life.
    explicit Outbox(int partition_count) : partition_count_(partition_count) {}

    /// Appends one message; its partition is the key's. The trace id of the thread goes with it. A
    /// message that no broker would take refuses the transaction: throws pg::Refusal, reason
    /// MESSAGE_TOO_LARGE. See also EventWriter.
    void append(pqxx::work& tx, const std::string& topic, const std::string& key,
                const std::string& payload) const;
    /// Several at once, in one round trip, in this order.
    void append_all(pqxx::work& tx, const std::vector<NewMessage>& messages) const;

    [[nodiscard]] int partition_count() const { return partition_count_; }

private:
    int partition_count_;
};

/// What an outbox holds that the broker has not acknowledged; measured by whoever asks.
struct Backlog {
    std::int64_t message_count = 0;    ///< Committed and not acknowledged; counted to 100,000.
    std::int64_t published_count = 0;  ///< Acknowledged so far.
    std::chrono::milliseconds oldest_age{0};
    std::int64_t set_aside_count = 0;  ///< Refused by the broker for their size, of 7 days.
};
Result<Backlog> measure_backlog(pg::Database& database);

/// A round of a relay that takes longer hangs: others may lead.
constexpr std::chrono::seconds kRelayRoundMax{60};

struct RelayOptions {
    std::string producer_name;                   ///< "prepay-billing"
    std::chrono::milliseconds lease_time{3000};  ///< A silent leader is replaced after it.
    std::string brokers{};                       ///< For watch_progress(), as the producer's.
    ProgressOptions progress{};
};

/// What the progress watch of an outbox has to say; for metrics.
struct OutboxState {
    bool stalled = false;
    std::int64_t rebuild_count = 0;  ///< New clients because of a standstill.
};

/// Publishes committed outbox rows: one leader per schema (see RelayLease), gap-free sequences per
/// topic partition, at least once, in order. Rows are taken only below the oldest running
/// transaction, so none is skipped. A message that the broker refuses for its size is set aside:
/// its sequence stays, so that consumers see a gap and fetch it by Replay.
class Relay {
public:
    /// `database` = two connections that nobody else uses.
    Relay(std::unique_ptr<pg::Database> database, std::unique_ptr<kafka::Producer> producer,
          RelayOptions options);
    /// Gives the lead up.
    ~Relay();

    /// Until stopped. Errors are logged and retried.
    void run(const std::stop_token& stop);
    /// Until stopped, beside run(): judges whether the outbox is emptied (see OutboxProgress), has
    /// the client renewed or the lead given up, and calls `give_up` when all of that did not help.
    void watch_progress(const std::stop_token& stop,
                        const std::function<void(const std::string&)>& give_up);
    /// Makes run() look at once. Cheap; any thread. Set it as the commit hook.
    void wake();
    /// One round; the number of messages published. For tests and run().
    Result<std::size_t> run_once();

    /// As of a second ago while run() runs, leader or not; for metrics.
    [[nodiscard]] Backlog backlog() const;
    /// Whether what is committed is published, by whoever leads; reason OUTBOX_STALLED.
    [[nodiscard]] Status readiness() const;
    [[nodiscard]] OutboxState state() const;

private:
    using Messages = std::vector<kafka::Message>;
    Result<Messages> assign_sequences();
    Status publish(const Messages& messages, Messages& refused);
    Status save_published(const Messages& messages, const Messages& refused);
    void delete_expired();
    void watch(const std::stop_token& stop);
    std::string look(OutboxProgress& progress);
    void judge(const OutboxProgress& progress, const OutboxProgress::Seen& seen);
    void note_round(const Status& status);

    std::unique_ptr<pg::Database> database_;
    std::unique_ptr<kafka::Producer> producer_;
    const RelayOptions options_;
    RelayLease lease_;
    mutable std::mutex mutex_;
    std::condition_variable woken_;
    bool wake_requested_ = false;
    std::int64_t epoch_ = 0;  // Of the last round; 0 = another one leads.
    bool recovered_ = false;  // Nothing of an earlier leader waits to be published again.
    bool blocked_ = false;    // Rows wait, but an older transaction is still running.
    std::chrono::steady_clock::time_point next_cleanup_;
    std::chrono::steady_clock::time_point round_time_;  // When the last round began.
    Backlog backlog_;
    std::int64_t measured_ = 0;  // How often the backlog was measured.
    Status trouble_;             // Of the last round.
    bool hindered_ = false;      // By the database, in the last round.
    bool renew_wanted_ = false;
    std::chrono::steady_clock::time_point rest_until_;  // Another one may lead so long.
    Status standing_;                                   // By progress.
    OutboxState shown_;
    std::int64_t looked_at_ = 0;  // The measurement that was judged last.
};

/// Reads stored messages for Replay from a sequence on, at most `count_max` and about 4 MiB. Reason
/// REPLAY_TOO_OLD when the first one is no longer kept.
Result<std::vector<kafka::Message>> read_stored(pg::Database& database, const std::string& topic,
                                                int partition, std::int64_t from_sequence,
                                                std::int64_t to_sequence, int count_max);

/// How far an outbox has come in one topic partition.
struct HighWater {
    std::string topic;
    int partition = 0;
    std::int64_t numbered = 0;   ///< Last sequence given.
    std::int64_t published = 0;  ///< Last sequence that the broker acknowledged.
};

/// What an outbox says of itself.
struct OutboxHead {
    std::string stream_id;            ///< Another one = another database.
    std::vector<std::string> topics;  ///< That it was asked about; some may have no message yet.
    std::vector<HighWater> partitions;
};

/// For OutboxService.GetHighWater.
Result<OutboxHead> read_head(pg::Database& database, const std::vector<std::string>& topics);

/// Gives the current state of a topic partition as events of that topic, one by one.
struct SnapshotRequest {
    std::string topic;
    int partition = 0;
    int partition_count = 1;
    std::int64_t after_sequence = 0;  ///< The asking consumer's position; 0 = it has nothing.
    /// No message that the consumer lacks was written before it; the epoch = not known.
    Instant since{};
};
using EmitEvent = std::function<Status(const NewMessage&)>;
using SnapshotSource =
    std::function<Status(pqxx::work& tx, const SnapshotRequest& request, const EmitEvent& emit)>;

/// Runs a source in one snapshot of the database in which every committed message of the partition
/// has its sequence; gives the last of them: the state holds the effects of exactly the messages up
/// to it. Reason SNAPSHOT_NOT_YET when messages stay without a sequence for a second.
Result<std::int64_t> take_snapshot(pg::Database& database, const SnapshotRequest& request,
                                   const SnapshotSource& source, const EmitEvent& emit);

/// Fetches lost messages [from, to) of a partition from their owner; a part from the first one on
/// will do, so that no answer is too large.
using Replay = std::function<Result<std::vector<kafka::Message>>(
    const std::string& topic, int partition, std::int64_t from_sequence, std::int64_t to_sequence)>;

/// Asks the owners of topics how far they are; gives what those say that answer.
using AskHeads = std::function<std::vector<OutboxHead>(const std::vector<std::string>& topics)>;

/// Fetches the current state of a partition from its owner, in bounded pieces; gives the sequence
/// that it stands for.
using FetchSnapshot = std::function<Result<std::int64_t>(
    const std::string& topic, int partition, std::int64_t after_sequence,
    const std::function<Status(std::vector<kafka::Message>)>& take)>;

/// The sequence of the events of a snapshot: they are no messages of the topic's.
constexpr std::int64_t kSnapshotSequence = INT64_MAX;

/// For topics whose messages are added up: a snapshot takes the place of all that was folded from
/// the partition. `begin` clears a place for it, the handler fills that with the events whose
/// sequence is kSnapshotSequence, `finish` puts it in. Each in the transaction given; whoever dies
/// in between begins again.
struct SnapshotSwap {
    using Step = std::function<Status(pqxx::work& tx, int partition)>;
    Step begin;
    Step finish;
};

/// What a consumer may ask the owners of its topics.
struct OwnerCalls {
    Replay replay;
    AskHeads ask_heads;            ///< May be empty: then nobody watches the progress.
    FetchSnapshot fetch_snapshot;  ///< May be empty: then REPLAY_TOO_OLD stays.
};

/// Applies messages of one topic partition inside the transaction that also moves the position.
/// Reason BAD_MESSAGE (INVALID_ARGUMENT) = this message can never be applied: dead letter. Every
/// other error rolls back and is retried with the same messages. Events of a snapshot come the same
/// way, when their effect may be there already: applying one again changes nothing, unless the
/// topic has a SnapshotSwap.
using Handler = std::function<Status(pqxx::work& tx, const std::vector<kafka::Message>& messages)>;

/// What is done with the messages of each topic that a service reads.
using Handlers = std::map<std::string, Handler>;

/// Gives messages of one topic partition to its handler. BAD_MESSAGE when there is none: a dead
/// letter of a topic no longer read.
Status handle(const Handlers& handlers, pqxx::work& tx,
              const std::vector<kafka::Message>& messages);

struct SubscriberOptions {
    std::string brokers;
    std::string group;  ///< "prepay-billing"
    std::vector<std::string> topics;
    std::size_t batch_max = 500;  ///< Messages a transaction.
    std::chrono::milliseconds poll_wait{200};
    ProgressOptions progress;
    std::map<std::string, SnapshotSwap> swaps;  ///< By topic.
};

/// What the progress watch has to say; for metrics.
struct InboxState {
    std::int64_t lag_messages = -1;  ///< Behind what the owners have published; -1 = not known.
    std::chrono::milliseconds lag_age{0};
    bool stalled = false;
    std::int64_t rebuild_count = 0;   ///< New clients because of a standstill.
    std::int64_t replayed_count = 0;  ///< Messages fetched from their owner.
    std::int64_t snapshot_count = 0;
};

/// Consumes topics exactly once into the database: positions are kept in `inbox_positions`, known
/// sequences are dropped, gaps are filled by Replay (or by a snapshot, when they are older than
/// what the owner keeps), a replaced consumer is fenced off by its epoch. A watch compares the
/// positions with what the owners have published.
class Subscriber {
public:
    Subscriber(SubscriberOptions options, pg::Database& database, const Outbox& outbox,
               OwnerCalls owners, Handler handler);
    ~Subscriber();

    /// Until stopped: claims what the group assigns to it and applies what it polls.
    void run(const std::stop_token& stop);

    /// Until stopped, beside run(): asks the owners at intervals, has missing tails fetched and the
    /// client rebuilt, and calls `give_up` when all of that did not help.
    void watch(const std::stop_token& stop, const std::function<void(const std::string&)>& give_up);

    /// Takes a partition over: from now on whoever had it before can no longer write. Gives the
    /// offset of the next message wanted. Not beside run().
    Result<std::int64_t> claim(const std::string& topic, int partition);
    /// Applies messages of one claimed partition, in their order, each at most once. Reason FENCED
    /// when another subscriber has claimed it since: then nothing is written. Not beside run().
    Status apply(const std::vector<kafka::Message>& messages);
    /// Fetches from the owner what is missing up to and with a sequence. Not beside run().
    Status catch_up(const std::string& topic, int partition, std::int64_t last_sequence);

    /// Whether work is done as it comes; reasons NOT_ASSIGNED, INBOX_STALLED, OWNER_WENT_BACK.
    [[nodiscard]] Status readiness() const;
    [[nodiscard]] InboxState state() const;
    /// Dead letters that wait for redrive.
    [[nodiscard]] Result<std::int64_t> dead_letter_count() const;

    /// Takes owners that went back as they are: the present state of all their partitions is
    /// applied, as far as it is newer, and their numbers count from there. Gives the number of
    /// partitions; those whose owner cannot be asked stay as they are. Not beside run().
    Result<int> resync();

    /// Applies stored dead letters of this subscriber's topics again; how many went through.
    Result<int> redrive();

private:
    struct Position;
    struct State;
    class Watch;
    using Messages = std::vector<kafka::Message>;
    Status apply_in_transaction(const Position& position, const Messages& messages,
                                bool moves_sequence);
    Status apply_pieces(Position& position, const Messages& messages, bool moves_sequence = true);
    Status bury(const Position& position, const kafka::Message& message, const std::string& reason,
                bool moves_sequence);
    Status fill_gap(Position& position, std::int64_t to_sequence, std::int64_t offset);
    Status begin_snapshot(const Position& position);
    Status apply_snapshot(Position& position, std::int64_t after_sequence);
    void stay_in_group();
    void note_piece(const Position& position, std::int64_t piece_count);
    void note_swapping(bool is_swapping);
    Status finish_snapshot(const Position& position, std::int64_t sequence);
    [[nodiscard]] bool ends_below(const Position& position, std::int64_t sequence) const;
    struct Behind {
        std::string topic;
        int partition = 0;
        std::int64_t known = 0;  ///< Up to which of its present numbers we have what it has.
    };
    [[nodiscard]] Result<std::vector<Behind>> places_behind(const OutboxHead& head) const;
    Status resync_one(const std::string& topic, int partition, std::int64_t known,
                      const OutboxHead& head);
    Status connect();
    bool apply_polled(const Messages& polled);
    void note(const Status& status);
    void note_owner(bool refuses);
    void catch_up_wanted();
    std::unique_ptr<State> state_;
};

/// The status a handler returns for a message that can never be applied.
Status bad_message(const std::string& message);

/// Puts a message into `dead_letters` and the group's dead-letter topic, in the transaction of the
/// caller. A handler that applies the good part of a message gives the bad part as a message of its
/// own: the same message, but for the payload. A part that holds nothing good is a BAD_MESSAGE.
void set_aside(pqxx::work& tx, const Outbox& outbox, const std::string& group,
               const kafka::Message& message, const std::string& reason);

}  // namespace prepay::outbox
