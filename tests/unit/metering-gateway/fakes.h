#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "app/line_worker.h"
#include "app/pack_library.h"

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

/// Meters on a wire, in memory. Thread-safe.
class FakeBus {
public:
    struct Unit {
        std::uint32_t total = 1000;
        bool open = false;
        bool silent = false;
        int lose_answers = 0;   ///< Executed, not answered.
        int lose_requests = 0;  ///< Neither executed nor answered.
        int exception = 0;
        bool contradict = false;
    };

    std::mutex mutex;
    std::condition_variable changed;
    std::map<int, Unit> units;
    bool reachable = true;
    int connect_count = 0;
    std::vector<std::pair<int, Bytes>> requests;  ///< Unit and PDU, in order.
    std::function<void()> before_reply;           ///< Runs while a request is in flight.

    int write_count() {
        const std::lock_guard lock(mutex);
        int count = 0;
        for (const auto& [unit, pdu] : requests) {
            count += pdu[0] == 0x10 ? 1 : 0;
        }
        return count;
    }

    template <typename Predicate>
    bool wait(Predicate predicate) {
        std::unique_lock lock(mutex);
        return changed.wait_for(lock, std::chrono::seconds(10), predicate);
    }

    WireReply answer(int unit_id, const Bytes& pdu) {
        if (before_reply) {
            before_reply();
        }
        const std::lock_guard lock(mutex);
        requests.emplace_back(unit_id, pdu);
        changed.notify_all();
        WireReply reply;
        reply.sent = true;
        reply.sent_bytes = pdu;
        const auto found = units.find(unit_id);
        if (found == units.end() || found->second.silent) {
            return reply;
        }
        Unit& unit = found->second;
        if (unit.lose_requests > 0) {
            --unit.lose_requests;
            return reply;
        }
        reply.outcome = WireOutcome::kReply;
        if (unit.exception != 0) {
            reply.reply.exception_code = unit.exception;
            return reply;
        }
        if (pdu[0] == 0x10) {
            unit.open = unit.contradict ? unit.open : pdu[7] == 1;
            if (unit.lose_answers > 0) {
                --unit.lose_answers;
                reply.outcome = WireOutcome::kTimeout;
            }
            return reply;
        }
        const std::uint16_t registers[] = {static_cast<std::uint16_t>(unit.total >> 16),
                                           static_cast<std::uint16_t>(unit.total & 0xFFFF), 100,
                                           static_cast<std::uint16_t>(unit.open ? 1 : 0), 0};
        for (int i = 0; i < pdu[4]; ++i) {
            reply.reply.words.push_back(registers[pdu[2] + i]);
        }
        return reply;
    }
};

class FakeLine final : public LinePort {
public:
    explicit FakeLine(FakeBus& bus) : bus_(bus) {}
    Status connect() override {
        const std::lock_guard lock(bus_.mutex);
        ++bus_.connect_count;
        bus_.changed.notify_all();
        connected_ = bus_.reachable;
        return connected_ ? absl::OkStatus() : unavailable("LINE_UNREACHABLE", "refused");
    }
    void disconnect() override { connected_ = false; }
    [[nodiscard]] bool is_connected() const override { return connected_; }
    WireReply transact(int unit, const Bytes& pdu) override {
        {
            const std::lock_guard lock(bus_.mutex);
            if (!bus_.reachable) {
                connected_ = false;
                WireReply reply;
                reply.outcome = WireOutcome::kDisconnected;
                return reply;
            }
        }
        return bus_.answer(unit, pdu);
    }

private:
    FakeBus& bus_;
    bool connected_ = false;
};

/// Remembers what it is given. Thread-safe.
class FakeStores final : public BatchStore, public CommandStore, public IntentClaims {
public:
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<LineBatch> batches;
    std::vector<Command> marked;
    std::map<std::string, Command> finished;
    std::vector<std::string> claims;
    ClaimOutcome claim_outcome = ClaimOutcome::kGranted;
    bool database_up = true;
    std::function<void()> on_mark;

    Status write(const std::vector<LineBatch>& written) override {
        const std::lock_guard lock(mutex);
        if (!database_up) {
            return unavailable("DATABASE_UNAVAILABLE", "away");
        }
        batches.insert(batches.end(), written.begin(), written.end());
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
        marked.push_back(command);
        changed.notify_all();
        return absl::OkStatus();
    }
    Status finish(const Command& command) override {
        const std::lock_guard lock(mutex);
        if (!database_up) {
            return unavailable("DATABASE_UNAVAILABLE", "away");
        }
        finished[command.command_id] = command;
        changed.notify_all();
        return absl::OkStatus();
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
