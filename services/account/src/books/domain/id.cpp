#include "books/domain/id.h"

#include <algorithm>
#include <cctype>

namespace prepay::account {

Status check_id(const std::string& what, const std::string& id) {
    const bool good =
        !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](unsigned char c) {
            return std::isalnum(c) != 0 || c == '.' || c == '_' || c == ':' || c == '-';
        });
    return good ? absl::OkStatus()
                : invalid_argument("BAD_ID",
                                   what + " must be 1 .. 64 letters, digits, dots, dashes, colons");
}

}  // namespace prepay::account
