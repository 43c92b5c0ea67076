#include <spawn.h>
#include <sys/wait.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "support/paths.h"
#include "wire.h"

using namespace prepay::simulator;
using namespace prepay::simulator::test;
using namespace std::chrono_literals;

namespace {

const std::string kProgram = std::string(prepay::test::binary_dir()) + "/bin/prepay-park-simulator";

/// The program with its output, both streams, in a pipe.
class Program {
public:
    explicit Program(std::vector<std::string> arguments) {
        int pipe[2] = {};
        REQUIRE(::pipe(pipe) == 0);
        arguments.insert(arguments.begin(), kProgram);
        std::vector<char*> argv;
        for (std::string& argument : arguments) {
            argv.push_back(argument.data());
        }
        argv.push_back(nullptr);
        posix_spawn_file_actions_t actions{};
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, pipe[1], 1);
        posix_spawn_file_actions_adddup2(&actions, pipe[1], 2);
        posix_spawn_file_actions_addclose(&actions, pipe[0]);
        posix_spawn_file_actions_addclose(&actions, pipe[1]);
        const int spawned =
            posix_spawn(&pid_, kProgram.c_str(), &actions, nullptr, argv.data(), environ);
        posix_spawn_file_actions_destroy(&actions);
        ::close(pipe[1]);
        output_ = ::fdopen(pipe[0], "r");
        REQUIRE(spawned == 0);
    }
    ~Program() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            end();
        }
        std::fclose(output_);
    }
    Program(const Program&) = delete;
    Program& operator=(const Program&) = delete;

    std::string line() {
        char text[1024] = {};
        return std::fgets(text, sizeof text, output_) != nullptr ? text : "";
    }
    void signal(int number) { ::kill(pid_, number); }
    /// Exit code; -1 = ended by a signal.
    int end() {
        int status = 0;
        ::waitpid(pid_, &status, 0);
        pid_ = 0;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

private:
    pid_t pid_ = 0;
    FILE* output_ = nullptr;
};

std::string park_file(const std::string& content) {
    const auto path = std::filesystem::temp_directory_path() /
                      ("prepay-park-" + std::to_string(getpid()) + ".yaml");
    std::ofstream(path) << content;
    return path;
}

}  // namespace

TEST_CASE("the program serves a park file and ends cleanly on SIGTERM and SIGINT") {
    const std::string link =
        std::filesystem::temp_directory_path() / ("prepay-serial-" + std::to_string(getpid()));
    const std::string path = park_file(
        "lines:\n  - {prefix: l, count: 3, port: 0}\n  - {id: s, pty: " + link +
        "}\nmeters:\n  - {prefix: m, count: 6, line: l1, per_line: 2, family: ADF400L_1P}\n");
    for (const int number : {SIGTERM, SIGINT}) {
        Program program({"--park", path, "--control", "127.0.0.1:0", "--speed", "7"});
        const std::string ready = program.line();
        CHECK_THAT(ready, Catch::Contains("6 meters on 4 lines, control on port ") &&
                              Catch::Contains("speed 7"));
        CHECK(std::filesystem::is_symlink(link));
        const auto port = ready.find("port ");
        REQUIRE(port != std::string::npos);
        CHECK(Wire(std::stoi(ready.substr(port + 5))).connected());
        program.signal(number);
        CHECK_THAT(program.line(), Catch::Contains("ended by"));
        CHECK(program.end() == 0);
        CHECK_FALSE(std::filesystem::is_symlink(link));
    }
    std::filesystem::remove(path);
}

TEST_CASE("the program refuses a bad park file with its line, opened or only checked") {
    const std::string path = park_file(
        "lines:\n  - {id: a, port: 0}\nmeters:\n  - {id: m, line: a, family: DDSY1352}\n"
        "  - {id: n, line: a, family: DDSY1352}\n");
    for (const auto* mode : {"--check-config", "--control=127.0.0.1:0"}) {
        Program program({mode, "--park", path});
        CHECK_THAT(program.line(), Catch::Contains(path + ":5: meter 'n': unit 1 of line 'a' is"));
        CHECK(program.end() == 1);
    }
    std::filesystem::remove(path);
}

TEST_CASE("an existing file is never replaced by a pty link") {
    const std::string path = park_file("keep me");
    const std::string park = park_file("") + ".park";
    std::ofstream(path) << "keep me";
    std::ofstream(park) << "lines:\n  - {id: s, pty: " << path << "}\n";
    Program program({"--park", park, "--control", "127.0.0.1:0"});
    CHECK_THAT(program.line(), Catch::Contains("exists and is not a symbolic link"));
    CHECK(program.end() == 1);
    std::string content;
    std::getline(std::ifstream(path), content);
    CHECK(content == "keep me");
    std::filesystem::remove(path);
    std::filesystem::remove(park);
}
