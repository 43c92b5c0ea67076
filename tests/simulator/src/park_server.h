#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "frame_log.h"
#include "line_server.h"
#include "park.h"

namespace prepay::simulator {

/// The park with its lines open, on one I/O thread of its own. `run` is the only way in, from any
/// thread but that one.
class ParkServer {
public:
    ParkServer(const Clock& clock, std::size_t frames_max);
    /// Ends the thread and closes all lines.
    ~ParkServer();
    ParkServer(const ParkServer&) = delete;
    ParkServer& operator=(const ParkServer&) = delete;

    /// Runs `work(ParkServer&)` on the I/O thread and returns what it returns.
    template <typename Work>
    auto run(Work work) {
        std::packaged_task<decltype(work(*this))()> task([this, &work] { return work(*this); });
        auto result = task.get_future();
        boost::asio::post(io_, [&task] { task(); });
        return result.get();
    }

    FrameLog& frames() { return frames_; }

    // Inside `run` only.
    Park& park() { return park_; }
    /// Opens the lines and tells the ports in use. All or none; reasons of Park::check_line and
    /// LINE_NOT_OPENED.
    Result<std::vector<LineSpec>> add_lines(const std::vector<LineSpec>& specs);
    /// As Park::set_faults; a REBOOT drops the masters.
    Status set_line_faults(Line& line, const std::vector<Fault>& faults);

private:
    boost::asio::io_context io_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    Park park_;
    FrameLog frames_;
    std::map<std::string, std::unique_ptr<LineServer>> servers_;
    std::thread thread_;
};

}  // namespace prepay::simulator
