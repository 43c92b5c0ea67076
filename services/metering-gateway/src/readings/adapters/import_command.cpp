#include "readings/adapters/import_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "core/ids.h"
#include "core/proto_time.h"
#include "devices/convert.h"
#include "prepay/metering/v1/metering.grpc.pb.h"
#include "readings/adapters/reading_csv.h"
#include "rpc/client.h"
#include "telemetry/log.h"

namespace prepay::metering {
namespace {

constexpr std::size_t kRowsPerRequest = 10'000;
constexpr int kTries = 30;
constexpr std::chrono::milliseconds kRetryPause{1000};
constexpr int kRejectedShownMax = 20;

struct ImportOptions {
    std::string file;
    std::string address;
    std::string token_file;
    int timeout_s = 60;
};

struct ImportTotals {
    std::int64_t stored = 0;
    std::int64_t duplicates = 0;
    std::int64_t rejected = 0;
};

/// What a person reads on stderr: one line that is written over as rows are taken, and messages.
class Terminal {
public:
    void say(const std::string& message) {
        std::fprintf(stderr, "%s%s\n", has_open_line_ ? "\n" : "", message.c_str());
        has_open_line_ = false;
    }
    void show_progress(std::size_t done, std::size_t all) {
        std::fprintf(stderr, "\r%zu of %zu readings", done, all);
        has_open_line_ = true;
    }
    void end() {
        std::fprintf(stderr, "%s", has_open_line_ ? "\n" : "");
        has_open_line_ = false;
    }

private:
    bool has_open_line_ = false;
};

Result<std::string> read_text(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return not_found("FILE_UNREADABLE", path + " cannot be read");
    }
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

v1::ImportReadingsRequest make_request(const std::vector<CsvReading>& rows, std::size_t start,
                                       std::size_t end) {
    v1::ImportReadingsRequest request;
    for (std::size_t i = start; i < end; ++i) {
        v1::Reading& reading = *request.add_readings();
        reading.set_meter_id(rows[i].meter_id);
        set_time(*reading.mutable_read_time(), rows[i].read_time);
        reading.set_register_total(rows[i].total.base_units());
        if (rows[i].resource) {
            reading.set_resource(to_proto_resource(*rows[i].resource));
        }
    }
    // Kept over tries. Another run has other ids: the rows themselves tell what is stored already.
    request.set_request_id("import-" + new_id(SystemClock()));
    return request;
}

Result<v1::ImportReadingsResponse> send(const rpc::Client& client,
                                        v1::MeteringService::StubInterface& stub,
                                        const v1::ImportReadingsRequest& request,
                                        Terminal& terminal) {
    for (int attempt = 1;; ++attempt) {
        Result<v1::ImportReadingsResponse> response =
            client.call(stub, &v1::MeteringService::StubInterface::ImportReadings, request);
        const auto code = response.status().code();
        const bool may_heal = code == absl::StatusCode::kUnavailable ||
                              code == absl::StatusCode::kDeadlineExceeded ||
                              code == absl::StatusCode::kAborted;
        if (!may_heal || attempt == kTries) {
            return response;
        }
        terminal.say(telemetry::describe(response.status()) + "; trying again");
        std::this_thread::sleep_for(kRetryPause);
    }
}

void take_answer(const ImportOptions& options, const std::vector<CsvReading>& rows,
                 std::size_t start, const v1::ImportReadingsResponse& response,
                 ImportTotals& totals, Terminal& terminal) {
    totals.stored += response.stored_count();
    totals.duplicates += response.duplicate_count();
    for (const v1::RejectedReading& rejected : response.rejected()) {
        if (totals.rejected++ < kRejectedShownMax) {
            const std::size_t index = start + static_cast<std::size_t>(rejected.index());
            terminal.say(options.file + ":" +
                         std::to_string(index < rows.size() ? rows[index].line : 0) + ": " +
                         rejected.reason() + ": " + rejected.message());
        } else if (totals.rejected == kRejectedShownMax + 1) {
            terminal.say("more readings were refused; only their number is told");
        }
    }
}

int run_import(const ImportOptions& options) {
    const Result<std::string> text = read_text(options.file);
    const Result<std::vector<CsvReading>> rows =
        text.ok() ? parse_reading_csv(*text, options.file)
                  : Result<std::vector<CsvReading>>(text.status());
    Result<std::string> token = read_text(options.token_file);
    if (!rows.ok() || !token.ok()) {
        std::fprintf(stderr, "%s\n",
                     telemetry::describe(rows.ok() ? token.status() : rows.status()).c_str());
        return 2;
    }
    while (!token->empty() && (token->back() == '\n' || token->back() == '\r')) {
        token->pop_back();
    }
    const rpc::Client client(
        rpc::ClientOptions{options.address, *token, std::chrono::seconds(options.timeout_s)});
    const auto stub = v1::MeteringService::NewStub(client.channel());
    ImportTotals totals;
    Terminal terminal;
    for (std::size_t start = 0; start < rows->size(); start += kRowsPerRequest) {
        const std::size_t end = std::min(rows->size(), start + kRowsPerRequest);
        const auto response = send(client, *stub, make_request(*rows, start, end), terminal);
        if (!response.ok()) {
            terminal.say(options.file + ": rows from line " + std::to_string((*rows)[start].line) +
                         " on were not taken: " + telemetry::describe(response.status()));
            return 1;
        }
        take_answer(options, *rows, start, *response, totals, terminal);
        terminal.show_progress(end, rows->size());
    }
    terminal.end();
    const nlohmann::ordered_json json = {{"stored", totals.stored},
                                         {"duplicates", totals.duplicates},
                                         {"rejected", totals.rejected}};
    std::printf("%s\n", json.dump().c_str());
    return totals.rejected == 0 ? 0 : 1;
}

}  // namespace

void add_import_command(CLI::App& app, int& exit_code) {
    auto options = std::make_shared<ImportOptions>();
    CLI::App* command = app.add_subcommand("import", "Bring register history in from a CSV file");
    command
        ->add_option(
            "file", options->file,
            "CSV: meter,time,register_wh or register_kwh (water: register_ml or register_m3)")
        ->required();
    command->add_option("--address", options->address, "gRPC address of the gateway, host:port")
        ->required();
    command->add_option("--token-file", options->token_file, "File that holds an admin's token")
        ->required();
    command->add_option("--timeout-s", options->timeout_s, "Time allowed for one request")
        ->check(CLI::Range(1, 600));
    command->callback([options, &exit_code] { exit_code = run_import(*options); });
}

}  // namespace prepay::metering
