#pragma once

#include <cstddef>
#include <string_view>

#include "adapters/http_message.h"
#include "core/status.h"

namespace prepay::console {

inline constexpr std::size_t kHeadBytesMax = 64 << 10;
inline constexpr std::size_t kRequestLineBytesMax = 8 << 10;

/// Looks over a request's head before the parser reads it, and refuses what two servers could read
/// in two ways. Beast's parser takes a folded line, a list or a repetition of content-length,
/// transfer codings it does not know (as no body at all), chunks in HTTP/1.0, and any number of
/// hosts.
class HeadCheck {
public:
    /// `bytes`: all that has come since the head began. Reasons HEAD_TOO_LARGE, TARGET_TOO_LONG,
    /// and those of check_head().
    Status look(std::string_view bytes);
    /// Bytes of the head with its empty line; 0 while it is not all there.
    [[nodiscard]] std::size_t size() const { return size_; }

private:
    std::size_t seen_ = 0;
    std::size_t line_begin_ = 0;
    bool first_line_ = true;
    std::size_t size_ = 0;
};

/// INVALID_ARGUMENT / BAD_FRAMING: nobody can tell where the request ends.
Status bad_framing(const std::string& why);

/// The rules for a whole head. Reasons BAD_FRAMING, BAD_PATH, METHOD_UNSUPPORTED, HTTP_VERSION,
/// EXPECTATION.
Status check_head(std::string_view head);

/// Fills path and query from a target that check_head() let through. INVALID_ARGUMENT / BAD_PATH.
Status read_target(std::string_view target, HttpRequest& request);

bool same_text(std::string_view a, std::string_view b);  ///< But for the case of letters.

}  // namespace prepay::console
