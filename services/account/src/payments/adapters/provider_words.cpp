#include "payments/adapters/provider_words.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

namespace prepay::account {
namespace {

constexpr std::chrono::seconds kAgeMax = std::chrono::minutes(5);
constexpr std::size_t kDigitsMax = 11;  // Until the year 5138.

}  // namespace

std::string seconds_text(Instant time) { return std::to_string(to_micros(time) / 1'000'000); }

bool is_recent(const std::string& seconds, Instant now) {
    if (seconds.size() > kDigitsMax) {  // The difference must not overflow.
        return false;
    }
    std::int64_t signed_at = 0;
    const char* const last = seconds.data() + seconds.size();
    const auto [end, error] = std::from_chars(seconds.data(), last, signed_at);
    if (error != std::errc() || end != last || seconds.front() == '-') {
        return false;
    }
    const std::int64_t age = to_micros(now) / 1'000'000 - signed_at;
    return age <= kAgeMax.count() && age >= -kAgeMax.count();
}

std::string text_at(const nlohmann::json& json, const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool is_id(const std::string& text, std::size_t length_max) {
    return !text.empty() && text.size() <= length_max &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

}  // namespace prepay::account
