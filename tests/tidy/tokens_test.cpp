#include <catch2/catch.hpp>
#include <set>

#include "source_tree.h"

using namespace prepay::tidy;

namespace {

using Chooser = std::function<bool(const SourceFile&)>;

std::vector<std::string> in_code(const Chooser& chosen, const std::string& pattern) {
    std::vector<std::string> found;
    for (const SourceFile& file : source_tree()) {
        if (file.is_code() && chosen(file)) {
            find_all(file, code_only(file.text), std::regex(pattern), found);
        }
    }
    return found;
}

bool is_ours(const SourceFile& file) {
    return file.in("libs/") || file.in("services/") || file.in("tests/");
}

bool is_domain(const SourceFile& file) {
    const std::optional<Room> room = room_of(file.path);
    return room && room->layer == "domain";
}

// A program's own text output: main.cpp, and the files of offline subcommands.
bool speaks_to_people(const SourceFile& file) {
    static const std::regex console("(main|_command|_commands|subcommands?|probe|cli)\\.cpp$");
    return std::regex_search(file.path, console) || file.in("tests/bench/");
}

}  // namespace

TEST_CASE("The scanner itself tells code from comments and literals") {
    const std::string text =
        "a(); // rand()\nb(\"rand()\"); /* rand() */ c('\"', 1'000, R\"x(rand()\" )x\"); d();\n";
    CHECK(code_only(text).find("rand") == std::string::npos);
    CHECK(code_only(text).find("d();") != std::string::npos);
    CHECK(literals_only(text).find("a()") == std::string::npos);
    std::vector<std::string> found;
    const SourceFile file{"x.cpp", "int a;\nint b = rand();\n"};
    find_all(file, code_only(file.text), std::regex("\\brand\\("), found);
    CHECK(found == std::vector<std::string>{"x.cpp:2: int b = rand();"});
}

TEST_CASE("No floating point beside money and energy") {
    require_none(
        in_code([](const SourceFile& file) { return file.in("libs/quantity/") || is_domain(file); },
                "\\b(float|double)\\b"),
        "Use Money, Quantity, Price or an integer with its unit in the name "
        "(ratio_ppm, voltage_mv):");
}

TEST_CASE("Time comes from Clock") {
    // gRPC takes its deadlines in system_clock only; they end up relative.
    static const std::regex grpc_deadline("deadline|Shutdown\\(");
    static const std::regex grpc_file("^(libs/rpc/|services/[^/]+/src/(.+/)?adapters/grpc_)");
    std::vector<std::string> found = in_code(
        [](const SourceFile& file) {
            return is_ours(file) && !file.in("libs/core/time.") && !file.in("tests/");
        },
        "system_clock::now|(^|[^A-Za-z0-9_.>])time\\s*\\(\\s*(nullptr|NULL|0|&)|"
        "\\bgettimeofday\\b|\\bCLOCK_REALTIME\\b");
    std::erase_if(found, [](const std::string& place) {
        return std::regex_search(place, grpc_file) && std::regex_search(place, grpc_deadline);
    });
    require_none(found, "Take `const Clock&` and ask clock.now(), or clock.steady() for spans:");
}

TEST_CASE("Randomness is seeded and named") {
    require_none(in_code(is_ours, "(^|[^A-Za-z0-9_.>])s?rand\\s*\\("),
                 "Use <random> with a seed a test can print, or core/ids.h:");
}

TEST_CASE("The environment is read by the configuration only") {
    require_none(in_code(
                     [](const SourceFile& file) {
                         return is_ours(file) && !file.in("libs/config/") &&
                                !file.in("libs/core/crash_point.") && !file.in("tests/");
                     },
                     "\\b(secure_)?getenv\\b"),
                 "Ask config::Reader for a key; PREPAY_<SERVICE>__<KEY> overrides it:");
}

TEST_CASE("Services log, programs print") {
    require_none(in_code(
                     [](const SourceFile& file) {
                         return is_ours(file) && !speaks_to_people(file) && !file.in("tests/");
                     },
                     "\\bstd::cout\\b|(^|[^A-Za-z0-9_])printf\\s*\\("),
                 "Log through telemetry/log.h, or move the output to main.cpp or a *_command.cpp:");
}

