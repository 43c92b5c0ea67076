#include "lines/domain/reading_progress.h"

#include <algorithm>

namespace prepay::metering {

// What moved since the last look begins anew.
void ReadingProgress::count(Watched& watched, Time step, bool is_late, Span passed) {
    watched.time = is_late && watched.step == step ? watched.time + passed : Span(0);
    watched.step = step;
}

void ReadingProgress::look(const Seen& seen, Time now) {
    Span passed{0};
    if (last_look_ != Time{} && seen.is_store_up) {
        passed = std::min(std::chrono::duration_cast<Span>(now - last_look_),
                          2 * options_.look_interval);
    }
    last_look_ = now;
    bool has_moved = seen.last_call != last_call_ || seen.lines.size() != lines_.size();
    bool is_any_late = false;
    std::map<std::string, Watched> known;
    late_ = {};
    for (const Line& line : seen.lines) {
        const auto before = lines_.find(line.line_id);
        Watched& watched = known[line.line_id];
        watched = before == lines_.end() ? Watched{} : before->second;
        has_moved = has_moved || before == lines_.end() || watched.step != line.due;
        is_any_late = is_any_late || now > line.due;
        count(watched, line.due, now > line.due, passed);
        if (watched.time > late_.time) {
            late_ = {line.line_id, watched.time};
        }
    }
    lines_ = std::move(known);
    count(store_, seen.last_stored.value_or(Time{}), seen.last_stored.has_value(), passed);
    last_call_ = seen.last_call;
    standstill_ = is_any_late && !has_moved ? standstill_ + passed : Span(0);
}

}  // namespace prepay::metering
