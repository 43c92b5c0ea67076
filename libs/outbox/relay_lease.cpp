#include "outbox/relay_lease.h"

#include <algorithm>

#include "telemetry/log.h"

namespace prepay::outbox {

std::int64_t RelayLease::epoch() const {
    const std::lock_guard lock(mutex_);
    return epoch_;
}

void RelayLease::set(std::int64_t epoch, TimePoint begun) {
    const std::lock_guard lock(mutex_);
    epoch_ = epoch;
    renewed_ = begun;
}

void RelayLease::renewed(TimePoint begun) {
    const std::lock_guard lock(mutex_);
    renewed_ = std::max(renewed_, begun);
}

bool RelayLease::is_fresh() const {
    const std::lock_guard lock(mutex_);
    return epoch_ != 0 && std::chrono::steady_clock::now() < renewed_ + time_;
}

Status RelayLease::fence(pqxx::work& tx) {
    tx.conn().prepare("relay_fence",
                      "UPDATE outbox_relay_lease SET renewal = renewal + 1"
                      " WHERE epoch = $1 AND held");
    const std::int64_t ours = epoch();
    if (ours != 0 && tx.exec_prepared("relay_fence", ours).affected_rows() == 1) {
        return absl::OkStatus();
    }
    set(0, {});
    telemetry::log_warning("the outbox relay lost its lead", {{"epoch", std::to_string(ours)}});
    return make_error(absl::StatusCode::kAborted, "FENCED", "another relay publishes this outbox");
}

Result<std::int64_t> RelayLease::renew(std::int64_t epoch) {
    const auto begun = std::chrono::steady_clock::now();
    const Status status = database_.transact([&](pqxx::work& tx) {
        tx.exec("SET LOCAL synchronous_commit TO off");
        return fence(tx);
    });
    if (error_reason(status) == "FENCED") {
        return std::int64_t{0};
    }
    if (!status.ok()) {
        return status;
    }
    renewed(begun);
    return epoch;
}

// Commits synchronously: an epoch that a crash of the server takes back could be given twice.
Result<std::int64_t> RelayLease::take(const Row& row) {
    const auto begun = std::chrono::steady_clock::now();
    PREPAY_ASSIGN_OR_RETURN(const bool taken,
                            database_.transact([&](pqxx::work& tx) -> Result<bool> {
                                return tx.exec_params(
                                             "UPDATE outbox_relay_lease SET epoch = epoch + 1,"
                                             " renewal = renewal + 1, held = true"
                                             " WHERE epoch = $1 AND renewal = $2 AND held = $3",
                                             row.epoch, row.renewal, row.held)
                                           .affected_rows() == 1;
                            }));
    if (!taken) {
        return std::int64_t{0};
    }
    set(row.epoch + 1, begun);
    if (row.held) {
        telemetry::log_warning("the outbox relay takes over from one that is silent",
                               {{"epoch", std::to_string(row.epoch + 1)}});
    }
    return row.epoch + 1;
}

Result<std::int64_t> RelayLease::hold() {
    TimePoint renewed;
    std::int64_t ours = 0;
    {
        const std::lock_guard lock(mutex_);
        ours = epoch_;
        renewed = renewed_;
    }
    if (ours != 0) {
        const bool due = std::chrono::steady_clock::now() > renewed + time_ / 3;
        return due ? renew(ours) : Result<std::int64_t>(ours);
    }
    PREPAY_ASSIGN_OR_RETURN(const Row row, database_.transact([](pqxx::work& tx) -> Result<Row> {
        const auto found = tx.exec_params1("SELECT epoch, renewal, held FROM outbox_relay_lease");
        return Row{found["epoch"].as<std::int64_t>(), found["renewal"].as<std::int64_t>(),
                   found["held"].as<bool>()};
    }));
    const auto now = std::chrono::steady_clock::now();
    bool is_silent = false;
    {
        const std::lock_guard lock(mutex_);
        if (row.epoch != seen_.epoch || row.renewal != seen_.renewal) {
            seen_ = row;
            seen_since_ = now;
        }
        is_silent = now > seen_since_ + time_;
    }
    return !row.held || is_silent ? take(row) : Result<std::int64_t>(0);
}

void RelayLease::release() {
    const std::int64_t ours = epoch();
    if (!is_fresh()) {
        return;  // Not ours any more, or the database is away: then waiting for it helps nobody.
    }
    set(0, {});
    const Status status = database_.transact([&](pqxx::work& tx) {
        tx.exec_params("UPDATE outbox_relay_lease SET held = false WHERE epoch = $1", ours);
        return absl::OkStatus();
    });
    if (!status.ok()) {
        telemetry::log_warning("the outbox relay's lead runs out by itself",
                               {{"error", telemetry::describe(status)}});
    }
}

}  // namespace prepay::outbox
