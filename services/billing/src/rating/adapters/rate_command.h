#pragma once

namespace CLI {
class App;
}

namespace prepay::billing {

/// Adds `rate --tariff FILE… --readings FILE [--format table|json]`: the bill without a database,
/// on stdout. Sets `exit_code` to 1 on a bad file (one line on stderr: file:line:column: message).
void add_rate_command(CLI::App& app, int& exit_code);

}  // namespace prepay::billing
