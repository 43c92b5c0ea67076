#pragma once

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <string>

#include "support/paths.h"

namespace prepay::billing::testing {

/// The text of services/billing/examples/<name>.
inline std::string example(const std::string& name) {
    std::ifstream file(std::string(test::source_dir()) + "/services/billing/examples/" + name);
    REQUIRE(file);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace prepay::billing::testing
