#include "support/paths.h"

namespace prepay::test {

const char* source_dir() { return PREPAY_SOURCE_DIR; }

const char* binary_dir() { return PREPAY_BINARY_DIR; }

}  // namespace prepay::test
