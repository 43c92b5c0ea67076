#include "park_server.h"

#include <set>

namespace prepay::simulator {

ParkServer::ParkServer(const Clock& clock, std::size_t frames_max)
    : io_(1),
      work_(boost::asio::make_work_guard(io_)),
      park_(clock),
      frames_(frames_max),
      thread_([this] { io_.run(); }) {}

ParkServer::~ParkServer() {
    frames_.close();
    io_.stop();
    thread_.join();
}

Result<std::vector<LineSpec>> ParkServer::add_lines(const std::vector<LineSpec>& specs) {
    std::set<std::string> ids;
    for (const LineSpec& spec : specs) {
        PREPAY_RETURN_IF_ERROR(park_.check_line(spec));
        if (!ids.insert(spec.line_id).second) {
            return already_exists("LINE_EXISTS", "line '" + spec.line_id + "' is given twice");
        }
    }
    std::vector<LineSpec> opened;
    for (const LineSpec& spec : specs) {
        Line& line = park_.add_line(spec);
        auto server = std::make_unique<LineServer>(io_, park_, line, frames_);
        const Status status = server->open();
        if (!status.ok()) {
            server.reset();
            park_.remove_line(spec.line_id);
            for (const LineSpec& done : opened) {
                servers_.erase(done.line_id);
                park_.remove_line(done.line_id);
            }
            return status;
        }
        servers_[spec.line_id] = std::move(server);
        opened.push_back(line.spec);
    }
    for (const LineSpec& done : opened) {
        servers_.at(done.line_id)->start();
    }
    return opened;
}

Status ParkServer::set_line_faults(Line& line, const std::vector<Fault>& faults) {
    PREPAY_RETURN_IF_ERROR(park_.set_faults(line, faults));
    if (line.faults.reboot().count() > 0) {
        servers_.at(line.spec.line_id)->drop_connections();
    }
    return absl::OkStatus();
}

}  // namespace prepay::simulator
