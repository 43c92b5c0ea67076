#include "support/child_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <stdexcept>
#include <thread>

#include "support/loopback.h"

namespace prepay::test {
namespace {

constexpr std::chrono::milliseconds kPollStep{10};

// Takes a name of this machine until the process ends; false when another process has it.
bool reserve(const std::string& name) {
    const int holder = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::ranges::copy(name, address.sun_path + 1);  // A zero first: abstract, no file.
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    if (bind(holder, reinterpret_cast<const sockaddr*>(&address), size) == 0) {
        return true;
    }
    close(holder);
    return false;
}

int decode_exit(int status) {
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& command, const std::string& log_path,
                           const std::map<std::string, std::string>& environment) {
    std::vector<char*> arguments;
    for (const std::string& word : command) {
        arguments.push_back(const_cast<char*>(word.c_str()));
    }
    arguments.push_back(nullptr);
    pid_ = fork();
    if (pid_ < 0) {
        throw std::runtime_error("fork failed");
    }
    if (pid_ == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, nullptr);
        const int log = open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        dup2(log, STDOUT_FILENO);
        dup2(log, STDERR_FILENO);
        for (const auto& [name, value] : environment) {
            setenv(name.c_str(), value.c_str(), 1);
        }
        execvp(arguments[0], arguments.data());
        _exit(127);
    }
}

ChildProcess::~ChildProcess() { kill(); }

bool ChildProcess::is_running() {
    if (pid_ <= 0) {
        return false;
    }
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) == pid_) {
        exit_code_ = decode_exit(status);
        pid_ = -1;
    }
    return pid_ > 0;
}

void ChildProcess::signal(int number) const {
    if (pid_ > 0) {
        ::kill(pid_, number);
    }
}

int ChildProcess::wait(std::chrono::milliseconds timeout) {
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    while (is_running() && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(kPollStep);
    }
    return pid_ > 0 ? -1 : exit_code_;
}

void ChildProcess::kill() {
    signal(SIGKILL);
    wait(std::chrono::seconds(10));
}

int free_port() {
    // Below what the kernel gives to outgoing connections and above the demo's. An abstract name
    // that is bound for the life of this process keeps other tests off a port not yet listened on.
    constexpr int kFirst = 20'000;
    constexpr int kCount = 7'000;
    static std::atomic<int> next{getpid() * 37};
    for (int tries = 0; tries < kCount; ++tries) {
        const int port = kFirst + next++ % kCount;
        if (!reserve("prepay-test-port-" + std::to_string(port))) {
            continue;
        }
        const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const int reuse = 1;
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof(reuse));
        const sockaddr_in address = loopback(port);
        const bool is_free =
            bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
        close(listener);
        if (is_free) {
            return port;
        }
    }
    throw std::runtime_error("no free port");
}

bool accepts_connections(int port) {
    const int client = socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in address = loopback(port);
    const bool accepted =
        connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
    close(client);
    return accepted;
}

}  // namespace prepay::test
