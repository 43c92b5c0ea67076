#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "devices/domain/meter.h"
#include "devices/domain/relay.h"
#include "protocols/domain/protocols.h"

namespace prepay::metering {

enum class ValueType { kU16, kI16, kU32, kI32 };

/// Byte order of a 32-bit value on the wire, A = most significant. 16-bit values follow it too:
/// kBadc and kDcba swap the bytes of each register.
enum class WordOrder { kAbcd, kCdab, kBadc, kDcba };

/// One request of the block plan.
struct PackBlock {
    int address = 0;
    int count = 0;  ///< Registers.
    int every = 1;  ///< Read in each n-th sweep only; the last words are kept in between.
    int line = 0;   ///< In the pack file, for messages.
};

/// One integer value: (register × multiply ÷ divide) × CT ratio where `ct` is set.
struct PackValue {
    int address = 0;
    ValueType type = ValueType::kU16;
    std::int64_t multiply = 1;
    std::int64_t divide = 1;
    bool ct = false;
    int line = 0;
};

/// The bit that shows the contact.
struct PackRelay {
    int address = 0;
    int bit = 0;
    int open_when = 1;
    int line = 0;
};

/// Words that must be read after a command; only bits set in the mask count.
struct PackReadBack {
    int address = 0;
    std::vector<std::uint16_t> words;
    std::vector<std::uint16_t> mask;
    int line = 0;
};

struct PackCommand {
    int address = 0;
    std::vector<std::uint16_t> words;
    /// The relay's contact first: the look before an order goes no further than it must.
    std::vector<PackReadBack> read_back;
    int line = 0;
};

/// All byte-level knowledge of one meter family, as data. Immutable once validated.
struct DriverPack {
    std::string name;
    std::string display_name;
    ProtocolKind protocol = ProtocolKind::kModbus;
    Resource resource = Resource::kElectricity;
    int phases = 1;                        ///< 1 or 3; 0 of a water meter.
    std::int64_t rated_power_w = 0;        ///< Electricity only.
    std::int64_t max_flow_l_per_h = 0;     ///< Water only.
    std::int64_t register_resolution = 0;  ///< Wh or mL per register step.
    std::int64_t register_limit = 0;       ///< Wh or mL at which the total starts again from 0.
    WordOrder word_order = WordOrder::kAbcd;
    std::vector<PackBlock> blocks;
    PackValue register_total;
    std::vector<PackValue> rate_totals;
    std::vector<PackValue> voltages;
    std::vector<PackValue> currents;
    std::optional<PackValue> power;
    std::optional<PackValue> power_factor;
    std::optional<PackRelay> relay;
    std::map<CommandAction, PackCommand> commands;
};

struct PackProblem {
    int line = 0;
    std::string message;
};

/// What is wrong with a pack; empty = usable. Refuses among others a value that would be read in
/// two requests: its halves could belong to different moments.
std::vector<PackProblem> validate(const DriverPack& pack);

/// The most a meter of this family can count in an hour, in Wh or mL, before its CT ratio.
std::int64_t max_per_hour(const DriverPack& pack);

/// "0x000B", as packs write a register.
std::string register_text(int address);

/// Registers a value takes.
int register_count(ValueType type);

/// Words of the blocks read so far, by the block's index in the pack; empty = not read.
using BlockWords = std::vector<std::vector<std::uint16_t>>;

/// Whether a meter that answers a block with this can be read without it: it has no such
/// registers, and the billing register is not among them.
bool may_be_left_out(const DriverPack& pack, std::size_t index, const Answer& answer);

/// Turns words into values. Nothing when a needed block is missing or a product does not fit
/// 64 bits. Other blocks may be missing, not read yet or refused by the meter: their values are
/// then left out.
std::optional<MeterValues> decode(const DriverPack& pack, int ct_ratio, const BlockWords& blocks,
                                  Instant read_time);

/// The contact as the relay's register shows it.
RelayState contact_of(const PackRelay& relay, std::uint16_t word);

/// Whether the words read back are those a command must leave.
bool matches(const PackReadBack& expected, const std::vector<std::uint16_t>& words);

}  // namespace prepay::metering
