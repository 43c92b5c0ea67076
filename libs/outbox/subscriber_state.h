#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "outbox/outbox.h"
#include "outbox/progress.h"

namespace prepay::outbox {

struct Subscriber::Position {
    std::string topic;
    int partition = 0;
    std::int64_t next_offset = 0;
    std::int64_t last_sequence = 0;
    std::int64_t epoch = 0;
};

/// The run() thread owns positions and consumer; what the watch shares with it is under `mutex`.
struct Subscriber::State {
    State(SubscriberOptions given, pg::Database& db, const Outbox& box, OwnerCalls calls,
          Handler handle)
        : options(std::move(given)),
          database(db),
          outbox(box),
          owners(std::move(calls)),
          handler(std::move(handle)) {}

    SubscriberOptions options;
    pg::Database& database;
    const Outbox& outbox;
    OwnerCalls owners;
    Handler handler;
    std::map<Progress::Place, Position> positions;
    std::map<Progress::Place, std::int64_t> furthest_piece;  ///< Of snapshots that broke off.
    std::unique_ptr<kafka::Consumer> consumer;
    std::chrono::steady_clock::time_point poll_time;  ///< Of the last poll.
    bool rejoin_wanted = false;  ///< Polled messages were left unread for a snapshot.

    std::mutex mutex;
    bool assigned = false;
    std::set<Progress::Place> reading;
    Status trouble = absl::OkStatus();  ///< Of the last try, until one succeeds.
    bool owner_refuses = false;         ///< It could not tell its state.
    bool rebuild_wanted = false;
    std::int64_t snapshot_pieces = 0;  ///< Applied since the start.
    bool is_swapping = false;          ///< What a snapshot added up is put in.
    std::vector<std::pair<Progress::Place, std::int64_t>> tails;
    InboxState shown;
    Status standing = absl::OkStatus();  ///< The watch's judgement.
};

}  // namespace prepay::outbox
