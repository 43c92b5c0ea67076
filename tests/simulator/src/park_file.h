#pragma once

#include <string>
#include <vector>

#include "core/status.h"
#include "park.h"

namespace prepay::simulator {

/// Something from a file and the line where it stands.
template <typename T>
struct Located {
    T value;
    int line = 0;
};

/// A park as described by a YAML file; ranges are written out.
struct ParkFile {
    std::int64_t speed = 1;
    std::vector<Located<LineSpec>> lines;
    std::vector<Located<MeterSpec>> meters;
};

/// Reads a park file (format: README.md). Reason BAD_PARK_FILE, the message starts with file:line.
Result<ParkFile> read_park_file(const std::string& path);

/// "file:line: what", for errors found later.
std::string at_line(const std::string& path, int line, const std::string& what);

}  // namespace prepay::simulator
