#pragma once

#include <pqxx/pqxx>

#include <string>

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

}  // namespace prepay::pg
