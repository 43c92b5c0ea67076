#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "commands/app/command_runner.h"
#include "meters/app/latest_board.h"
#include "meters/app/meter_track.h"
#include "meters/ports.h"
#include "readings/app/reading_spool.h"
#include "transports/app/line_wire.h"

namespace prepay::metering {

/// What every line works with; outlives the lines.
struct LineContext {
    const Clock& clock;
    const GatewayMetrics& metrics;
    CommandStore& commands;
    SwitchPermits& permits;
    ReadingSpool& spool;
    LatestBoard& board;
    PlausibilityLimits limits;
    CommandSettings command_settings;
};

enum class LineState { kConnecting, kOnline, kLost, kDisabled };

struct LineStatus {
    LineState state = LineState::kConnecting;
    std::optional<Instant> last_good_time;
    /// Its last good reading or, without one, its start; none while no meter of it is to be read.
    std::optional<Instant> silent_since;
    int meter_count = 0;
    int lost_meter_count = 0;
    int quarantined_count = 0;
    /// When the next read is due, or when the line did something last, if that is later; none when
    /// it is switched off.
    std::optional<std::chrono::steady_clock::time_point> read_due;
};

using ReportCallback = std::function<void(std::optional<DiagnosticsReport>)>;
using ReadCallback = std::function<void(Result<DemandResult>)>;

/// The one owner of a line: a coroutine on the line's loop that decides before every request what
/// goes out next. Relay orders (P0) go before reads on demand (P2), those before the sweep (P3);
/// one request is in flight, so an order waits for at most one. Methods may be called from any
/// thread and take effect between two requests.
class LineWorker {
public:
    LineWorker(LineConfig config, const LineContext& context, LineLoop& loop);

    /// Begins to work. Once.
    void start();
    /// Ends with the request in flight, hands over what was read, and calls `stopped` on the loop.
    /// The worker must outlive that.
    void stop(std::function<void()> stopped);

    /// Takes an order whose row is stored. `resolve`: it may have been sent before a crash, so the
    /// relay is read before anything else.
    void submit(Command command, bool resolve);
    /// Forgets an order that was cancelled before its first attempt.
    void withdraw(const std::string& command_id);
    /// Reads a meter now and calls `done` on the loop. Reasons LINE_LOST, LINE_DISABLED,
    /// METER_SILENT, METER_EXCEPTION, BAD_REPLY, UNKNOWN_METER.
    void read_now(const std::string& meter_id, ReadCallback done);

    /// Adds a meter or changes its settings; `memory` counts for a new one only.
    void put_meter(const MeterConfig& config, std::shared_ptr<const DriverPack> pack,
                   const MeterMemory& memory);
    void reconfigure(const LineConfig& config);
    void advance_base(const std::string& meter_id, const ReadingBase& base);
    /// A person decided about a meter's register, see MeterTrack.
    void leave_quarantine(const std::string& meter_id, const std::optional<ReadingBase>& base,
                          const std::optional<Suspicion>& discarded);
    /// Calls `done` on the loop with what is known of a meter; with nothing for an unknown one.
    void report(const std::string& meter_id, ReportCallback done);

    [[nodiscard]] LineStatus status() const;

    static constexpr std::size_t kJobsMax = 10'000;

private:
    struct Meter {
        MeterTrack track;
        LatestBoard::Slot& slot;
        std::chrono::steady_clock::time_point next_repair{};
        std::chrono::steady_clock::time_point next_release{};
        std::chrono::seconds release_pause{};
    };
    /// A meter being read, one block a step.
    struct ReadTask {
        Meter* meter = nullptr;
        std::size_t from = 0;  ///< Blocks before it are read.
        bool retried = false;
        std::vector<Frame> frames;  ///< On demand only.
        ReadCallback done;          ///< On demand only.
    };
    enum class TaskStep { kMore, kDone };

    Task<> run();
    void post(std::function<void()> change);
    void drain_inbox();
    Task<bool> step();
    [[nodiscard]] std::chrono::steady_clock::time_point next_event() const;
    CommandJob* next_job();
    /// An older order for the same meter is not over.
    bool is_behind(const CommandJob& job) const;
    bool is_superseded(const CommandJob& job) const;
    Task<> run_job(CommandJob& job);
    Task<> expire_jobs();
    [[nodiscard]] bool has_job(const std::string& meter_id) const;
    void update_switching(const std::string& meter_id);
    void repair_late_effect(Meter& meter);
    void release_expired_hold(Meter& meter, bool is_time_known);
    void add_own_order(Meter& meter, const Repair& order, const std::string& reason_text);
    Task<> begin_sweep(bool is_new_cycle);
    Task<> step_sweep();
    Task<bool> reconnect();
    void end_sweep();
    void abort_sweep();
    void schedule_sweep();
    Task<TaskStep> run_task(ReadTask& task);
    void complete(ReadTask& task);
    void fail(ReadTask& task, const Status& status);
    void note_reply(MeterAddress address, const WireReply& reply);
    void log_error(Meter& meter, const std::string& kind, const std::string& text);
    void flush();
    void update_status();
    void show_read_due();
    Meter* find_meter(const std::string& meter_id);
    Meter* find_meter(MeterAddress address);
    [[nodiscard]] Instant slot_of(Instant instant) const;

    const LineContext context_;
    LineLoop& loop_;

    // On the loop only.
    LineWire wire_;
    CommandRunner runner_;
    std::unique_ptr<LineTimer> timer_;
    Signal woken_;
    std::deque<std::function<void()>> inbox_;
    std::function<void()> stopped_;  ///< Set = to stop.
    bool running_ = false;
    bool ended_ = false;        ///< By stop(): nobody comes to what is posted.
    bool heard_ = false;        ///< Some meter said something since the last settings.
    bool tried_again_ = false;  ///< The last step was a repeated try of an order.
    Task<> life_;
    LineConfig config_;
    std::vector<std::unique_ptr<Meter>> meters_;
    std::size_t heard_index_ = 0;  ///< The meter that replied last.
    std::deque<CommandJob> jobs_;
    std::deque<ReadTask> demands_;
    std::deque<Meter*> sweep_;  ///< Those still to be asked.
    ReadTask sweep_task_;       ///< The one being asked, if it has a meter.
    bool sweeping_ = false;
    std::chrono::steady_clock::time_point sweep_start_{};
    std::chrono::steady_clock::time_point next_sweep_{};
    std::chrono::steady_clock::time_point last_work_{};  ///< Whatever came of it.
    /// LineStatus::read_due; read by other threads.
    static constexpr std::chrono::steady_clock::time_point kNoRead{};
    std::atomic<std::chrono::steady_clock::time_point> read_due_{kNoRead};
    std::chrono::steady_clock::time_point batch_start_{};
    LineBatch batch_;
    std::optional<Instant> last_good_time_;
    const Instant start_time_;

    mutable std::mutex mutex_;
    LineStatus status_;
};

}  // namespace prepay::metering
