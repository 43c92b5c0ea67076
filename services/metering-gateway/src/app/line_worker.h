#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

#include "app/command_runner.h"
#include "app/latest_board.h"
#include "app/line_wire.h"
#include "app/meter_track.h"
#include "app/reading_spool.h"

namespace prepay::metering {

/// What every line works with; outlives the lines.
struct LineContext {
    const Clock& clock;
    const GatewayMetrics& metrics;
    CommandStore& commands;
    IntentClaims& claims;
    ReadingSpool& spool;
    LatestBoard& board;
    LinePortFactory port_factory;
    PlausibilityLimits limits;
    CommandSettings command_settings;
};

struct LineStatus {
    LineState state = LineState::kConnecting;
    std::optional<Instant> last_good_time;
    int meter_count = 0;
    int lost_meter_count = 0;
};

/// Answer to a read on demand.
struct DemandResult {
    std::optional<MeterValues> values;
    std::vector<Frame> frames;
    ReadingFault fault = ReadingFault::kNone;
};

/// The one owner of a line: a thread that decides before every request what goes out next. Relay
/// orders (P0) go before reads on demand (P2), those before the sweep (P3); one request is in
/// flight, so an order waits for at most one. Everything but run() may be called from any thread
/// and takes effect between two requests.
class LineWorker {
public:
    LineWorker(LineConfig config, const LineContext& context);

    /// Works until stopped; then hands over what it has read.
    void run(const std::stop_token& stop);

    /// Takes an order whose row is stored. `resolve`: it may have been sent before a crash, so the
    /// relay is read before anything else.
    void submit(Command command, bool resolve);
    /// Forgets an order that was cancelled before its first attempt.
    void withdraw(const std::string& command_id);
    /// Reads a meter now. Reasons LINE_LOST, METER_SILENT, METER_EXCEPTION, BAD_REPLY,
    /// UNKNOWN_METER, READ_TIMEOUT.
    Result<DemandResult> read_now(const std::string& meter_id, std::chrono::milliseconds timeout);

    /// Adds a meter or changes its settings; `memory` counts for a new one only.
    void put_meter(const MeterConfig& config, std::shared_ptr<const DriverPack> pack,
                   const MeterMemory& memory);
    void reconfigure(const LineConfig& config);
    void advance_base(const std::string& meter_id, const ReadingBase& base);

    [[nodiscard]] LineStatus status() const;
    [[nodiscard]] LineConfig config() const;

    static constexpr std::size_t kJobsMax = 10'000;

private:
    /// A meter being read, one block a step.
    struct ReadTask {
        MeterTrack* meter = nullptr;
        std::vector<std::size_t> blocks;
        std::size_t next = 0;
        bool retried = false;
        std::vector<Frame> frames;
        std::shared_ptr<std::promise<Result<DemandResult>>> promise;  ///< On demand only.
    };
    enum class TaskStep { kMore, kDone };

    void post(std::function<void()> change);
    void drain_inbox();
    bool step();
    void wait(const std::stop_token& stop);
    CommandJob* next_job();
    bool is_superseded(const CommandJob& job) const;
    void run_job(CommandJob& job);
    void expire_jobs();
    void begin_sweep(bool is_new_cycle);
    bool reconnect();
    void end_sweep();
    void abort_sweep();
    void schedule_sweep();
    TaskStep run_task(ReadTask& task);
    void complete(ReadTask& task);
    void fail(ReadTask& task, const Status& status);
    void flush();
    void update_status();
    MeterTrack* find_meter(const std::string& meter_id);
    [[nodiscard]] Instant slot_of(Instant instant) const;

    const LineContext context_;
    LineWire wire_;
    CommandRunner runner_;

    // Owner thread only.
    LineConfig config_;
    std::map<std::string, std::unique_ptr<MeterTrack>> meters_;
    std::deque<CommandJob> jobs_;
    std::deque<ReadTask> demands_;
    std::deque<ReadTask> sweep_;
    bool sweeping_ = false;
    std::chrono::steady_clock::time_point sweep_start_{};
    std::chrono::steady_clock::time_point next_sweep_{};
    std::chrono::steady_clock::time_point batch_start_{};
    LineBatch batch_;
    std::optional<Instant> last_good_time_;

    mutable std::mutex mutex_;
    std::condition_variable_any changed_;
    std::deque<std::function<void()>> inbox_;
    LineStatus status_;
    LineConfig shown_config_;
};

}  // namespace prepay::metering
