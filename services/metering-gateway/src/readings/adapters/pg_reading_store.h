#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/time.h"
#include "outbox/events.h"
#include "pg/database.h"
#include "pg/request_answer.h"
#include "readings/domain/plausibility.h"
#include "readings/ports.h"

namespace prepay::metering {

/// One row of an import, its meter known.
struct ImportRow {
    std::size_t index = 0;  ///< In the request.
    std::int64_t meter_no = 0;
    std::string meter_id;
    std::string line_id;
    Instant read_time{};
    RegisterTotal total;
};

/// Readings, append-only, each with its event in the same transaction. Thread-safe.
class PgReadingStore final : public BatchStore {
public:
    PgReadingStore(pg::Database& database, const outbox::Outbox& outbox, const Clock& clock);

    /// One transaction for all batches, one message a batch and topic.
    Status write(const std::vector<LineBatch>& batches) override;

    /// What a decision about imported rows sees and says: stored readings around each meter's rows,
    /// ascending, in the order of `meters`; returns the readings to store.
    struct MeterWindow {
        std::int64_t meter_no = 0;
        Instant first{};
        Instant last{};
        std::vector<ReadingBase> stored;
    };
    using Decide = std::function<std::vector<Reading>(std::vector<MeterWindow>&)>;
    /// Turns the readings that were stored into the answer's bytes.
    using Answer = std::function<std::string(const std::vector<Reading>& stored)>;

    /// Stores what `decide` lets through, at most once per request id; the answer is that of the
    /// first time. `line_of` names the line of a stored reading's meter. Reasons of answer_once and
    /// of the database.
    Result<std::string> import(const pg::RequestKey& key, std::vector<MeterWindow> windows,
                               const std::vector<Instant>& times, const Decide& decide,
                               const Answer& answer,
                               const std::function<std::string(const Reading&)>& line_of);

    /// Readings of a meter in [start, end), by (slot, revision), after a position.
    struct Position {
        Instant slot_time{};
        int revision = -1;
    };
    Result<std::vector<Reading>> list(std::int64_t meter_no, const std::string& meter_id,
                                      Instant start, Instant end, const Position& after,
                                      int count_max);

    /// The same in the caller's transaction; `end` = Instant::max() for all.
    static std::vector<Reading> select(pqxx::work& tx, std::int64_t meter_no,
                                       const std::string& meter_id, Instant start, Instant end,
                                       const Position& after, int count_max);
    /// Of the last slot.
    static std::optional<Reading> select_newest(pqxx::work& tx, std::int64_t meter_no,
                                                const std::string& meter_id);

    /// Makes the tables of the months of these slots. Not within a transaction.
    Status ensure_months_of(const std::vector<Instant>& slots);
    /// Stores readings of one line and publishes the new ones, in the caller's transaction.
    void store(pqxx::work& tx, const std::string& line_id, std::vector<Reading> readings);

private:
    Status ensure_months(const std::set<std::int64_t>& months);
    std::int64_t take_ids(pqxx::work& tx, std::size_t count);
    std::vector<Reading> insert(pqxx::work& tx, std::vector<Reading> readings);
    void publish(pqxx::work& tx, const std::string& line_id,
                 const std::vector<const Reading*>& readings) const;
    void write_states(pqxx::work& tx, const LineBatch& batch) const;
    void write_rejected(pqxx::work& tx, const LineBatch& batch) const;
    static void load_windows(pqxx::work& tx, std::vector<MeterWindow>& windows);

    pg::Database& database_;
    const outbox::EventWriter events_;
    std::mutex mutex_;
    std::set<std::int64_t> known_months_;
    std::int64_t next_id_ = 0;
    std::int64_t last_id_ = -1;
};

}  // namespace prepay::metering
