#pragma once

#include <optional>
#include <string>
#include <vector>

#include "commands/app/command_signal.h"
#include "commands/ports.h"
#include "core/time.h"
#include "outbox/events.h"
#include "pg/database.h"
#include "pg/request_answer.h"

namespace prepay::metering {

/// Commands with their attempts and frames. Every change of SENDING or a final state appends its
/// event in the same transaction. Thread-safe.
class PgCommandStore final : public CommandStore {
public:
    PgCommandStore(pg::Database& database, const outbox::Outbox& outbox, const Clock& clock,
                   CommandSignal& signal);

    Status mark_sending(const Command& command) override;
    Status finish(const Command& command, const MeterStateChange* holds_change) override;
    Status insert_own(const Command& command) override;

    /// Stores a new order; `is_new` tells whether this call did. Its key is the request's.
    Result<Command> submit(const pg::RequestKey& key, const Command& command, bool& is_new);
    /// Cancels an order of which nothing has been sent. Reasons UNKNOWN_COMMAND, COMMAND_SENDING,
    /// COMMAND_FINAL.
    Result<Command> cancel(const pg::RequestKey& key, const std::string& command_id);

    /// Reason UNKNOWN_COMMAND. With frames.
    Result<Command> get(const std::string& command_id);
    /// Newest first, before a position; without frames. Empty `meter_id` = all.
    struct Position {
        Instant create_time = Instant::max();
        std::string command_id;
    };
    Result<std::vector<Command>> list(const std::string& meter_id, const Position& before,
                                      int count_max);
    /// Those that are being sent or ended at or after `since`, oldest first, behind a position;
    /// without frames.
    static std::vector<Command> select_told(pqxx::work& tx, Instant since, const Position& after,
                                            int count_max);
    /// Orders that are not final and older than `age`, oldest first.
    Result<std::vector<Command>> list_open(Duration age);

    /// In the transaction of a consumed message: stores an intent's order unless known; false when
    /// it was known.
    bool insert_intent(pqxx::work& tx, const Command& command) const;
    /// Cancels an intent's order unless something was sent; its line when it was cancelled.
    std::optional<std::string> cancel_intent(pqxx::work& tx, const std::string& intent_id) const;

private:
    static bool insert(pqxx::work& tx, const Command& command);
    static std::optional<Command> select(pqxx::work& tx, const std::string& command_id,
                                         bool for_update);
    void publish(pqxx::work& tx, const Command& command) const;
    void cancel_queued(pqxx::work& tx, Command& command, const char* reason) const;
    void publish_state(pqxx::work& tx, const std::string& line_id,
                       const MeterStateChange& change) const;
    static bool update_final(pqxx::work& tx, const Command& command);
    static void insert_frames(pqxx::work& tx, const Command& command);

    pg::Database& database_;
    const outbox::EventWriter events_;
    const Clock& clock_;
    CommandSignal& signal_;
};

}  // namespace prepay::metering
