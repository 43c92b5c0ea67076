#pragma once

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "devices/app/pack_library.h"
#include "lines/app/line_worker.h"
#include "protocols/modbus/domain/modbus_frame.h"
#include "protocols/modbus/domain/modbus_protocol.h"

namespace prepay::metering::test {

/// A pack with one block: register 0-1 total (Wh), 2 power, 3 status, 4 order.
inline std::shared_ptr<const DriverPack> small_pack() {
    auto pack = std::make_shared<DriverPack>();
    pack->name = "small";
    pack->rated_power_w = 10'000;
    pack->register_resolution = 1;
    pack->register_limit = 1'000'000;
    pack->blocks = {{0, 5, 1, 0}};
    pack->register_total = {0, ValueType::kU32, 1, 1, false, 0};
    pack->power = PackValue{2, ValueType::kI16, 1, 1, false, 0};
    pack->relay = PackRelay{3, 0, 1, 0};
    for (const auto& [action, word] :
         {std::pair{CommandAction::kTrip, 1}, std::pair{CommandAction::kClose, 0}}) {
        PackCommand command;
        command.address = 4;
        command.words = {static_cast<std::uint16_t>(word)};
        command.read_back = {{3, {static_cast<std::uint16_t>(word)}, {1}, 0}};
        pack->commands[action] = command;
    }
    return pack;
}

/// Time that stands still until it is moved. Single-threaded.
class FakeClock final : public Clock {
public:
    [[nodiscard]] Instant now() const override { return start_ + passed_; }
    [[nodiscard]] std::chrono::steady_clock::time_point steady() const override {
        return std::chrono::steady_clock::time_point(std::chrono::hours(1) + passed_);
    }
    void advance(Duration span) { passed_ += span; }

private:
    Instant start_ = from_micros(1'790'000'000'000'000);
    Duration passed_{0};
};

/// A Modbus exception as a meter answers it; 0 = none.
inline Answer refusal(int exception_code) {
    Reply reply;
    reply.exception_code = exception_code;
    return answer_of(std::move(reply));
}

/// Meters on a wire, in memory.
class FakeBus {
public:
    struct Unit {
        std::uint32_t total = 1000;
        bool open = false;
        bool silent = false;
        int lose_answers = 0;   ///< Executed, not answered.
        int lose_requests = 0;  ///< Orders neither executed nor answered.
        int exception = 0;
        int refused_address = -1;  ///< Reads of a block that begins here: exception 2.
        int busy_reads = 0;        ///< Reads refused as busy.
        bool contradict = false;
        int write_exception = 0;  ///< Answer to writes only.
        int busy_writes = 0;      ///< Writes refused as busy.
        int acts_after_reads = 0;
        int reads_left = 0;  ///< Until what was ordered shows.
        bool ordered_open = false;
        int delay_writes = 0;    ///< Writes that a serial server keeps back, unanswered.
        std::deque<bool> later;  ///< What those order.
    };

    std::map<int, Unit> units;
    bool reachable = true;
    std::chrono::milliseconds standstill{0};  ///< For so long the next answer lies unread.
    std::function<void(int unit, bool open)> on_order;  ///< Before a relay order is looked at.
    int connect_count = 0;
    std::vector<std::pair<int, Bytes>> requests;  ///< Unit and PDU, in order.

    [[nodiscard]] int write_count() const {
        int count = 0;
        for (const auto& [unit, pdu] : requests) {
            count += pdu[0] == 0x10 ? 1 : 0;
        }
        return count;
    }

    /// Lets the writes of a unit that were kept back take effect.
    void act_late(int unit_id) {
        Unit& unit = units.at(unit_id);
        for (const bool open : std::exchange(unit.later, {})) {
            unit.open = open;
        }
    }

