#pragma once

#include <string>

namespace prepay::contract {

/// Compares a text with tests/contract/golden/<name> and fails the running test with the first
/// difference and how to accept it. With PREPAY_UPDATE_GOLDEN=1 writes the file instead.
void check_golden(const std::string& name, const std::string& text);

}  // namespace prepay::contract
