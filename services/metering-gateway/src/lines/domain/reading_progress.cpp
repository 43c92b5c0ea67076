#include "lines/domain/reading_progress.h"

#include <algorithm>

namespace prepay::metering {

// What moved since the last look begins anew.
void ReadingProgress::count(Watched& watched, Time due, bool is_late, Span passed) const {
    watched.time = is_late && watched.due == due ? watched.time + passed : Span(0);
    watched.due = due;
}

void ReadingProgress::look(const std::vector<Line>& lines, std::optional<Time> spooled, Time now) {
    Span passed{0};
    if (last_look_ != Time{}) {
        passed = std::min(std::chrono::duration_cast<Span>(now - last_look_),
                          2 * options_.look_interval);
    }
    last_look_ = now;
    std::map<std::string, Watched> known;
    late_ = {};
    for (const Line& line : lines) {
        const auto before = lines_.find(line.line_id);
        Watched& watched = known[line.line_id];
        watched = before == lines_.end() ? Watched{} : before->second;
        count(watched, line.due, now > line.due, passed);
        if (watched.time > late_.time) {
            late_ = {line.line_id, watched.time};
        }
    }
    lines_ = std::move(known);
    count(spool_, spooled.value_or(Time{}), spooled.has_value(), passed);
}

}  // namespace prepay::metering
