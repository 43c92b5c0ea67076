#include "commands/adapters/pg_command_store.h"

#include "commands/convert.h"
#include "devices/adapters/pg_values.h"
#include "holds/adapters/pg_holds.h"
#include "holds/convert.h"

namespace prepay::metering {
namespace {

const std::string& command_columns() {
    static const std::string text =
        "command_id, meter_id, line_id, action, state, reason_text, initiator, intent_id, " +
        pg::micros("create_time") + " AS create_micros, " + pg::micros("not_after") +
        " AS not_after_micros, " + pg::micros("send_time") + " AS send_micros, " +
        pg::micros("finish_time") +
        " AS finish_micros, attempt_count, before_values, after_values, failure_reason, revision, "
        "trace_id, holder,"
        " override_keep_power, remaining_holds, " +
        pg::micros("hold_expire_time") + " AS hold_expire_micros";
    return text;
}

Command command_from_row(const pqxx::row& row) {
    Command command;
    command.command_id = row["command_id"].as<std::string>();
    command.meter_id = row["meter_id"].as<std::string>();
    command.line_id = row["line_id"].as<std::string>();
    command.action =
        action_from_text(row["action"].as<std::string>()).value_or(CommandAction::kTrip);
    command.state = state_from_text(row["state"].as<std::string>()).value_or(CommandState::kQueued);
    command.reason_text = row["reason_text"].as<std::string>();
    command.initiator = row["initiator"].as<std::string>();
    command.intent_id = row["intent_id"].as<std::string>();
    command.create_time = from_micros(row["create_micros"].as<std::int64_t>());
    command.not_after = instant_from_field(row["not_after_micros"]);
    command.send_time = instant_from_field(row["send_micros"]);
    command.finish_time = instant_from_field(row["finish_micros"]);
    command.attempt_count = row["attempt_count"].as<int>();
    command.before = values_from_field(row["before_values"]);
    command.after = values_from_field(row["after_values"]);
    command.failure_reason = row["failure_reason"].as<std::string>();
    command.revision = row["revision"].as<std::int64_t>();
    command.trace_id = row["trace_id"].as<std::string>();
    command.holder = holder_from_text(row["holder"].as<std::string>()).value_or(Holder::kOperator);
    command.override_keep_power = row["override_keep_power"].as<bool>();
    command.remaining_holds = holds_from_field(row["remaining_holds"]);
    command.hold_expire_time = instant_from_field(row["hold_expire_micros"]);
    return command;
}

std::optional<std::string> optional_hex(const std::optional<MeterValues>& values) {
    return values ? std::optional(values_hex(*values)) : std::nullopt;
}

Status unknown_command(const std::string& command_id) {
    return not_found("UNKNOWN_COMMAND", "there is no command " + command_id);
}

}  // namespace

PgCommandStore::PgCommandStore(pg::Database& database, const outbox::Outbox& outbox,
                               const Clock& clock, CommandSignal& signal)
    : database_(database), events_(outbox, clock, kProducer), clock_(clock), signal_(signal) {}

bool PgCommandStore::insert(pqxx::work& tx, const Command& command) {
    const auto result = tx.exec_params(
        "INSERT INTO commands (command_id, meter_id, line_id, action, state, reason_text,"
        " initiator, intent_id, create_time, not_after, finish_time, failure_reason, revision,"
        " trace_id, holder, override_keep_power, hold_expire_time) VALUES ($1, $2, $3, $4, $5, $6,"
        " $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) ON CONFLICT DO NOTHING",
        command.command_id, command.meter_id, command.line_id, action_text(command.action),
        state_text(command.state), command.reason_text, command.initiator, command.intent_id,
        pg::to_timestamptz(command.create_time), optional_timestamptz(command.not_after),
        optional_timestamptz(command.finish_time), command.failure_reason, command.revision,
        command.trace_id, holder_text(command.holder), command.override_keep_power,
        optional_timestamptz(command.hold_expire_time));
    return result.affected_rows() == 1;
}

std::optional<Command> PgCommandStore::select(pqxx::work& tx, const std::string& command_id,
                                              bool for_update) {
    const auto rows =
        tx.exec_params("SELECT " + command_columns() + " FROM commands WHERE command_id = $1" +
                           (for_update ? " FOR UPDATE" : ""),
                       command_id);
    return rows.empty() ? std::nullopt : std::optional(command_from_row(rows[0]));
}

void PgCommandStore::publish(pqxx::work& tx, const Command& command) const {
    events_.append(tx, kCommandsTopic, command.line_id, to_event(command), clock_.now());
}

Status PgCommandStore::mark_sending(const Command& command) {
    const Status status = database_.transact([&](pqxx::work& tx) -> Status {
        const auto updated = tx.exec_params(
            "UPDATE commands SET state = 'sending', attempt_count = $2, revision = $3,"
            " before_values = COALESCE(before_values, $4::bytea)"
            " WHERE command_id = $1 AND state IN ('queued', 'sending') AND attempt_count < $2",
            command.command_id, command.attempt_count, command.revision,
            optional_hex(command.before));
        if (updated.affected_rows() == 0) {
            return failed_precondition("COMMAND_CLOSED", "the command is final already");
        }
        tx.exec_params("INSERT INTO command_attempts (command_id, attempt_number) VALUES ($1, $2)",
                       command.command_id, command.attempt_count);
        publish(tx, command);
        return absl::OkStatus();
    });
    signal_.notify(command.command_id);
    return status;
}

bool PgCommandStore::update_final(pqxx::work& tx, const Command& command) {
    const auto updated = tx.exec_params(
        "UPDATE commands SET state = $2, send_time = $3, finish_time = $4, attempt_count = $5,"
        " before_values = COALESCE(before_values, $6::bytea), after_values = $7::bytea,"
        " failure_reason = $8, revision = GREATEST(revision + 1, $9),"
        " remaining_holds = $10::bytea"
        " WHERE command_id = $1 AND state IN ('queued', 'sending')",
        command.command_id, state_text(command.state), optional_timestamptz(command.send_time),
        optional_timestamptz(command.finish_time), command.attempt_count,
        optional_hex(command.before), optional_hex(command.after), command.failure_reason,
        command.revision,
        command.remaining_holds.empty() ? std::optional<std::string>()
                                        : std::optional(holds_hex(command.remaining_holds)));
    return updated.affected_rows() == 1;
}

void PgCommandStore::insert_frames(pqxx::work& tx, const Command& command) {
    int frame_no = 0;
    for (const Frame& frame : command.frames) {
        tx.exec_params(
            "INSERT INTO command_frames (command_id, frame_no, frame_time, direction,"
            " attempt_number, data) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
            command.command_id, frame_no++, pg::to_timestamptz(frame.frame_time),
            frame.direction == FrameDirection::kSent ? "sent" : "received", frame.attempt_number,
            pqxx::binarystring(frame.data.data(), frame.data.size()));
    }
}

Status PgCommandStore::finish(const Command& command, const MeterStateChange* holds_change) {
    const Status status = database_.transact([&](pqxx::work& tx) -> Status {
        if (!update_final(tx, command)) {
            // The same end = an earlier try whose answer was lost.
            const auto known = select(tx, command.command_id, false);
            return known && known->state == command.state
                       ? absl::OkStatus()
                       : failed_precondition("COMMAND_CLOSED", "the command ended otherwise");
        }
        insert_frames(tx, command);
        publish(tx, command);
        if (holds_change != nullptr && write_meter_state(tx, *holds_change)) {
            publish_state(tx, command.line_id, *holds_change);
        }
        return absl::OkStatus();
    });
    signal_.notify(command.command_id);
    return status;
}

void PgCommandStore::publish_state(pqxx::work& tx, const std::string& line_id,
                                   const MeterStateChange& change) const {
    v1::MeterStatesChanged event;
    event.set_line_id(line_id);
    *event.add_meter_states() = to_proto_meter_state(change);
    events_.append(tx, kStatesTopic, line_id, std::move(event), change.change_time);
}

Status PgCommandStore::insert_own(const Command& command) {
    return database_.transact([&](pqxx::work& tx) -> Status {
        insert(tx, command);
        return absl::OkStatus();
    });
}

Result<Command> PgCommandStore::submit(const pg::RequestKey& key, const Command& command,
                                       bool& is_new) {
    is_new = false;
    PREPAY_RETURN_IF_ERROR(
        database_
            .transact([&](pqxx::work& tx) {
                return pg::answer_once(tx, key, [&](pqxx::work& inner) -> Result<std::string> {
                    if (!insert(inner, command)) {
                        return already_exists("REQUEST_ID_REUSED",
                                              "request_id " + key.request_id +
                                                  " is another command's; make a new one");
                    }
                    is_new = true;
                    return command.command_id;
                });
            })
            .status());
    return get(command.command_id);
}

void PgCommandStore::cancel_queued(pqxx::work& tx, Command& command, const char* reason) const {
    command.state = CommandState::kCancelled;
    command.failure_reason = reason;
    command.finish_time = clock_.now();
    ++command.revision;
    update_final(tx, command);
    publish(tx, command);
}

Result<Command> PgCommandStore::cancel(const pg::RequestKey& key, const std::string& command_id) {
    const auto cancel_row = [&](pqxx::work& tx) -> Result<std::string> {
        auto command = select(tx, command_id, true);
        if (!command) {
            return unknown_command(command_id);
        }
        if (command->state == CommandState::kSending) {
            return failed_precondition("COMMAND_SENDING", "the command is on the wire already");
        }
        if (command->state != CommandState::kQueued) {
            return failed_precondition("COMMAND_FINAL",
                                       std::string("the command is ") + state_text(command->state));
        }
        cancel_queued(tx, *command, "CANCELLED_BY_USER");
        return command_id;
    };
    PREPAY_RETURN_IF_ERROR(
        database_.transact([&](pqxx::work& tx) { return pg::answer_once(tx, key, cancel_row); })
            .status());
    signal_.notify(command_id);
    return get(command_id);
}

Result<Command> PgCommandStore::get(const std::string& command_id) {
    return database_.read([&](pqxx::work& tx) -> Result<Command> {
        auto command = select(tx, command_id, false);
        if (!command) {
            return unknown_command(command_id);
        }
        const auto rows = tx.exec_params(
            "SELECT " + pg::micros("frame_time") +
                " AS frame_micros, direction, attempt_number, data FROM command_frames"
                " WHERE command_id = $1 ORDER BY frame_no",
            command_id);
        for (const auto& row : rows) {
            const pqxx::binarystring data(row["data"]);
            command->frames.push_back({from_micros(row["frame_micros"].as<std::int64_t>()),
                                       row["direction"].as<std::string>() == "sent"
                                           ? FrameDirection::kSent
                                           : FrameDirection::kReceived,
                                       std::vector<std::uint8_t>(data.begin(), data.end()),
                                       row["attempt_number"].as<int>()});
        }
        return *std::move(command);
    });
}

Result<std::vector<Command>> PgCommandStore::list(const std::string& meter_id,
                                                  const Position& before, int count_max) {
    using Commands = std::vector<Command>;
    return database_.read([&](pqxx::work& tx) -> Result<Commands> {
        const bool from_start = before.create_time == Instant::max();
        const auto rows = tx.exec_params(
            "SELECT " + command_columns() +
                " FROM commands WHERE ($1 = '' OR meter_id = $1) AND ($2 OR (create_time,"
                " command_id) < ($3::timestamptz, $4)) ORDER BY create_time DESC, command_id DESC"
                " LIMIT $5",
            meter_id, from_start,
            pg::to_timestamptz(from_start ? clock_.now() : before.create_time), before.command_id,
            count_max);
        Commands commands;
        for (const auto& row : rows) {
            commands.push_back(command_from_row(row));
        }
        return commands;
    });
}

std::vector<Command> PgCommandStore::select_told(pqxx::work& tx, Instant since,
                                                 const Position& after, int count_max) {
    std::vector<Command> commands;
    for (const auto& row :
         tx.exec_params("SELECT " + command_columns() +
                            " FROM commands WHERE (create_time, command_id) > ($1::timestamptz, $2)"
                            " AND (finish_time >= $4 OR state = 'sending')"
                            " ORDER BY create_time, command_id LIMIT $3",
                        pg::to_timestamptz(after.create_time), after.command_id, count_max,
                        pg::to_timestamptz(since))) {
        commands.push_back(command_from_row(row));
    }
    return commands;
}

Result<std::vector<Command>> PgCommandStore::list_open(Duration age) {
    using Commands = std::vector<Command>;
    return database_.read([&](pqxx::work& tx) -> Result<Commands> {
        const auto rows = tx.exec_params(
            "SELECT " + command_columns() +
                " FROM commands WHERE state IN ('queued', 'sending') AND create_time <= $1"
                " ORDER BY create_time, command_id",
            pg::to_timestamptz(clock_.now() - age));
        Commands commands;
        for (const auto& row : rows) {
            commands.push_back(command_from_row(row));
        }
        return commands;
    });
}

bool PgCommandStore::insert_intent(pqxx::work& tx, const Command& command) const {
    if (!insert(tx, command)) {
        return false;
    }
    if (is_final(command.state)) {
        publish(tx, command);
    }
    return true;
}

std::optional<std::string> PgCommandStore::cancel_intent(pqxx::work& tx,
                                                         const std::string& intent_id) const {
    auto command = select(tx, intent_id, true);
    // Cancelled already: by a transaction whose end nobody learnt, so its line may not know yet.
    if (command && command->state == CommandState::kCancelled) {
        return command->line_id;
    }
    if (!command || command->state != CommandState::kQueued) {
        return std::nullopt;
    }
    cancel_queued(tx, *command, "INTENT_WITHDRAWN");
    return command->line_id;
}

}  // namespace prepay::metering