TEST_CASE("Tests wait for events, not for time") {
    // Harnesses that look at other processes poll for a condition with a deadline; tests do not.
    static const std::regex harness("^tests/(simulator/src|support|bench|e2e)/");
    require_none(
        in_code(
            [](const SourceFile& file) {
                return file.in("tests/") &&
                       (file.path.ends_with("_test.cpp") || !std::regex_search(file.path, harness));
            },
            "\\bsleep_(for|until)\\b|\\b(u|nano)?sleep\\s*\\("),
        "Wait on a condition variable, a stream, or a helper of the harness that polls for a "
        "condition with a deadline:");
}

TEST_CASE("Every thread is joined") {
    std::vector<std::string> found = in_code(is_ours, "(\\.|->)detach\\s*\\(\\s*\\)");
    // The server's stream threads come and go by the hundred: it counts them, and stop() waits.
    std::erase_if(found, [](const std::string& place) {
        return place.starts_with("libs/rpc/server.cpp:") &&
               place.find("waited for by stop()") != std::string::npos;
    });
    require_none(found, "Keep a std::jthread, or Service::spawn:");
}

TEST_CASE("SQL is written in adapters/pg_*") {
    static const std::regex pg("^services/[^/]+/src/(.+/)?adapters/pg_[^/]+$");
    std::vector<std::string> found;
    const std::regex sql(
        "\\b(SELECT\\s.+\\sFROM|INSERT INTO\\s|DELETE FROM\\s|UPDATE\\s+\\w+.*\\sSET|"
        "CREATE TABLE|ON CONFLICT|pg_advisory)");
    for (const SourceFile& file : source_tree()) {
        if (file.is_code() && file.in("services/") && !std::regex_search(file.path, pg)) {
            find_all(file, literals_only(file.text), sql, found);
        }
    }
    require_none(found, "Move the statement behind a function of an adapters/pg_*.cpp:");
}

TEST_CASE("A row is read by the names of its columns") {
    static const std::regex access(R"((\brow\[(?!")|\[[^\]"]*\]\s*\.(as<|is_null\(|c_str\()))");
    std::vector<std::string> found;
    for (const SourceFile& file : source_tree()) {
        if (!file.is_code() || !(file.in("services/") || file.in("libs/"))) {
            continue;
        }
        if (file.text.find("pqxx") != std::string::npos ||
            file.path.find("/adapters/pg_") != std::string::npos) {
            find_all(file, code_only(file.text), access, found);
        }
    }
    require_none(found,
                 "Ask pg::Row for a column by name (name expressions with AS), or pg::only for the "
                 "value of a single column:");
}

TEST_CASE("A time is read from the database by pg::micros") {
    // In SQL a product with a million makes microseconds of `extract(epoch from …)`, which may
    // stand on the line before.
    const std::regex by_hand(R"(\*\s*(1000000|1e6)\b)");
    std::vector<std::string> found;
    const SourceFile file{"x.cpp",
                          "q(\"(extract(epoch from x)\"\n  \" * 1000000)::bigint\"); a * 1000000;"};
    find_all(file, literals_only(file.text), by_hand, found);
    CHECK(found.size() == 1);
    found.clear();
    for (const SourceFile& source : source_tree()) {
        if (source.is_code() && (source.in("services/") || source.in("libs/")) &&
            !source.in("libs/pg/")) {
            find_all(source, literals_only(source.text), by_hand, found);
        }
    }
    require_none(found,
                 "Write `\"SELECT \" + pg::micros(\"post_time\") + \" AS post_micros\"`, and read "
                 "row.time(\"post_micros\"):");
}

TEST_CASE("What is left to do has an issue") {
    // Put together here so that this file does not find itself.
    const std::string words = std::string("\\b(TO") + "DO|FIX" + "ME|X" + "XX)\\b";
    const std::regex loose(words + "(?!\\(#[0-9]+\\))");
    std::vector<std::string> found;
    for (const SourceFile& file : source_tree()) {
        const bool looked_at = is_ours(file) || file.in("deploy/") || file.in("proto/") ||
                               file.in("web/src/") || file.in("cmake/");
        // Telephone numbers and date patterns are written with these letters in literals.
        if (looked_at && !file.path.ends_with("tokens_test.cpp")) {
            find_all(file, file.text, loose, found);
        }
    }
    require_none(found,
                 "Do it, or write TO"
                 "DO(#issue):");
}

TEST_CASE("No path of one machine") {
    const std::regex paths(std::string("(^|[^A-Za-z0-9_.])(/wo") + "rk/|/fa" + "rm/|/tmp/bash" +
                           "_jobs)");
    std::vector<std::string> found;
    for (const SourceFile& file : source_tree()) {
        find_all(file, file.text, paths, found);
    }
    require_none(found, "Name the path relative to the tree, or take it from the configuration:");
}
