#pragma once

#include <pqxx/pqxx>

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "pg/row.h"

namespace prepay::pg {

/// Hands the rows of one page to `add`. `rows` were asked for with LIMIT size + 1; when the one
/// more is there, the response's next_page_token becomes column `place` of the page's last row: of
/// it the server makes the token.
template <typename Response, typename Add>
void fill_page(const pqxx::result& rows, int size, const char* place, Response& response,
               const Add& add) {
    for (const auto& row : rows) {
        if (static_cast<int>(row.rownumber()) == size) {
            response.set_next_page_token(
                rows[row.rownumber() - 1][place].template as<std::string>());
            return;
        }
        add(row);
    }
}

/// One page of a list.
template <typename T>
struct Page {
    std::vector<T> rows;
    std::string next_page_token;  ///< The place of the last row; empty = there are no more.

    void set_next_page_token(std::string place) { next_page_token = std::move(place); }
};

/// The same as plain values: what `read` makes of each row.
template <typename Read>
auto read_page(const pqxx::result& rows, int size, const char* place, const Read& read) {
    Page<std::invoke_result_t<const Read&, const Row&>> page;
    fill_page(rows, size, place, page, [&](const Row& row) { page.rows.push_back(read(row)); });
    return page;
}

}  // namespace prepay::pg
