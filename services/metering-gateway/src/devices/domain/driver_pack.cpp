#include "devices/domain/driver_pack.h"

#include <algorithm>

namespace prepay::metering {
namespace {

constexpr std::int64_t kScaleMax = 1'000'000;
constexpr int kEveryMax = 1000;

// The block that holds all registers of a value, or -1.
int block_of(const DriverPack& pack, int address, int count) {
    for (std::size_t i = 0; i < pack.blocks.size(); ++i) {
        const PackBlock& block = pack.blocks[i];
        if (address >= block.address && address + count <= block.address + block.count) {
            return static_cast<int>(i);
        }
    }
    return -1;
}

bool touches_block(const DriverPack& pack, int address, int count) {
    return std::any_of(pack.blocks.begin(), pack.blocks.end(), [&](const PackBlock& block) {
        return address < block.address + block.count && address + count > block.address;
    });
}

class Validator {
public:
    explicit Validator(const DriverPack& pack) : pack_(pack) {}

    std::vector<PackProblem> run() {
        check_blocks();
        check_value(pack_.register_total, "register_total");
        for (const PackValue& value : pack_.rate_totals) {
            check_value(value, "rate total");
        }
        for (const PackValue& value : pack_.voltages) {
            check_value(value, "voltage");
        }
        for (const PackValue& value : pack_.currents) {
            check_value(value, "current");
        }
        if (pack_.power) {
            check_value(*pack_.power, "power");
        }
        if (pack_.power_factor) {
            check_value(*pack_.power_factor, "power_factor");
        }
        if (pack_.relay && block_of(pack_, pack_.relay->address, 1) < 0) {
            add(pack_.relay->line,
                "relay " + register_text(pack_.relay->address) + " is in no block of the plan");
        }
        check_lengths();
        check_total();
        check_commands();
        return std::move(problems_);
    }

private:
    void add(int line, std::string message) { problems_.push_back({line, std::move(message)}); }

    void check_blocks() {
        if (pack_.blocks.empty()) {
            add(1, "blocks: at least one block is needed");
        }
        for (const PackBlock& block : pack_.blocks) {
            if (block.count < 1 || block.count > read_max_) {
                add(block.line, "count: 1 .. " + std::to_string(read_max_) +
                                    " registers fit one request, not " +
                                    std::to_string(block.count));
            }
            if (block.address < 0 || block.count - 1 > register_max_ - block.address) {
                add(block.line, "register: outside 0x0000 .. " + register_text(register_max_));
            }
            if (block.every < 1 || block.every > kEveryMax) {
                add(block.line, "every: 1 .. 1000");
            }
        }
    }

    void check_value(const PackValue& value, const char* what) {
        const int count = register_count(value.type);
        if (value.multiply < 1 || value.multiply > kScaleMax || value.divide < 1 ||
            value.divide > kScaleMax) {
            add(value.line, std::string(what) + ": multiply and divide are 1 .. 1000000");
        }
        if (block_of(pack_, value.address, count) >= 0) {
            return;
        }
        if (count > 1 && touches_block(pack_, value.address, count)) {
            add(value.line, std::string(what) + " " + register_text(value.address) +
                                ": the block plan would split this 32-bit value over two reads");
        } else {
            add(value.line, std::string(what) + " " + register_text(value.address) +
                                " is in no block of the plan");
        }
    }

    void check_lengths() {
        if (pack_.rate_totals.size() > kRatesMax) {
            add(pack_.rate_totals.back().line, "rate_totals: at most 5");
        }
        for (const auto* list : {&pack_.voltages, &pack_.currents}) {
            if (list->size() > kPhasesMax) {
                add(list->back().line, "voltages and currents: at most 3, one a phase");
            }
        }
    }

    void check_total() {
        const int index = block_of(pack_, pack_.register_total.address,
                                   register_count(pack_.register_total.type));
        if (index >= 0 && pack_.blocks[static_cast<std::size_t>(index)].every != 1) {
            add(pack_.register_total.line, "register_total must be read in every sweep");
        }
        if (pack_.register_resolution < 1) {
            add(1, "register_resolution: at least 1");
        }
        if (pack_.register_limit <= pack_.register_resolution) {
            add(1, "register_limit: more than one register step");
        }
        check_rating();
    }

