#pragma once

#include <CLI/CLI.hpp>

#include "runtime/service.h"

namespace prepay::account {

/// `journal` prints the whole ledger for hledger, `check` looks the books over. Both only read, end
/// with 1 when something is wrong, and need no running service. `program` must stay.
void add_books_commands(CLI::App& app, int& exit_code, const runtime::Program& program);

}  // namespace prepay::account
