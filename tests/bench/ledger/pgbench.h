#pragma once

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace prepay::bench {

/// TPC-B by pgbench on the server under test, the reference of all money figures.
class Pgbench {
public:
    Pgbench(std::string url, int scale) : url_(std::move(url)) {
        output_of("-i -q -s " + std::to_string(scale));
    }

    /// Transactions a second over `seconds` with so many clients.
    double tps(int client_count, int seconds) const {
        const std::string output = output_of("-n -M prepared -c " + std::to_string(client_count) +
                                             " -j 2 -T " + std::to_string(seconds));
        const auto at = output.find("tps = ");
        if (at == std::string::npos) {
            throw std::runtime_error("pgbench printed no tps: " + output);
        }
        return std::atof(output.c_str() + at + 6);
    }

private:
    std::string output_of(const std::string& arguments) const {
        const char* const folder = std::getenv("PREPAY_PG_BIN");
        const std::string command =
            std::string(folder == nullptr ? "/usr/lib/postgresql/15/bin" : folder) + "/pgbench " +
            arguments + " '" + url_ + "' 2>&1";
        FILE* const pipe = popen(command.c_str(), "r");
        std::string output;
        char buffer[4096];
        std::size_t size = 0;
        while (pipe != nullptr && (size = fread(buffer, 1, sizeof buffer, pipe)) > 0) {
            output.append(buffer, size);
        }
        if (pipe == nullptr || pclose(pipe) != 0) {
            throw std::runtime_error("pgbench failed: " + output);
        }
        return output;
    }

    std::string url_;
};

}  // namespace prepay::bench