    void check_rating() {
        const bool water = pack_.resource == Resource::kWater;
        if (water && (pack_.max_flow_l_per_h < 1 || pack_.max_flow_l_per_h > kScaleMax)) {
            add(1, "max_flow_l_per_h: 1 .. 1000000, of a water meter");
        }
        if (water && (pack_.rated_power_w != 0 || pack_.phases != 0)) {
            add(1, "rated_power_w, phases: of electricity meters only");
        }
        if (!water && pack_.rated_power_w < 1) {
            add(1, "rated_power_w: at least 1");
        }
        if (!water && pack_.phases != 1 && pack_.phases != 3) {
            add(1, "phases: 1 or 3");
        }
        if (!water && pack_.max_flow_l_per_h != 0) {
            add(1, "max_flow_l_per_h: of water meters only");
        }
    }

    void check_commands() {
        for (const auto& [action, command] : pack_.commands) {
            const std::string name = action_text(action);
            if (command.words.empty() || static_cast<int>(command.words.size()) > write_max_) {
                add(command.line,
                    name + ": 1 .. " + std::to_string(write_max_) + " words fit one request");
            }
            if (command.read_back.empty()) {
                add(command.line,
                    name + ": read_back is needed, else the effect could never be proven");
            }
            for (const PackReadBack& expected : command.read_back) {
                if (expected.words.empty() || static_cast<int>(expected.words.size()) > read_max_ ||
                    expected.mask.size() != expected.words.size()) {
                    add(expected.line, name + ": read_back needs as many masks as words");
                }
            }
        }
    }

    const DriverPack& pack_;
    const int register_max_ = protocol_of(pack_.protocol).register_max();
    const int read_max_ = protocol_of(pack_.protocol).read_registers_max();
    const int write_max_ = protocol_of(pack_.protocol).write_registers_max();
    std::vector<PackProblem> problems_;
};

std::uint16_t swap_bytes(std::uint16_t word) {
    return static_cast<std::uint16_t>((word << 8) | (word >> 8));
}

std::int64_t raw_value(const PackValue& value, WordOrder order,
                       const std::vector<std::uint16_t>& words, std::size_t index) {
    const bool bytes_swapped = order == WordOrder::kBadc || order == WordOrder::kDcba;
    const auto word = [&](std::size_t i) {
        return bytes_swapped ? swap_bytes(words[i]) : words[i];
    };
    const auto long_word = [&] {
        const bool low_first = order == WordOrder::kCdab || order == WordOrder::kDcba;
        const std::uint32_t high = word(low_first ? index + 1 : index);
        const std::uint32_t low = word(low_first ? index : index + 1);
        return (high << 16) | low;
    };
    switch (value.type) {
        case ValueType::kU16:
            return word(index);
        case ValueType::kI16:
            return static_cast<std::int16_t>(word(index));
        case ValueType::kU32:
            return long_word();
        case ValueType::kI32:
            return static_cast<std::int32_t>(long_word());
    }
    return 0;
}

// Reads values out of the block words; remembers whether something needed was missing.
class Decoder {
public:
    Decoder(const DriverPack& pack, int ct_ratio, const BlockWords& blocks)
        : pack_(pack), ct_ratio_(ct_ratio), blocks_(blocks) {}

    std::optional<std::int64_t> value(const PackValue& value) const {
        const std::vector<std::uint16_t>* words = nullptr;
        const auto index = find(value.address, register_count(value.type), words);
        if (!index) {
            return std::nullopt;
        }
        const std::int64_t raw = raw_value(value, pack_.word_order, *words, *index);
        Int128 product = 0;
        if (std::int64_t small = 0; !__builtin_mul_overflow(raw, value.multiply, &small)) {
            product = small / value.divide;  // As good as always; 128-bit divisions are slow.
        } else {
            product = static_cast<Int128>(raw) * value.multiply / value.divide;
        }
        if (value.ct) {
            product *= ct_ratio_;
        }
        if (product > INT64_MAX || product < INT64_MIN) {
            return std::nullopt;
        }
        return static_cast<std::int64_t>(product);
    }

