#include "meters/app/read_error.h"

namespace prepay::metering {
namespace {

const char* exception_text(int code) {
    switch (code) {
        case 1:
            return "illegal function";
        case 2:
            return "illegal address";
        case 3:
            return "illegal value";
        case 4:
            return "device failure";
        case 5:
            return "acknowledged, not done yet";
        case 10:
            return "no path behind the serial server";
        case 11:
            return "no answer behind the serial server";
        default:
            return "of its own";
    }
}

std::string block_text(const PackBlock& block) {
    const std::string address = hex_text({static_cast<std::uint8_t>(block.address >> 8),
                                          static_cast<std::uint8_t>(block.address & 0xFF)});
    return "block of " + std::to_string(block.count) + " registers at " + address;
}

}  // namespace

std::string hex_text(const Bytes& bytes) {
    constexpr const char* kDigits = "0123456789ABCDEF";
    std::string text;
    for (const std::uint8_t byte : bytes) {
        text += text.empty() ? "" : " ";
        text += kDigits[byte >> 4];
        text += kDigits[byte & 0xF];
    }
    return text;
}

ReadError error_of(const WireReply& reply) {
    switch (reply.outcome) {
        case WireOutcome::kTimeout:
            return {"METER_SILENT", "the meter did not answer in time"};
        case WireOutcome::kBadFrame:
            return {"BAD_REPLY", std::string("the reply is no answer to the request: ") +
                                     fault_text(reply.reply.fault)};
        case WireOutcome::kDisconnected:
            return {"LINE_LOST", "the connection of the line broke"};
        case WireOutcome::kReply:
            break;
    }
    if (reply.reply.ok()) {
        return {};
    }
    if (reply.reply.exception_code == kBusyException) {
        return {"METER_BUSY", "the meter is busy (exception 6)"};
    }
    return {"METER_EXCEPTION", "the meter refused with exception " +
                                   std::to_string(reply.reply.exception_code) + ", " +
                                   exception_text(reply.reply.exception_code)};
}

Status read_status(const WireReply& reply, const PackBlock& block) {
    const ReadError error = error_of(reply);
    const std::string received =
        reply.received_bytes.empty() ? "nothing" : hex_text(reply.received_bytes);
    const std::string text = block_text(block) + ": " + error.text + "; sent " +
                             hex_text(reply.sent_bytes) + ", received " + received;
    if (reply.outcome == WireOutcome::kTimeout) {
        return make_error(absl::StatusCode::kDeadlineExceeded, error.kind, text);
    }
    if (reply.outcome == WireOutcome::kReply && reply.reply.exception_code != kBusyException) {
        return failed_precondition(error.kind, text);
    }
    return unavailable(error.kind, text);
}

bool is_worth_repeating(const WireReply& reply) {
    return reply.outcome != WireOutcome::kReply || reply.reply.exception_code == kBusyException;
}

}  // namespace prepay::metering
