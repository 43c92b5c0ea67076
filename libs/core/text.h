#pragma once

#include <string_view>

namespace prepay {

/// Whether a text is one line that shows as it is: valid UTF-8 without control characters (C0, DEL,
/// C1), line and paragraph separators, and marks that turn the direction of what follows. `kLines`
/// also lets line feeds, carriage returns and tabs pass.
enum class TextForm { kLine, kLines };
bool is_clean_text(std::string_view text, TextForm form);

/// Nothing that a person could read: empty, or spaces only. A reason must be more.
inline bool is_blank(std::string_view text) {
    return text.find_first_not_of(" \t\r\n\u3000") == std::string::npos;
}

}  // namespace prepay