    template <std::size_t kMax>
    ValueList<kMax> values(const std::vector<PackValue>& list) const {
        ValueList<kMax> result;
        for (const PackValue& item : list) {
            const auto decoded = value(item);
            if (!decoded) {
                break;
            }
            result.push_back(*decoded);
        }
        return result;
    }

    RelayState relay() const {
        const std::vector<std::uint16_t>* words = nullptr;
        if (!pack_.relay) {
            return RelayState::kUnknown;
        }
        const auto index = find(pack_.relay->address, 1, words);
        if (!index) {
            return RelayState::kUnknown;
        }
        return contact_of(*pack_.relay, (*words)[*index]);
    }

private:
    std::optional<std::size_t> find(int address, int count,
                                    const std::vector<std::uint16_t>*& words) const {
        const int block = block_of(pack_, address, count);
        if (block < 0 || static_cast<std::size_t>(block) >= blocks_.size()) {
            return std::nullopt;
        }
        words = &blocks_[static_cast<std::size_t>(block)];
        const auto offset = static_cast<std::size_t>(
            address - pack_.blocks[static_cast<std::size_t>(block)].address);
        if (offset + static_cast<std::size_t>(count) > words->size()) {
            return std::nullopt;
        }
        return offset;
    }

    const DriverPack& pack_;
    int ct_ratio_;
    const BlockWords& blocks_;
};

}  // namespace

std::string register_text(int address) {
    constexpr const char* kDigits = "0123456789ABCDEF";
    std::string text = "0x";
    for (int shift = address > 0xFFFF ? 28 : 12; shift >= 0; shift -= 4) {
        text += kDigits[(address >> shift) & 0xF];
    }
    return text;
}

int register_count(ValueType type) {
    switch (type) {
        case ValueType::kU16:
        case ValueType::kI16:
            return 1;
        case ValueType::kU32:
        case ValueType::kI32:
            return 2;
    }
    return 0;
}

std::int64_t max_per_hour(const DriverPack& pack) {
    constexpr std::int64_t kMillilitresPerLitre = 1000;
    return pack.resource == Resource::kWater ? pack.max_flow_l_per_h * kMillilitresPerLitre
                                             : pack.rated_power_w;  // A watt is a Wh an hour.
}

std::vector<PackProblem> validate(const DriverPack& pack) { return Validator(pack).run(); }

bool may_be_left_out(const DriverPack& pack, std::size_t index, const Answer& answer) {
    const PackValue& total = pack.register_total;
    return answer.is_absent &&
           block_of(pack, total.address, register_count(total.type)) != static_cast<int>(index);
}

std::optional<MeterValues> decode(const DriverPack& pack, int ct_ratio, const BlockWords& blocks,
                                  Instant read_time) {
    const Decoder decoder(pack, ct_ratio, blocks);
    const auto total = decoder.value(pack.register_total);
    if (!total) {
        return std::nullopt;
    }
    MeterValues values;
    values.read_time = read_time;
    values.register_total = RegisterTotal::from_base_units(*total);
    values.rate_total_wh = decoder.values<kRatesMax>(pack.rate_totals);
    values.voltage_mv = decoder.values<kPhasesMax>(pack.voltages);
    values.current_ma = decoder.values<kPhasesMax>(pack.currents);
    if (pack.power) {
        values.power_w = decoder.value(*pack.power).value_or(0);
    }
    if (pack.power_factor) {
        const std::int64_t factor = decoder.value(*pack.power_factor).value_or(0);
        values.power_factor_ppm =
            static_cast<std::int32_t>(std::clamp<std::int64_t>(factor, -1'000'000, 1'000'000));
    }
    values.relay = decoder.relay();
    return values;
}

RelayState contact_of(const PackRelay& relay, std::uint16_t word) {
    return ((word >> relay.bit) & 1) == relay.open_when ? RelayState::kOpen : RelayState::kClosed;
}

bool matches(const PackReadBack& expected, const std::vector<std::uint16_t>& words) {
    if (words.size() != expected.words.size()) {
        return false;
    }
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (((words[i] ^ expected.words[i]) & expected.mask[i]) != 0) {
            return false;
        }
    }
    return true;
}

}  // namespace prepay::metering
