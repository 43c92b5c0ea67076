#pragma once

namespace prepay::test {

/// Where the tree and its build lie, without a trailing slash. Compiled once, so that no other test
/// source depends on the folder it is built in.
const char* source_dir();
const char* binary_dir();

}  // namespace prepay::test
