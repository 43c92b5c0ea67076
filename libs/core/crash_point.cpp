#include "core/crash_point.h"

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <string>

namespace prepay {
namespace {

struct Target {
    std::string name;
    std::atomic<int> passes_left{0};
};

Target* load_target() {
    const char* value = std::getenv("PREPAY_CRASH_POINT");
    if (value == nullptr || *value == '\0') {
        return nullptr;
    }
    static Target target;
    const std::string text = value;
    const auto colon = text.find(':');
    target.name = text.substr(0, colon);
    target.passes_left = colon == std::string::npos ? 1 : std::atoi(text.c_str() + colon + 1);
    return &target;
}

}  // namespace

void crash_point(const char* name) {
    static Target* const target = load_target();
    if (target == nullptr || target->name != name) {
        return;
    }
    if (--target->passes_left == 0) {
        std::raise(SIGKILL);
    }
}

}  // namespace prepay