    WireReply answer(int unit_id, const Bytes& pdu) {
        requests.emplace_back(unit_id, pdu);
        WireReply reply;
        reply.sent = true;
        reply.sent_bytes = pdu;
        const auto found = units.find(unit_id);
        if (found == units.end() || found->second.silent) {
            return reply;
        }
        Unit& unit = found->second;
        if (pdu[0] == 0x10 && on_order) {
            on_order(unit_id, pdu[7] == 1);
        }
        if (pdu[0] == 0x10 && unit.lose_requests > 0) {
            --unit.lose_requests;
            return reply;
        }
        reply.outcome = WireOutcome::kReply;
        reply.received_bytes = {static_cast<std::uint8_t>(unit_id)};
        if (unit.exception != 0) {
            reply.answer = refusal(unit.exception);
            return reply;
        }
        if (pdu[0] == 0x10) {
            if (unit.busy_writes > 0) {
                --unit.busy_writes;
                reply.answer = refusal(6);
                return reply;
            }
            if (unit.delay_writes > 0) {
                --unit.delay_writes;
                unit.later.push_back(pdu[7] == 1);
                reply.outcome = WireOutcome::kTimeout;
                return reply;
            }
            unit.ordered_open = unit.contradict ? unit.open : pdu[7] == 1;
            unit.reads_left = unit.acts_after_reads;
            unit.open = unit.reads_left > 0 ? unit.open : unit.ordered_open;
            reply.answer = refusal(unit.write_exception);
            if (unit.lose_answers > 0) {
                --unit.lose_answers;
                reply.outcome = WireOutcome::kTimeout;
            }
            return reply;
        }
        if (pdu[2] == unit.refused_address || unit.busy_reads > 0) {
            reply.answer = refusal(pdu[2] == unit.refused_address ? 2 : 6);
            unit.busy_reads -= unit.busy_reads > 0 ? 1 : 0;
            return reply;
        }
        if (unit.reads_left > 0 && --unit.reads_left == 0) {
            unit.open = unit.ordered_open;
        }
        reply.received_bytes.push_back(unit.open ? 1 : 0);
        const std::uint16_t registers[] = {static_cast<std::uint16_t>(unit.total >> 16),
                                           static_cast<std::uint16_t>(unit.total & 0xFFFF), 100,
                                           static_cast<std::uint16_t>(unit.open ? 1 : 0), 0};
        for (int i = 0; i < pdu[4]; ++i) {
            reply.answer.words.push_back(registers[pdu[2] + i]);
        }
        return reply;
    }
};

/// A loop without a thread: run_until() does what is posted, in order, and moves the clock to what
/// is due next when there is nothing to do.
class FakeLoop final : public LineLoop {
public:
    FakeLoop(FakeClock& clock, FakeBus& bus) : clock_(clock), bus_(bus) {}

    void post(std::function<void()> work) override { ready_.push_back(std::move(work)); }
    void run_blocking(std::function<void()> work, std::function<void()> done) override {
        auto call = [this, work = std::move(work), done = std::move(done)] {
            work();
            post(done);
        };
        if (hold_blocking) {
            held.push_back(std::move(call));
        } else {
            post(std::move(call));
        }
    }
    std::unique_ptr<LineTimer> make_timer(std::function<void()> on_time) override;
    std::unique_ptr<LinePort> make_port(const LineConfig& config) override;

    void at(std::chrono::steady_clock::time_point time, std::function<void()> work) {
        due_.emplace(time, std::move(work));
    }

    /// false when the condition does not hold within an hour of the fake clock.
    template <typename Predicate>
    bool run_until(Predicate predicate) {
        const auto end = clock_.steady() + std::chrono::hours(1);
        while (!predicate()) {
            std::function<void()> work;
            if (!ready_.empty()) {
                work = std::move(ready_.front());
                ready_.pop_front();
            } else if (!due_.empty() && due_.begin()->first <= end) {
                const auto next = due_.begin();
                clock_.advance(std::max(Duration(0), std::chrono::duration_cast<Duration>(
                                                         next->first - clock_.steady())));
                work = std::move(next->second);
                due_.erase(next);
                ++fired_count;
            } else {
                return false;
            }
            work();
        }
        return true;
    }

    int fired_count = 0;  ///< What was due at a time, since the start.
    bool hold_blocking = false;
    std::vector<std::function<void()>> held;  ///< Blocking calls that do not return yet.

private:
    FakeClock& clock_;
    FakeBus& bus_;
    std::deque<std::function<void()>> ready_;
    std::multimap<std::chrono::steady_clock::time_point, std::function<void()>> due_;
};

/// A line on a bus: an answer takes a millisecond, a missing one the response time.
class FakeLine final : public LinePort {
public:
    FakeLine(FakeBus& bus, FakeLoop& loop, FakeClock& clock, LineConfig config)
        : bus_(bus), loop_(loop), clock_(clock), config_(std::move(config)) {}

    Task<Status> connect() override {
        ++bus_.connect_count;
        co_await pass(std::chrono::milliseconds(1));
        connected_ = bus_.reachable;
        co_return connected_ ? absl::OkStatus() : unavailable("LINE_UNREACHABLE", "refused");
    }
    void disconnect() override { connected_ = false; }
    [[nodiscard]] bool is_connected() const override { return connected_; }
    Task<WireReply> transact(const Request& request) override {
        WireReply reply;
        if (!bus_.reachable) {
            connected_ = false;
            reply.outcome = WireOutcome::kDisconnected;
            co_return reply;
        }
        reply = bus_.answer(static_cast<int>(request.address.number()), request.data);
        const bool answered = reply.outcome == WireOutcome::kReply;
        co_await pass(answered ? std::chrono::milliseconds(1) + std::exchange(bus_.standstill, {})
                               : config_.response_timeout);
        co_return reply;
    }

private:
    Task<> pass(std::chrono::milliseconds time) {
        Signal passed;
        loop_.at(clock_.steady() + time, [&passed] { passed.set(); });
        co_await passed;
    }

