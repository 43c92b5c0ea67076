#pragma once

namespace CLI {
class App;
}

namespace prepay::metering {

/// `probe`: reads one meter and prints what it says as JSON; needs neither service nor database.
/// Exit code 0 = read, 1 = the meter or line did not answer, 2 = wrong usage or pack.
void add_probe_command(CLI::App& app, int& exit_code);

}  // namespace prepay::metering
