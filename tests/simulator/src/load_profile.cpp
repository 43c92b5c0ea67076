#include "load_profile.h"

#include <charconv>
#include <fstream>
#include <map>

namespace prepay::simulator {
namespace {

using std::chrono::floor;

constexpr std::size_t kCsvRowsMax = 8784;
constexpr std::int64_t kWattsMax = 10'000'000;

struct BuiltIn {
    std::vector<std::int64_t> hourly_w;
    int weekend_percent;
};

const std::map<std::string, BuiltIn>& built_in() {
    static const std::map<std::string, BuiltIn> profiles = {
        {"dormitory",
         {{90,  70,  60,  60,  60,  80,  180, 260, 140, 90,  90,  160,
           240, 160, 110, 100, 120, 200, 340, 420, 460, 440, 320, 160},
          130}},
        {"office",
         {{120,  110,  110,  110,  110,  120,  180, 600, 1900, 2400, 2500, 2300,
           1500, 2200, 2500, 2500, 2300, 1600, 800, 450, 300,  220,  160,  130},
          20}},
        {"tap",  // mL/h
         {{2000,  1000, 500,  500,  500,  3000,  14000, 22000, 16000, 8000,  6000,  10000,
           14000, 8000, 5000, 5000, 7000, 12000, 18000, 20000, 22000, 24000, 14000, 6000},
          130}},
        {"shop",
         {{300,  280,  280,  280,  280,  300,  420,  700,  1300, 1900, 2300, 2500,
           2500, 2400, 2300, 2300, 2400, 2600, 2800, 2800, 2500, 1700, 700,  350},
          115}},
        {"workshop",
         {{900,  850,   850,   850,   850,   1000,  2500, 7000, 14000, 16000, 16500, 15000,
           8000, 15500, 16500, 16000, 15000, 11000, 5000, 3000, 1800,  1200,  1000,  900},
          25}},
    };
    return profiles;
}

auto local(Instant time) { return time + kLocalOffset; }

Status bad_row(const std::string& path, int line, const std::string& what) {
    return invalid_argument("BAD_PROFILE", path + ":" + std::to_string(line) + ": " + what);
}

bool parse_number(std::string_view text, std::int64_t& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size();
}

Result<std::vector<std::int64_t>> read_csv(const std::string& path) {
    std::ifstream file(path);
    if (!file) {
        return invalid_argument("BAD_PROFILE", "no such load profile: '" + path +
                                                   "' (dormitory, office, shop, workshop, or the "
                                                   "path of a CSV with lines hour,watts)");
    }
    std::vector<std::int64_t> hourly_w;
    std::string row;
    for (int line = 1; std::getline(file, row); ++line) {
        if (!row.empty() && row.back() == '\r') {
            row.pop_back();
        }
        if (line == 1) {
            if (row != "hour,watts") {
                return bad_row(path, line, "the first line must be 'hour,watts'");
            }
            continue;
        }
        if (row.empty()) {
            continue;
        }
        const auto comma = row.find(',');
        std::int64_t hour = 0;
        std::int64_t watts = 0;
        if (comma == std::string::npos ||
            !parse_number(std::string_view(row).substr(0, comma), hour) ||
            !parse_number(std::string_view(row).substr(comma + 1), watts)) {
            return bad_row(path, line, "expected two whole numbers: hour,watts");
        }
        if (hour != static_cast<std::int64_t>(hourly_w.size()) || hourly_w.size() >= kCsvRowsMax) {
            return bad_row(path, line, "hours must run 0, 1, 2 … without gaps, at most 8784");
        }
        if (watts < 0 || watts > kWattsMax) {
            return bad_row(path, line, "watts must be 0 to 10000000");
        }
        hourly_w.push_back(watts);
    }
    if (hourly_w.size() < 24) {
        return bad_row(path, 1, "at least the 24 hours of a day are needed");
    }
    return hourly_w;
}

}  // namespace

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
    std::uint64_t value = a * 0x9E3779B97F4A7C15U + b;  // splitmix64
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9U;
    value = (value ^ value >> 27) * 0x94D049BB133111EBU;
    return value ^ value >> 31;
}

const std::vector<RateSlot>& rate_slots() {
    static const std::vector<RateSlot> slots = {{0, kValley}, {7, kFlat},   {8, kPeak},
                                                {11, kFlat},  {17, kPeak},  {19, kSharp},
                                                {21, kFlat},  {23, kValley}};
    return slots;
}

int rate_at(Instant time) {
    const auto at = local(time);
    const auto hour = floor<std::chrono::hours>(at - floor<std::chrono::days>(at)).count();
    int rate = kValley;
    for (const RateSlot& slot : rate_slots()) {
        if (hour >= slot.hour) {
            rate = slot.rate;
        }
    }
    return rate;
}

Instant next_load_step(Instant time) {
    using Step = std::chrono::duration<std::int64_t, std::ratio<300>>;
    static_assert(Step(1) == kLoadStep);
    return floor<Step>(time) + kLoadStep;
}

Result<std::shared_ptr<const LoadProfile>> LoadProfile::load(const std::string& name_or_path) {
    auto profile = std::make_shared<LoadProfile>();
    profile->name_ = name_or_path;
    if (const auto found = built_in().find(name_or_path); found != built_in().end()) {
        profile->hourly_w_ = found->second.hourly_w;
        profile->weekend_percent_ = found->second.weekend_percent;
        return std::shared_ptr<const LoadProfile>(profile);
    }
    PREPAY_ASSIGN_OR_RETURN(profile->hourly_w_, read_csv(name_or_path));
    profile->exact_ = true;
    return std::shared_ptr<const LoadProfile>(profile);
}

std::int64_t LoadProfile::watts(Instant time, std::uint64_t seed) const {
    const auto at = local(time);
    const auto day = floor<std::chrono::days>(at);
    // The minute at which the load step began: constant within the step.
    const std::int64_t minute = (at - day) / kLoadStep * kLoadStep.count();
    const auto hour = static_cast<std::size_t>(minute / 60);
    if (exact_) {
        if (hourly_w_.size() <= 24) {
            return hourly_w_[hour];
        }
        const std::chrono::year_month_day date(day);
        const auto new_year = std::chrono::sys_days(date.year() / std::chrono::January / 1);
        const auto day_of_year = static_cast<std::size_t>((day - new_year).count());
        return hourly_w_[(day_of_year * 24 + hour) % hourly_w_.size()];
    }
    const std::int64_t from = hourly_w_[hour];
    const std::int64_t to = hourly_w_[(hour + 1) % hourly_w_.size()];
    std::int64_t watts = from + (to - from) * (minute % 60) / 60;
    const auto weekday = std::chrono::weekday(day).c_encoding();
    if (weekday == 0 || weekday == 6) {
        watts = watts * weekend_percent_ / 100;
    }
    const auto step = static_cast<std::uint64_t>(time.time_since_epoch() / kLoadStep);
    watts = watts * (60 + static_cast<std::int64_t>(mix(seed, 0) % 81)) / 100;
    return watts * (85 + static_cast<std::int64_t>(mix(seed, step) % 31)) / 100;
}

}  // namespace prepay::simulator
