#pragma once

namespace CLI {
class App;
}

namespace prepay::metering {

/// `import`: sends register history from a CSV file to a running gateway. Request ids are made of
/// the rows, so running the same file again changes nothing. Exit code 0 = all rows stored or known
/// already, 1 = the service failed or rows were rejected, 2 = the file is wrong (nothing was sent).
void add_import_command(CLI::App& app, int& exit_code);

}  // namespace prepay::metering
