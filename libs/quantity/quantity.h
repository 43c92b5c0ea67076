#pragma once

#include <compare>
#include <cstdint>

#include "core/assert.h"

namespace prepay {

__extension__ using Int128 = __int128;

/// An amount of money in micro-yuan (1e-6 of the currency unit). Exact; never a float.
class Money {
public:
    constexpr Money() = default;
    static constexpr Money from_micros(std::int64_t micros) { return Money(micros); }
    static constexpr Money from_fen(std::int64_t fen) { return Money(fen * 10'000); }
    static constexpr Money from_yuan(std::int64_t yuan) { return Money(yuan * 1'000'000); }

    [[nodiscard]] constexpr std::int64_t micros() const { return micros_; }
    [[nodiscard]] constexpr bool is_whole_fen() const { return micros_ % 10'000 == 0; }

    constexpr auto operator<=>(const Money&) const = default;
    constexpr Money operator-() const { return Money(-micros_); }
    constexpr Money operator+(Money other) const { return Money(micros_ + other.micros_); }
    constexpr Money operator-(Money other) const { return Money(micros_ - other.micros_); }
    constexpr Money& operator+=(Money other) {
        micros_ += other.micros_;
        return *this;
    }
    constexpr Money& operator-=(Money other) {
        micros_ -= other.micros_;
        return *this;
    }

private:
    explicit constexpr Money(std::int64_t micros) : micros_(micros) {}
    std::int64_t micros_ = 0;
};

/// What a meter counts. Values are those of the proto.
enum class Resource : std::uint8_t { kElectricity = 1, kWater = 2 };

/// Registers and quantities are integers of a base unit, Wh or mL; prices and people speak of
/// 10^scale of it: a kWh is 1,000 Wh, a cubic metre 1,000,000 mL. All arithmetic, parsing and
/// printing of units follows from this one place.
constexpr int unit_scale(Resource resource) { return resource == Resource::kWater ? 6 : 3; }

/// Micro-yuan per kWh of electricity or per cubic metre of water.
class Price {
public:
    constexpr Price() = default;
    static constexpr Price from_micros(std::int64_t micros) { return Price(micros); }
    [[nodiscard]] constexpr std::int64_t micros() const { return micros_; }
    constexpr auto operator<=>(const Price&) const = default;

private:
    explicit constexpr Price(std::int64_t micros) : micros_(micros) {}
    std::int64_t micros_ = 0;
};

/// What was used in an interval, in base units of its resource; negative only in reversals.
/// Quantities of two resources are never equal, and adding them ends the process.
class Quantity {
public:
    constexpr Quantity() = default;  ///< No electricity.
    constexpr Quantity(Resource resource, std::int64_t base_units)
        : base_units_(base_units), resource_(resource) {}
    static constexpr Quantity wh(std::int64_t wh) { return {Resource::kElectricity, wh}; }
    static constexpr Quantity ml(std::int64_t ml) { return {Resource::kWater, ml}; }

    [[nodiscard]] constexpr Resource resource() const { return resource_; }
    [[nodiscard]] constexpr std::int64_t base_units() const { return base_units_; }
    constexpr bool operator==(const Quantity&) const = default;
    constexpr Quantity operator-() const { return {resource_, -base_units_}; }
    constexpr Quantity& operator+=(Quantity other) {
        PREPAY_ASSERT(resource_ == other.resource_);
        base_units_ += other.base_units_;
        return *this;
    }
    constexpr Quantity operator+(Quantity other) const { return Quantity(*this) += other; }
    constexpr Quantity operator-(Quantity other) const { return Quantity(*this) += -other; }

private:
    std::int64_t base_units_ = 0;
    Resource resource_ = Resource::kElectricity;
};

/// The difference of two totals of one register, in base units. It has no price and no unit until
/// `of()` says what the register counts.
class RegisterDifference {
public:
    explicit constexpr RegisterDifference(std::int64_t base_units) : base_units_(base_units) {}
    [[nodiscard]] constexpr std::int64_t base_units() const { return base_units_; }
    [[nodiscard]] constexpr Quantity of(Resource resource) const { return {resource, base_units_}; }
    constexpr auto operator<=>(const RegisterDifference&) const = default;

private:
    std::int64_t base_units_ = 0;
};

/// A cumulative meter register in base units of what the meter counts. Totals cannot be added,
/// priced or printed; two of one register differ by what was used between them.
class RegisterTotal {
public:
    constexpr RegisterTotal() = default;
    static constexpr RegisterTotal from_base_units(std::int64_t units) {
        return RegisterTotal(units);
    }
    [[nodiscard]] constexpr std::int64_t base_units() const { return base_units_; }
    constexpr auto operator<=>(const RegisterTotal&) const = default;
    constexpr RegisterDifference operator-(RegisterTotal other) const {
        return RegisterDifference(base_units_ - other.base_units_);
    }
    constexpr RegisterTotal operator+(RegisterDifference used) const {
        return RegisterTotal(base_units_ + used.base_units());
    }

private:
    explicit constexpr RegisterTotal(std::int64_t base_units) : base_units_(base_units) {}
    std::int64_t base_units_ = 0;
};

constexpr std::int64_t kPicosPerNano = 1'000;
constexpr std::int64_t kPicosPerMicro = 1'000'000;

/// The exact product of a quantity and a price in pico-yuan (1e-12), which both resources reach
/// without a rest: Wh x micro-yuan/kWh are nano-yuan, mL x micro-yuan/m3 are pico-yuan.
constexpr Int128 exact_picos(Quantity quantity, Price price) {
    std::int64_t picos_per_product = kPicosPerMicro;
    for (int i = 0; i < unit_scale(quantity.resource()); ++i) {
        picos_per_product /= 10;
    }
    return static_cast<Int128>(quantity.base_units()) * price.micros() * picos_per_product;
}

/// An exact amount in the two numbers that are stored and sent, as seconds and nanos are of a time:
/// picos = nanos x 1,000 + picos_rest, nanos rounded down.
struct SplitPicos {
    std::int64_t nanos = 0;
    std::int32_t picos_rest = 0;  ///< 0 .. 999.
};

constexpr SplitPicos split_picos(Int128 picos) {
    Int128 nanos = picos / kPicosPerNano;
    auto rest = static_cast<std::int32_t>(picos % kPicosPerNano);
    if (rest < 0) {
        rest += static_cast<std::int32_t>(kPicosPerNano);
        nanos -= 1;
    }
    return {static_cast<std::int64_t>(nanos), rest};
}

constexpr Int128 join_picos(std::int64_t nanos, std::int64_t picos_rest) {
    return static_cast<Int128>(nanos) * kPicosPerNano + picos_rest;
}

/// Result of the one place where exact pico-yuan become ledger micro-yuan.
struct Rounded {
    Money amount;
    std::int64_t remainder_picos = 0;  ///< 0 .. 999,999, to be carried into the next charge.
};

/// The only rounding of the suite: adds the carried remainder and floors to micro-yuan; what is
/// left is carried. Sums telescope: however a period is cut, and whatever resources an account
/// pays for, the rounded charges differ from the exact total by less than one micro-yuan.
constexpr Rounded round_with_carry(Int128 picos, std::int64_t carried_picos) {
    const Int128 total = picos + carried_picos;
    Int128 micros = total / kPicosPerMicro;
    Int128 remainder = total % kPicosPerMicro;
    if (remainder < 0) {
        remainder += kPicosPerMicro;
        micros -= 1;
    }
    return {Money::from_micros(static_cast<std::int64_t>(micros)),
            static_cast<std::int64_t>(remainder)};
}

}  // namespace prepay
