#pragma once

#include <string>
#include <vector>

#include "charges/domain/rated_line.h"

// A charge's lines lie in one array of numbers, seven a line.
namespace prepay::billing {

/// The array's text.
std::string lines_text(const std::vector<RatedLine>& lines);

/// The lines of such a text; their quantities are of `resource`.
std::vector<RatedLine> read_lines(const std::string& text, Resource resource);

}  // namespace prepay::billing
