#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/status.h"
#include "domain/command.h"
#include "domain/modbus_frame.h"
#include "domain/model.h"

namespace prepay::metering {

enum class WireOutcome {
    kReply,         ///< A well-formed reply, perhaps an exception.
    kTimeout,       ///< Nothing, or not enough, within the response time.
    kBadFrame,      ///< Bytes that are no reply to this request.
    kDisconnected,  ///< The connection broke.
};

/// One request and what came back.
struct WireReply {
    WireOutcome outcome = WireOutcome::kTimeout;
    Reply reply;
    bool sent = false;  ///< Whether all bytes of the request were handed to the wire.
    Instant sent_time{};
    Bytes sent_bytes;
    Instant received_time{};
    Bytes received_bytes;
};

/// The wire of one line: one request in flight. Used by the line's owner thread only. After
/// anything but kReply the adapter has drained the line, or closed it, so that no late byte can
/// meet the next request.
class LinePort {
public:
    virtual ~LinePort() = default;
    /// Reasons LINE_UNREACHABLE, LINE_ADDRESS_INVALID, DESCRIPTOR_LIMIT.
    virtual Status connect() = 0;
    virtual void disconnect() = 0;
    [[nodiscard]] virtual bool is_connected() const = 0;
    virtual WireReply transact(int unit, const Bytes& request_pdu) = 0;
};
using LinePortFactory = std::function<std::unique_ptr<LinePort>(const LineConfig&)>;

/// What one sweep of a line brings, stored and published in one transaction.
struct LineBatch {
    std::string line_id;
    std::vector<Reading> readings;
    std::vector<MeterStateChange> state_changes;
    std::vector<RejectedReading> rejected;
    [[nodiscard]] bool empty() const {
        return readings.empty() && state_changes.empty() && rejected.empty();
    }
};

/// Where sweeps go. UNAVAILABLE = try again with the same batches; writing a batch twice changes
/// nothing.
class BatchStore {
public:
    virtual ~BatchStore() = default;
    virtual Status write(const std::vector<LineBatch>& batches) = 0;
};

/// The rows of commands as their line changes them.
class CommandStore {
public:
    virtual ~CommandStore() = default;
    /// Records attempt `command.attempt_count` before its first byte is sent, and publishes it.
    /// Reasons COMMAND_CLOSED (cancelled meanwhile), COMMAND_NOT_STORED (its row is not visible
    /// yet), DATABASE_UNAVAILABLE.
    virtual Status mark_sending(const Command& command) = 0;
    /// Stores the final state with values and frames, and publishes it. Storing it twice changes
    /// nothing.
    virtual Status finish(const Command& command) = 0;
};

enum class ClaimOutcome { kGranted, kDenied, kUnanswered };

/// Asks account, under the account's lock, whether a switch intent still holds.
class IntentClaims {
public:
    virtual ~IntentClaims() = default;
    virtual ClaimOutcome claim(const std::string& intent_id) = 0;
};

}  // namespace prepay::metering
