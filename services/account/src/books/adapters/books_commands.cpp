#include "books/adapters/books_commands.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "books/adapters/pg_journal.h"
#include "quantity/text.h"
#include "telemetry/log.h"

namespace prepay::account {
namespace {

// Runs an offline command on the configured database; the exit code.
int with_database(const runtime::Program& program, const std::string& config_path,
                  const std::function<Status(pg::Database&)>& work) {
    const auto config = runtime::load_config(program, config_path);
    if (!config.ok()) {
        std::fprintf(stderr, "%s\n", error_message(config.status()).c_str());
        return 1;
    }
    pg::Database database(config->second);
    const Status status = work(database);
    if (!status.ok()) {
        std::fprintf(stderr, "%s\n", telemetry::describe(status).c_str());
        return 1;
    }
    return 0;
}

// A full disk or a closed pipe is an error: half a journal must not look like a whole one.
Status print(const std::string& text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() ||
        std::fflush(stdout) != 0) {
        return unavailable("OUTPUT_FAILED",
                           "the output could not be written: " + std::string(std::strerror(errno)));
    }
    return absl::OkStatus();
}

Status print_check(pg::Database& database) {
    PREPAY_ASSIGN_OR_RETURN(const BooksCheck check, check_books(database));
    for (const std::string& difference : check.differences) {
        PREPAY_RETURN_IF_ERROR(print("DIFFERS  " + difference + "\n"));
    }
    PREPAY_RETURN_IF_ERROR(print(std::to_string(check.account_count) + " accounts, " +
                                 std::to_string(check.posting_count) + " postings, sum " +
                                 format_decimal(check.sum_micros, 6, 6) +
                                 " CNY: " + (check.is_good() ? "good\n" : "NOT GOOD\n")));
    return check.is_good()
               ? absl::OkStatus()
               : internal_error("BOOKS_DIFFER", "the books do not agree with their postings");
}

void add_offline_command(CLI::App& app, int& exit_code, const runtime::Program& program,
                         const std::string& name, const std::string& what,
                         std::function<Status(pg::Database&)> work) {
    auto* const command = app.add_subcommand(name, what);
    auto config_path = std::make_shared<std::string>();
    command->add_option("--config", *config_path, "Configuration file")->required();
    command->callback([&program, &exit_code, config_path, work = std::move(work)] {
        exit_code = with_database(program, *config_path, work);
    });
}

}  // namespace

void add_books_commands(CLI::App& app, int& exit_code, const runtime::Program& program) {
    add_offline_command(app, exit_code, program, "journal",
                        "Print the whole ledger as an hledger journal",
                        [](pg::Database& database) { return write_journal(database, print); });
    add_offline_command(app, exit_code, program, "check",
                        "Check that every balance is the sum of its postings, and all are zero "
                        "together",
                        print_check);
}

}  // namespace prepay::account
