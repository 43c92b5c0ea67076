#pragma once

#include <memory>

#include "core/time.h"
#include "transports/ports.h"

namespace prepay::metering {

class AsioLineLoop;

/// A TCP connection that carries the frames of each request's own protocol: requests are numbered
/// and a faulty reply is told apart by its fault. A read is pending all the time, so a closed peer
/// or bytes that nobody asked for close the connection at once; so does any time-out or fault, and
/// a late reply can never be taken for another's. A poll costs two system calls and a share of the
/// loop's wait.
class AsioTcpLine final : public LinePort {
public:
    AsioTcpLine(const LineConfig& config, const Clock& clock, AsioLineLoop& loop);
    ~AsioTcpLine() override;

    Task<Status> connect() override;
    void disconnect() override;
    [[nodiscard]] bool is_connected() const override;
    Task<WireReply> transact(const Request& request) override;

private:
    class Connection;

    LineConfig config_;
    const Clock& clock_;
    AsioLineLoop& loop_;
    std::shared_ptr<Connection> connection_;
    std::uint16_t transaction_ = 0;
};

}  // namespace prepay::metering
