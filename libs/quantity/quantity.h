#pragma once

#include <compare>
#include <cstdint>

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

/// Micro-yuan per kWh (electricity) or per cubic metre (water).
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

/// Energy (Wh) or volume (mL) of an interval; negative only in reversals.
class Energy {
public:
    constexpr Energy() = default;
    static constexpr Energy from_wh(std::int64_t wh) { return Energy(wh); }
    [[nodiscard]] constexpr std::int64_t wh() const { return wh_; }
    constexpr auto operator<=>(const Energy&) const = default;
    constexpr Energy operator-() const { return Energy(-wh_); }
    constexpr Energy operator+(Energy other) const { return Energy(wh_ + other.wh_); }
    constexpr Energy operator-(Energy other) const { return Energy(wh_ - other.wh_); }
    constexpr Energy& operator+=(Energy other) {
        wh_ += other.wh_;
        return *this;
    }

private:
    explicit constexpr Energy(std::int64_t wh) : wh_(wh) {}
    std::int64_t wh_ = 0;
};

/// A cumulative meter register in Wh (mL). Two totals differ by an interval energy; totals
/// themselves cannot be added.
class RegisterTotal {
public:
    constexpr RegisterTotal() = default;
    static constexpr RegisterTotal from_wh(std::int64_t wh) { return RegisterTotal(wh); }
    [[nodiscard]] constexpr std::int64_t wh() const { return wh_; }
    constexpr auto operator<=>(const RegisterTotal&) const = default;
    constexpr Energy operator-(RegisterTotal other) const {
        return Energy::from_wh(wh_ - other.wh_);
    }
    constexpr RegisterTotal operator+(Energy energy) const {
        return RegisterTotal(wh_ + energy.wh());
    }

private:
    explicit constexpr RegisterTotal(std::int64_t wh) : wh_(wh) {}
    std::int64_t wh_ = 0;
};

/// Exact product of energy and price in nano-yuan (1e-9): Wh x micro-yuan/kWh = nano-yuan, because
/// the 1e-3 of Wh -> kWh and the 1e-6 of micro-yuan multiply. Fits 128 bits for every input.
constexpr Int128 exact_nanos(Energy energy, Price price) {
    return static_cast<Int128>(energy.wh()) * static_cast<Int128>(price.micros());
}

/// Result of the one place where exact nano-yuan become ledger micro-yuan.
struct Rounded {
    Money amount;
    std::int64_t remainder_nanos = 0;  ///< 0 .. 999, to be carried into the next charge.
};

/// The only rounding of the suite: adds the carried remainder (0 .. 999) and floors to micro-yuan;
/// what is left is carried. Sums telescope: however a period is cut, the rounded charges differ
/// from the exact total by less than one micro-yuan.
constexpr Rounded round_with_carry(Int128 nanos, std::int64_t carried_nanos) {
    const Int128 total = nanos + carried_nanos;
    Int128 micros = total / 1000;
    Int128 remainder = total % 1000;
    if (remainder < 0) {
        remainder += 1000;
        micros -= 1;
    }
    return {Money::from_micros(static_cast<std::int64_t>(micros)),
            static_cast<std::int64_t>(remainder)};
}

}  // namespace prepay
