#pragma once

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "frame_log.h"
#include "meter.h"
#include "modbus_frame.h"

namespace prepay::simulator {

/// What a line is made from.
struct LineSpec {
    std::string line_id;
    int tcp_port = 0;      // 127.0.0.1; 0 = chosen by the system
    int baud = 0;          // 0 = unpaced
    std::string pty_link;  // not empty: RTU on a pty instead of TCP, symlinked here
    bool rtu_over_tcp = false;

    [[nodiscard]] Framing framing() const {
        return rtu_over_tcp || !pty_link.empty() ? Framing::kRtu : Framing::kMbap;
    }
};

/// A line and the meters on it.
struct Line {
    LineSpec spec;
    std::array<Meter*, 248> units{};  // by unit id
    FaultList faults;
    Instant reboot_end;  // connections are refused before
    int meter_count = 0;
    int connection_count = 0;
    std::int64_t request_count = 0;
    std::int64_t overlap_count = 0;
    std::int64_t malformed_count = 0;
};

/// What a request leads to.
struct Served {
    bool answered = false;
    Bytes pdu;
    FaultEffect effect;
};

/// All lines and meters, their time and speed. Not thread-safe: lives on the one I/O thread.
class Park {
public:
    explicit Park(const Clock& clock);

    /// Park time: the clock's time at the start plus steady time since, so it never jumps.
    [[nodiscard]] Instant now() const;

    /// Reasons BAD_LINE, LINE_EXISTS.
    [[nodiscard]] Status check_line(const LineSpec& spec) const;
    /// A line that check_line let pass; stays where it is for the life of the park.
    Line& add_line(LineSpec spec);
    /// Takes back a line that could not be opened and has no meters.
    void remove_line(const std::string& line_id) { lines_.erase(line_id); }

    /// Adds all or none. Reasons BAD_METER, BAD_PROFILE, METER_EXISTS, UNIT_TAKEN, LINE_UNKNOWN.
    Status add_meters(const std::vector<MeterSpec>& specs);
    /// The first reason why add_meters would refuse one more meter, given those already in the
    /// park.
    Result<std::shared_ptr<const LoadProfile>> check_meter(const MeterSpec& spec);

    [[nodiscard]] Line* find_line(const std::string& line_id);
    /// Brought up to now.
    [[nodiscard]] Meter* find_meter(const std::string& meter_id);
    /// All, by id, brought up to now.
    std::vector<Meter*> meters();
    [[nodiscard]] const std::map<std::string, std::unique_ptr<Line>>& lines() const {
        return lines_;
    }

    /// 0 stops the registers; reason BAD_SPEED outside 0 to 1,000,000. Registers stay continuous.
    Status set_speed(std::int64_t speed);
    [[nodiscard]] std::int64_t speed() const { return speed_; }

    /// Faults of a meter or line; REBOOT starts now. Reason BAD_FAULT.
    Status set_faults(Meter& meter, const std::vector<Fault>& faults);
    Status set_faults(Line& line, const std::vector<Fault>& faults);

    /// A request reaches its meter now. Unit 0 is executed by all and answered by none.
    Served serve(Line& line, int unit, std::span<const std::uint8_t> pdu);

private:
    /// Lets time pass for a meter, with the orders that come due in it.
    void advance(Meter& meter, Instant time);
    void broadcast(Line& line, std::span<const std::uint8_t> pdu);

    const Clock& clock_;
    const Instant start_time_;
    const std::chrono::steady_clock::time_point start_steady_;
    std::int64_t speed_ = 1;
    std::map<std::string, std::unique_ptr<Line>> lines_;
    std::map<std::string, std::unique_ptr<Meter>> meters_;
    std::map<std::string, std::shared_ptr<const LoadProfile>> profiles_;
};

}  // namespace prepay::simulator
