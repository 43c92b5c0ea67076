#pragma once

#include <string>
#include <utility>

#include "httplib.h"
#include "runtime/service.h"
#include "support/crash.h"
#include "support/until.h"

// A small service in a process of its own: a hidden test case that the test starts by its tag.
namespace prepay::test {

/// In that process: serves until it is ended, with the configuration that `config_variable` of the
/// environment names. Its exit code.
inline int serve(runtime::Program& program, const char* config_variable) {
    std::string name = "prepay-" + program.name;
    std::string option = "--config";
    std::string path = environment(config_variable);
    char* arguments[] = {name.data(), option.data(), path.data(), nullptr};
    return runtime::run_main(3, arguments, program);
}

/// Status and text of one of its pages; 0 when nobody answers.
inline std::pair<int, std::string> read_page(int http_port, const std::string& path) {
    httplib::Client http("127.0.0.1", http_port);
    const auto answer = http.Get(path);
    return answer ? std::make_pair(answer->status, answer->body) : std::make_pair(0, "");
}

}  // namespace prepay::test
