#pragma once

#include "config.h"
#include "runtime/service.h"

namespace CLI {
class App;
}

namespace prepay::console {

/// `mint-token`: prints a signed token, for services.
void add_token_command(CLI::App& app, int& exit_code);

/// `create-user`: adds a user or resets one, with a password from standard input.
void add_user_command(CLI::App& app, int& exit_code, const runtime::Program& program);

/// For `--check-config`: whether tokens can be signed with the configured key.
void check_key(const ConsoleConfig& config, config::Reader& reader);

}  // namespace prepay::console
