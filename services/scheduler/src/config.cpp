#include "config.h"

namespace prepay::scheduler {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

void read_config(config::Reader& reader, SchedulerConfig& config) {
    config.dispatch_thread_count =
        static_cast<int>(reader.integer("dispatch.thread_count", 2, 1, 32));
    config.dispatch.claim_max =
        static_cast<int>(reader.integer("dispatch.claim_max", 100, 1, 1000));
    config.dispatch.lease =
        reader.duration("dispatch.lease", seconds(60), seconds(15), minutes(10));
    config.dispatch.retry_min =
        reader.duration("dispatch.retry_min", seconds(1), milliseconds(10), minutes(1));
    config.dispatch.retry_max =
        reader.duration("dispatch.retry_max", seconds(30), milliseconds(10), minutes(10));
    // The gateway takes a not_after of at most 7 days ahead.
    config.command_ttl = reader.duration("command.ttl", minutes(30), minutes(1), hours(24));
    config.result_timeout =
        reader.duration("command.result_timeout", seconds(30), seconds(1), hours(1));
    config.resolve.again_after =
        reader.duration("command.ask_again_after", seconds(15), seconds(1), hours(1));
}

}  // namespace prepay::scheduler
