#include "golden.h"
#include "support/paths.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace prepay::contract {
namespace {

std::string first_difference(const std::string& expected, const std::string& actual) {
    std::istringstream left(expected);
    std::istringstream right(actual);
    std::string left_line;
    std::string right_line;
    for (int number = 1;; ++number) {
        const bool has_left = static_cast<bool>(std::getline(left, left_line));
        const bool has_right = static_cast<bool>(std::getline(right, right_line));
        if (has_left != has_right || left_line != right_line) {
            return "line " + std::to_string(number) +
                   "\n  golden: " + (has_left ? left_line : "(end)") +
                   "\n  now:    " + (has_right ? right_line : "(end)");
        }
    }
}

}  // namespace

void check_golden(const std::string& name, const std::string& text) {
    const std::filesystem::path path =
        std::filesystem::path(prepay::test::source_dir()) / "tests/contract/golden" / name;
    const char* update = std::getenv("PREPAY_UPDATE_GOLDEN");
    if (update != nullptr && std::string(update) == "1") {
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary) << text;
        WARN("wrote " << path.string());
        return;
    }
    std::ifstream stream(path, std::ios::binary);
    std::ostringstream golden;
    golden << stream.rdbuf();
    if (golden.str() == text) {
        SUCCEED();
        return;
    }
    FAIL("tests/contract/golden/" << name << " differs at " << first_difference(golden.str(), text)
                                  << "\nIf the change is wanted and compatible:\n"
                                     "  PREPAY_UPDATE_GOLDEN=1 ctest --test-dir build/release -L "
                                     "contract\nand commit the file.");
}

}  // namespace prepay::contract