    FakeBus& bus_;
    FakeLoop& loop_;
    FakeClock& clock_;
    LineConfig config_;
    bool connected_ = false;
};

inline std::unique_ptr<LinePort> FakeLoop::make_port(const LineConfig& config) {
    return std::make_unique<FakeLine>(bus_, *this, clock_, config);
}

inline std::unique_ptr<LineTimer> FakeLoop::make_timer(std::function<void()> on_time) {
    class Timer final : public LineTimer {
    public:
        Timer(FakeLoop& loop, std::function<void()> on_time)
            : loop_(loop), on_time_(std::make_shared<std::function<void()>>(std::move(on_time))) {}
        void set(std::chrono::steady_clock::time_point time) override {
            loop_.at(time, [weak = std::weak_ptr(on_time_)] {
                if (const auto call = weak.lock()) {
                    (*call)();
                }
            });
        }

    private:
        FakeLoop& loop_;
        std::shared_ptr<std::function<void()>> on_time_;
    };
    return std::make_unique<Timer>(*this, std::move(on_time));
}

/// Remembers what it is given. Thread-safe.
class FakeStores final : public BatchStore, public CommandStore, public SwitchPermits {
public:
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<LineBatch> batches;
    std::vector<Command> marked;
    std::map<std::string, Command> finished;
    std::vector<std::string> claims;
    ClaimOutcome claim_outcome = ClaimOutcome::kGranted;
    std::vector<std::string> cut_checks;
    ClaimOutcome cut_outcome = ClaimOutcome::kGranted;
    std::map<std::string, MeterHolds> holds;  ///< By meter, as last stored with a command.
    std::vector<MeterStateChange> changes;    ///< All that was stored.
    std::vector<Command> own;                 ///< Orders that a line gave itself.
    bool database_up = true;
    int commits_in_doubt = 0;  ///< Of mark_sending: done, but the answer is lost.
    std::function<void()> on_mark;

    Status write(const std::vector<LineBatch>& written) override {
        const std::lock_guard lock(mutex);
        if (!database_up) {
            return unavailable("DATABASE_UNAVAILABLE", "away");
        }
        batches.insert(batches.end(), written.begin(), written.end());
        for (const LineBatch& batch : written) {
            changes.insert(changes.end(), batch.state_changes.begin(), batch.state_changes.end());
        }
        changed.notify_all();
        return absl::OkStatus();
    }
    Status mark_sending(const Command& command) override {
        if (on_mark) {
            on_mark();
        }
        const std::lock_guard lock(mutex);
        if (!database_up) {
            return unavailable("DATABASE_UNAVAILABLE", "away");
        }
        for (const Command& known : marked) {
            if (known.command_id == command.command_id &&
                known.attempt_count >= command.attempt_count) {
                return failed_precondition("COMMAND_CLOSED", "no new attempt");
            }
        }
        marked.push_back(command);
        changed.notify_all();
        if (commits_in_doubt > 0) {
            --commits_in_doubt;
            return unavailable("COMMIT_IN_DOUBT", "lost");
        }
        return absl::OkStatus();
    }
    Status finish(const Command& command, const MeterStateChange* holds_change) override {
        const std::lock_guard lock(mutex);
        if (!database_up) {
            return unavailable("DATABASE_UNAVAILABLE", "away");
        }
        finished[command.command_id] = command;
        if (holds_change != nullptr) {
            holds[command.meter_id] = holds_change->holds;
            changes.push_back(*holds_change);
        }
        changed.notify_all();
        return absl::OkStatus();
    }
    Status insert_own(const Command& command) override {
        const std::lock_guard lock(mutex);
        if (!database_up) {
            return unavailable("DATABASE_UNAVAILABLE", "away");
        }
        own.push_back(command);
        return absl::OkStatus();
    }
    CutAnswer check_cut(const std::string& meter_id) override {
        const std::lock_guard lock(mutex);
        cut_checks.push_back(meter_id);
        return {cut_outcome};
    }
    ClaimOutcome claim(const std::string& intent_id) override {
        const std::lock_guard lock(mutex);
        claims.push_back(intent_id);
        changed.notify_all();
        return claim_outcome;
    }

    template <typename Predicate>
    bool wait(Predicate predicate, std::chrono::milliseconds time = std::chrono::seconds(10)) {
        std::unique_lock lock(mutex);
        return changed.wait_for(lock, time, predicate);
    }
    bool wait_finished(const std::string& id) {
        return wait([&] { return finished.count(id) == 1; });
    }
};

}  // namespace prepay::metering::test
