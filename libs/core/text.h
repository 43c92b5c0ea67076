#pragma once

#include <string_view>

namespace prepay {

/// Whether a text is one line that shows as it is: valid UTF-8 without control characters (C0, DEL,
/// C1), line and paragraph separators, and marks that turn the direction of what follows. `kLines`
/// also lets line feeds, carriage returns and tabs pass.
enum class TextForm { kLine, kLines };
bool is_clean_text(std::string_view text, TextForm form);

}  // namespace prepay
