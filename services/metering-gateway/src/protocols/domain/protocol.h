#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace prepay::metering {

using Bytes = std::vector<std::uint8_t>;

/// Which meter of its line is meant, as its protocol counts them: a unit, or many decimal digits.
class MeterAddress {
public:
    constexpr MeterAddress() = default;
    constexpr explicit MeterAddress(std::int64_t number) : number_(number) {}
    [[nodiscard]] constexpr std::int64_t number() const { return number_; }
    bool operator==(const MeterAddress&) const = default;

private:
    std::int64_t number_ = 0;
};

/// Why bytes were not taken as an answer. One counter each.
enum class FrameFault {
    kNone,
    kTooShort,          ///< Fewer bytes than any reply has.
    kBadLength,         ///< A length that no reply has, or not what followed.
    kBadProtocol,       ///< The frame is of another protocol.
    kWrongTransaction,  ///< Stale or future transaction id.
    kWrongUnit,         ///< Another meter answered.
    kWrongFunction,     ///< Answer to another function.
    kBadByteCount,      ///< Odd, or not twice the registers asked for.
    kWrongEcho,         ///< A write's echo names other registers.
    kUnknownException,  ///< A refusal with a code that the protocol does not have.
    kBadCrc,
    kTrailingBytes,  ///< More bytes than the reply has.
};
const char* fault_text(FrameFault fault);

class Protocol;
class StreamFraming;

/// One step of a conversation with a meter, as the bytes that its transport frames and moves.
struct Request {
    const Protocol* protocol = nullptr;
    MeterAddress address;
    Bytes data;
    bool is_order = false;  ///< It changes something in the meter.
};

enum class AnswerKind {
    kValues,   ///< Carried out; the words of a read.
    kRefused,  ///< The meter will not.
    kBusy,     ///< It may when it is asked again.
    kUnknown,  ///< The meter's answer says nothing about what it did.
};

/// What came back, judged against its request.
struct Answer {
    FrameFault fault = FrameFault::kNone;  ///< Else nothing but it counts.
    AnswerKind kind = AnswerKind::kValues;
    int code = 0;            ///< The protocol's, of all but kValues.
    const char* text = "";   ///< What the code means.
    bool is_absent = false;  ///< Refused because the meter has no such registers.
    std::vector<std::uint16_t> words;
    [[nodiscard]] bool ok() const {
        return fault == FrameFault::kNone && kind == AnswerKind::kValues;
    }
};

/// How a family of meters is spoken to: steps become bytes, bytes become answers. Pure.
class Protocol {
public:
    virtual ~Protocol() = default;
    /// Reads `count` registers from `first`.
    [[nodiscard]] virtual Request read(MeterAddress address, int first, int count) const = 0;
    /// Writes words to the registers from `first`.
    [[nodiscard]] virtual Request write(MeterAddress address, int first,
                                        std::span<const std::uint16_t> words) const = 0;
    /// Judges an answer without its frame. Never reads outside its input.
    [[nodiscard]] virtual Answer judge(const Request& request,
                                       std::span<const std::uint8_t> answer) const = 0;

    /// How its requests and answers lie in a TCP connection.
    [[nodiscard]] virtual const StreamFraming& stream_framing() const = 0;

    [[nodiscard]] virtual bool is_address(MeterAddress address) const = 0;
    /// The addresses there are, for messages: "1 .. 247".
    [[nodiscard]] virtual const char* address_range() const = 0;
    /// The highest register there is.
    [[nodiscard]] virtual int register_max() const = 0;
    [[nodiscard]] virtual int read_registers_max() const = 0;
    /// 0 = nothing can be written: its packs have no commands.
    [[nodiscard]] virtual int write_registers_max() const = 0;
};

/// Where an answer stands after the bytes received so far.
struct FrameProgress {
    FrameFault fault = FrameFault::kNone;
    bool complete = false;
    std::size_t frame_size = 0;  ///< Known once complete.
};

/// How requests and answers lie in a stream of bytes. Pure.
class StreamFraming {
public:
    virtual ~StreamFraming() = default;
    /// The request as it goes out; `number` tells it from those before.
    [[nodiscard]] virtual Bytes frame(std::uint16_t number, const Request& request) const = 0;
    /// Judges the head of an answer as soon as its bytes are there; bytes after the frame are a
    /// fault.
    [[nodiscard]] virtual FrameProgress inspect(std::span<const std::uint8_t> received,
                                                std::uint16_t number,
                                                MeterAddress address) const = 0;
    /// The answer in a complete frame.
    [[nodiscard]] virtual std::span<const std::uint8_t> answer_in(
        std::span<const std::uint8_t> frame) const = 0;
};
/// No frame of any framing is larger.
constexpr std::size_t kStreamFrameMax = 260;

}  // namespace prepay::metering
