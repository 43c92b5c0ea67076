#include "lines/domain/reading_progress.h"

#include <algorithm>

namespace prepay::metering {

// What moved since the last look begins anew.
void ReadingProgress::count(Watched& watched, Time step, bool is_late, Span passed) {
    watched.time = is_late && watched.step == step ? watched.time + passed : Span(0);
    watched.step = step;
}

void ReadingProgress::look(const std::vector<Line>& lines, std::optional<Time> last_stored,
                           bool is_store_up, Time now) {
    Span passed{0};
    if (last_look_ != Time{} && is_store_up) {
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
    count(store_, last_stored.value_or(Time{}), last_stored.has_value(), passed);
}

}  // namespace prepay::metering
