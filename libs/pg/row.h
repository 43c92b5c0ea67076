#pragma once

#include <optional>
#include <pqxx/pqxx>
#include <string>
#include <vector>

#include "core/time.h"

namespace prepay::pg {

/// Reads a row by the names of its columns, so that a changed SELECT list is an error and never
/// another number. Names that are asked for in the order of the list are found at once. An unknown
/// name, and a NULL where none was expected, throw like every fault of libpqxx. Not thread-safe.
class Row {
public:
    // Implicit: callbacks and range loops hand over rows.
    Row(const pqxx::row& row) : row_(row) {}  // NOLINT(google-explicit-constructor)

    template <typename T>
    [[nodiscard]] T get(const char* column) const {
        return field(column).template as<T>();
    }
    [[nodiscard]] std::int64_t number(const char* column) const {
        return get<std::int64_t>(column);
    }
    [[nodiscard]] std::string text(const char* column) const { return get<std::string>(column); }
    [[nodiscard]] std::string bytes(const char* column) const {
        return pqxx::binarystring(field(column)).str();
    }
    /// Of an array column of one dimension. A NULL in it throws.
    [[nodiscard]] std::vector<std::string> texts(const char* column) const;
    [[nodiscard]] std::vector<std::int64_t> numbers(const char* column) const;
    /// Of a column in microseconds since 1970 (see `micros()`).
    [[nodiscard]] Instant time(const char* column) const { return from_micros(number(column)); }

    /// Nothing for NULL.
    template <typename T>
    [[nodiscard]] std::optional<T> find(const char* column) const {
        const pqxx::field value = field(column);
        return value.is_null() ? std::nullopt : std::optional<T>(value.template as<T>());
    }
    [[nodiscard]] std::optional<Instant> find_time(const char* column) const {
        const pqxx::field value = field(column);
        return value.is_null() ? std::nullopt
                               : std::optional<Instant>(from_micros(value.as<std::int64_t>()));
    }
    template <typename T>
    [[nodiscard]] T get_or(const char* column, const T& otherwise) const {
        return find<T>(column).value_or(otherwise);
    }
    [[nodiscard]] bool is_null(const char* column) const { return field(column).is_null(); }

private:
    [[nodiscard]] pqxx::field field(const char* column) const;

    pqxx::row row_;
    mutable pqxx::row::size_type next_ = 0;  ///< The column asked for next, most likely.
};

/// The value of a row that has one column only: `only<std::int64_t>(tx.exec1("SELECT count(*)
/// …"))`.
template <typename T>
T only(const pqxx::row& row) {
    if (row.size() != 1) {
        throw pqxx::usage_error("one column was expected, not " + std::to_string(row.size()));
    }
    return row.front().as<T>();
}

}  // namespace prepay::pg
